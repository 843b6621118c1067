"""A surge while an engineer works through it: no key press is lost, no row jumps, nothing is missed or comes twice."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.demo.tenant import running
from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, SEED, Desk

PAGES = 120
"""Tickets that are there before: a list of less than a page has no room to hold its lines still."""

CURSOR = "5fafd7"
"""The background of the cursor's line in the dark theme."""


class Exports(threading.Thread):
    """An export that grows by so many tickets a second, as a file source sees it."""

    def __init__(self, path: Path, rate: int, seconds: float) -> None:
        super().__init__(name="exports", daemon=True)
        self._path = path
        self._rate = rate
        self.total = PAGES + int(rate * seconds)
        self.written = 0
        self._write(PAGES)

    @property
    def keys(self) -> list[str]:
        """The numbers of all tickets that it holds in the end."""
        return [f"EXP{number:06}" for number in range(self.total)]

    def run(self) -> None:
        begun = time.monotonic()
        while self.written < self.total:
            self._write(min(self.total, PAGES + int((time.monotonic() - begun) * self._rate) + 1))
            time.sleep(0.2)

    def _write(self, until: int) -> None:
        with self._path.open("a", encoding="utf-8") as export:
            export.write("".join(self._line(number) for number in range(self.written, until)))
        self.written = until

    @staticmethod
    def _line(number: int) -> str:
        opened = datetime.now(UTC) - timedelta(minutes=number % 50)
        fields = {
            "number": f"EXP{number:06}",
            "title": "BitLocker recovery",
            "body": f"Key ID {number:08X}, after KB5083769",
            "caller": f"user{number}@demo.example",
            "device": f"DEMO-X-{number:05}",
            "state": "new",
            "priority": str(1 + number % 5),
            "opened": opened.isoformat(),
            "updated": opened.isoformat(),
        }
        return json.dumps(fields) + "\n"


@contextmanager
def surging(directory: Path) -> Iterator[tuple[Desk, Path]]:
    """A desk with the demo's ticket server and a folder of exports."""
    exports = directory / "exports"
    exports.mkdir()
    with running("--seed", str(SEED), "--size", "60", "--speed", "0.0001") as tenant:
        config = directory / "config.toml"
        more = f'\n[[tickets]]\nprofile = "file"\npath = "{exports}"\npoll_seconds = 0.5\n'
        config.write_text(tenant.config.read_text(encoding="utf-8") + more, encoding="utf-8")
        yield Desk(tenant, config, directory / "state"), exports / "tonight.jsonl"


def cursor_line(terminal: Terminal) -> tuple[int, str]:
    """The line of the cursor and the ticket that stands there; -1 between two frames."""
    for y, text in enumerate(terminal.text()):
        if terminal.cell(8, y).bg == CURSOR:
            return y, text[9:20].strip()
    return -1, ""


def work_through(terminal: Terminal, seconds: float) -> int:
    """Move down and up until the time is over; every press moves the cursor by one line, and nothing else does."""
    until, moves = time.monotonic() + seconds, 0
    terminal.wait_until(lambda: cursor_line(terminal)[0] >= 0)
    while time.monotonic() < until:
        y, ticket = cursor_line(terminal)
        step = 1 if moves % 20 < 10 else -1
        terminal.press("j" if step == 1 else "k")
        terminal.wait_until(lambda: cursor_line(terminal)[0] == y + step and cursor_line(terminal)[1] != ticket)  # noqa: B023
        moves += 1
        here = cursor_line(terminal)
        time.sleep(0.15)
        assert cursor_line(terminal) == here, "the row under the hand has moved"
    return moves


def engineer_meets(directory: Path, rate: int, seconds: float) -> None:
    with surging(directory) as (desk, export):
        exports = Exports(export, rate, seconds)
        argv, env = [*RESEAL, "--config", str(desk.config)], {"RESEAL_STATE": str(desk.state)}
        with Terminal(argv, env, columns=160, rows=40) as terminal:
            terminal.wait_until(f"{PAGES + 12} open", 30)
            exports.start()
            desk.tenant.hand("advance", "POST", {"seconds": 2000})
            moves = work_through(terminal, seconds)
            exports.join(seconds + 30)
            assert moves > 2 * seconds
            terminal.press("/")
            terminal.wait_until("filter: words")
            terminal.type(f"EXP{exports.total - 1:06}")
            terminal.wait_until(lambda: f"EXP{exports.total - 1:06}" in terminal.frame().split("DEMO-X")[0], 30)
            terminal.press("enter")
            terminal.wait_until(f"{exports.total + 60} open", 30)
            terminal.press("q")
            terminal.wait_until(lambda: not terminal.alive, 15)
        listed = [each["id"] for each in json.loads(desk.run("queue", "--json").stdout)["incidents"]]
        assert len(listed) == len(set(listed)) == exports.total + 60


def test_an_engineer_works_through_a_short_surge(tmp_path: Path) -> None:
    engineer_meets(tmp_path, rate=50, seconds=4)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_an_engineer_works_through_a_minute_of_fifty_tickets_a_second(tmp_path: Path) -> None:
    engineer_meets(tmp_path, rate=50, seconds=60)
