"""A surge of fifty tickets a second into a real Request Tracker and a file source, and an engineer at the keyboard.

Over REST, Request Tracker takes no more than a few tickets a second on two cores. So callers come in by its own API, in
a process beside its web server; the console reads them over REST 2 as ever.
"""

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.demo.tenant import running
from tests.real.desks import opened
from tests.real.request_tracker import RequestTracker
from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, SEED, Desk
from tests.terminal.test_surge import PAGES, Exports, cursor_line, work_through

NOTE = "the surge test was here"
SOURCES = """
[[tickets]]
profile = "rt"
url = "{url}"
token_env = "RT_TOKEN"
poll_seconds = 5

[[tickets]]
profile = "file"
path = "{exports}"
poll_seconds = 0.5
"""


class Callers(threading.Thread):
    """So many tickets come into Request Tracker, and no more than that a second; see `rt_callers.pl`."""

    def __init__(self, rt: RequestTracker, rate: int, total: int, *, beforehand: bool = False) -> None:
        super().__init__(name="callers", daemon=True)
        script = str(Path(__file__).with_name("rt_callers.pl"))
        command = ["perl", script, str(rate), str(total), *(["beforehand"] if beforehand else [])]
        env = {**os.environ, **rt.server.environment}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True)
        self.keys: list[str] = []
        self.seconds = 0.0
        if beforehand:
            assert self._process.stdout is not None
            assert self._process.stdout.readline() == "ready\n"

    def run(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("now\n")
            process.stdin.flush()
            begun = time.monotonic()
            self.keys += [line.strip() for line in process.stdout]
            self.seconds = time.monotonic() - begun


def engineer_meets(rt: RequestTracker, directory: Path, rates: tuple[int, int], seconds: float) -> None:
    """So many tickets a second into Request Tracker and into the exports, and an engineer who works all the time."""
    folder = directory / "exports"
    folder.mkdir()
    before = rt.create("there before", "Key ID 0000ABCD", "LT-0001")
    exports = Exports(folder / "tonight.jsonl", rates[1], seconds)
    callers = Callers(rt, rates[0], int(rates[0] * seconds), beforehand=True)
    with running("--seed", str(SEED), "--size", "5", "--speed", "0.0001") as tenant:
        graph = tenant.config.read_text(encoding="utf-8").partition("[[tickets]]")[0]
        config = directory / "config.toml"
        config.write_text(graph + SOURCES.format(url=rt.url, exports=folder), encoding="utf-8")
        desk = Desk(tenant, config, directory / "state")
        env = {"RESEAL_STATE": str(desk.state), "RT_TOKEN": rt.key_of("first.engineer")}
        with Terminal([*RESEAL, "--config", str(config)], env, columns=160, rows=40) as terminal:
            terminal.wait_until(f"{len(rt.open_keys()) + PAGES} open", 60)
            exports.start()
            callers.start()
            moves = work_through(terminal, seconds / 2)
            write_note(terminal, before)
            moves += work_through(terminal, seconds / 2)
            exports.join(60)
            callers.join(240)
            ended = time.monotonic()
            there = rt.open_keys()
            terminal.wait_until(f"{len(there) + exports.total} open", 120)
            behind = time.monotonic() - ended
            terminal.press("q")
            terminal.wait_until(lambda: not terminal.alive, 20)
        listed = queue_of(desk, env)
    print(
        f"{len(callers.keys)} tickets into Request Tracker in {callers.seconds:.1f} s, {exports.total - PAGES} into "
        f"exports, {moves} moves; the queue held all {behind:.1f} s later"
    )
    assert moves > seconds
    assert len(callers.keys) == int(rates[0] * seconds)
    assert there >= {before, *callers.keys}
    assert sorted(listed) == sorted([*(f"rt:{key}" for key in there), *(f"file:{key}" for key in exports.keys)])
    assert sum(NOTE in each for each in rt.notes(before)) == 1


def write_note(terminal: Terminal, key: str) -> None:
    """Find a ticket in the middle of it all, write on it, and go back to the whole queue."""
    terminal.type("/there before\r")
    terminal.wait_until("Ticket " + key, 60)
    terminal.press("n")
    terminal.wait_until("Work note", 30)
    terminal.type(f"{NOTE}\r")
    terminal.wait_until("Noted on 1 of 1", 60)
    terminal.press("escape")
    terminal.wait_until(lambda: cursor_line(terminal)[1] == key and "EXP0" in terminal.frame())
    terminal.press("home")
    terminal.wait_until(lambda: cursor_line(terminal)[1] not in ("", key))


def queue_of(desk: Desk, env: Mapping[str, str]) -> list[str]:
    """The queue's tickets as the console left it, read with the engineer's credential."""
    command = [*RESEAL, "--config", str(desk.config), "queue", "--json"]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=True)
    return [each["id"] for each in json.loads(done.stdout)["incidents"]]


async def test_tickets_that_come_while_the_list_is_read_are_all_read_with_their_texts(rt: RequestTracker) -> None:
    callers = Callers(rt, 30, 60)
    async with opened(rt) as source:
        watermark, texts = (await source.changed_since("")).watermark, dict[str, str]()
        callers.start()
        last = False
        while not last:
            last = not callers.is_alive()
            batch = await source.changed_since(watermark)
            watermark = batch.watermark
            texts |= {each.key: each.body for each in batch.tickets}
            # As the console waits between two polls: what comes meanwhile is what a wrong watermark would miss.
            await asyncio.sleep(1.2)
    assert len(callers.keys) == 60
    assert {key: texts.get(key) for key in callers.keys} == {
        key: f"Key ID {number:08X}" for number, key in enumerate(callers.keys)
    }


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_minute_of_a_surge_with_request_tracker(rt_as_shipped: RequestTracker, tmp_path: Path) -> None:
    engineer_meets(rt_as_shipped, tmp_path, rates=(50, 10), seconds=60)
