"""A surge into a real Request Tracker beside a file source, and an engineer at the keyboard.

Request Tracker itself takes a few tickets a second over REST on two cores; it is given what it takes, and the exports
make up the rest of the fifty a second.
"""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from tests.demo.tenant import running
from tests.real.request_tracker import RequestTracker
from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, SEED, Desk
from tests.terminal.test_surge import PAGES, Exports, work_through

SECONDS = 60.0
NOTE = "the surge test was here"


class Callers(threading.Thread):
    """Opens tickets in Request Tracker, as fast as it takes them."""

    def __init__(self, rt: RequestTracker) -> None:
        super().__init__(name="callers", daemon=True)
        self._rt = rt
        self.keys: list[str] = []

    def run(self) -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            number = len(self.keys)
            self.keys.append(self._rt.create(f"BitLocker {number}", f"Key ID {number:08X}", f"LT-{number:04}"))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_minute_of_a_surge_with_request_tracker(rt: RequestTracker, tmp_path: Path) -> None:
    exports_path = tmp_path / "exports"
    exports_path.mkdir()
    before = rt.create("there before", "Key ID 0000ABCD", "LT-0001")
    with running("--seed", str(SEED), "--size", "5", "--speed", "0.0001") as tenant:
        graph = tenant.config.read_text(encoding="utf-8").partition("[[tickets]]")[0]
        sources = f"""
[[tickets]]
profile = "rt"
url = "{rt.url}"
token_env = "RT_TOKEN"
poll_seconds = 2

[[tickets]]
profile = "file"
path = "{exports_path}"
poll_seconds = 0.5
"""
        config = tmp_path / "config.toml"
        config.write_text(graph + sources, encoding="utf-8")
        desk = Desk(tenant, config, tmp_path / "state")
        exports, callers = Exports(exports_path / "tonight.jsonl", 50, SECONDS), Callers(rt)
        token = rt.key_of("first.engineer")
        env = {"RESEAL_STATE": str(desk.state), "RT_TOKEN": token}
        with Terminal([*RESEAL, "--config", str(config)], env, columns=160, rows=40) as terminal:
            terminal.wait_until(" mine", 60)
            terminal.wait_until(lambda: f"{PAGES + 1} open" in terminal.frame() or "open" in terminal.frame(), 60)
            exports.start()
            callers.start()
            moves = work_through(terminal, SECONDS)
            exports.join(60)
            callers.join(60)
            assert moves > SECONDS
            terminal.type("/there before\r")
            terminal.wait_until("Ticket " + before, 60)
            terminal.press("n")
            terminal.wait_until("Work note", 30)
            terminal.type(f"{NOTE}\r")
            terminal.wait_until("Noted on 1 of 1", 60)
            terminal.press("escape")
            terminal.wait_until(lambda: " open" in terminal.frame())
            known = len(json.loads(desk_queue(desk, token))["incidents"])
            terminal.wait_until(f"{known} open", 120)
            terminal.press("q")
            terminal.wait_until(lambda: not terminal.alive, 20)
        listed = [each["id"] for each in json.loads(desk_queue(desk, token))["incidents"]]
    assert len(listed) == len(set(listed))
    assert {each for each in listed if each.startswith("rt:")} >= {f"rt:{key}" for key in (before, *callers.keys)}
    assert sum(each.startswith("file:") for each in listed) == exports.total
    assert sum(NOTE in each for each in rt.notes(before)) == 1
    print(f"{len(callers.keys)} tickets from Request Tracker, {exports.total} from exports, {moves} moves")


def desk_queue(desk: Desk, token: str) -> str:
    """The queue as JSON, read with the engineer's credential."""
    os.environ["RT_TOKEN"] = token
    try:
        return desk.run("queue", "--json").stdout
    finally:
        del os.environ["RT_TOKEN"]
