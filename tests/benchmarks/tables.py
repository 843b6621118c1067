"""Load, filter and sort of 100,000 incidents beside Textual's DataTable and textual-fastdatatable (group `bench`).

From a key to the line that it puts on the screen, on a pseudo-terminal of 50 rows and 200 columns. Filter and sort are
the real console's; the load is from the same cache for all, its reading included.
"""

import importlib.util
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import Row
from tests.benchmarks.cached_queue import COUNT, keep_cached
from tests.benchmarks.console import ROOT, SOURCE, console, settle
from tests.benchmarks.queue import quiet
from tests.support.terminal import Terminal

TYPED = "42173"
"""The first incident with these digits, and with each beginning of them, is the one of that number."""

FIRST, SECOND = 2, 3
"""Lines of the first two rows, under a line of words and the table's heads."""

BY_DEVICE = 5000
"""Second by device: `cached_queue` has as many devices."""

ROUNDS = {"ours": 3, "data": 1, "fast": 3}
PEERS = {"data": "DataTable", "fast": "textual-fastdatatable"}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: from the cache to the painted table, the same without what it takes to read, a letter each, a sort."""

    load: float
    paint: float
    letters: tuple[float, ...]
    sort: float


def run() -> list[Row]:
    """Three rows a peer."""
    with TemporaryDirectory() as name:
        cache = Path(name)
        keep_cached(cache, SOURCE)
        ours = _ours(cache)
        peers = {design: _peer(design, cache) for design in PEERS if design != "fast" or _has_fast()}
    return [row for design, name in PEERS.items() for row in _rows(name, ours, peers.get(design))]


def _rows(peer: str, ours: Times, theirs: Times | None) -> list[Row]:
    names = [f"table: {what} of {COUNT:,}, against {peer}" for what in ("load", "filter, all letters", "sort")]
    if theirs is None:
        why = f"{peer} is not installed (uv sync --group bench)"
        return [Row(name, None, 1.0, why) for name in names]
    load = f"{ours.load:.2f} s, {theirs.load:.2f} s; of it after reading {ours.paint:.2f}, {theirs.paint:.2f}"
    letters = "; ".join(" ".join(f"{1000 * letter:.0f}" for letter in each.letters) for each in (ours, theirs))
    return [
        Row(names[0], ours.load / theirs.load, 1.0, load),
        Row(names[1], sum(ours.letters) / sum(theirs.letters), 1.0, f"ms a letter: {letters}"),
        Row(names[2], ours.sort / theirs.sort, 1.0, f"{1000 * ours.sort:.0f} ms, {1000 * theirs.sort:.0f} ms"),
    ]


def _has_fast() -> bool:
    return importlib.util.find_spec("textual_fastdatatable") is not None


def _ours(cache: Path) -> Times:
    load, paint = min(_loads("ours", cache, ROUNDS["ours"]))
    with console(tickets=False) as terminal:
        letters, sorts = [], []
        for _ in range(ROUNDS["ours"]):
            letters.append(_letters(terminal))
            _list_all(terminal)
        for _ in range(ROUNDS["ours"]):
            while "by ticket" not in terminal.text()[0]:
                terminal.press("s")
                settle(terminal)
            sorts.append(_seconds_to(terminal, "s", SECOND, BY_DEVICE))
    medians = tuple(map(statistics.median, zip(*letters, strict=True)))
    return Times(load, paint, medians, statistics.median(sorts))


def _peer(design: str, cache: Path) -> Times:
    rounds = ROUNDS[design]
    loads = _loads(design, cache, rounds - 1)
    with _running(design, cache) as terminal:
        loads.append(_told(terminal))
        sorts = []
        for _ in range(rounds):
            sorts.append(_seconds_to(terminal, "s", SECOND, BY_DEVICE))
            if len(sorts) < rounds:
                _seconds_to(terminal, "t", SECOND, 1)
        letters = _letters(terminal)
    return Times(*min(loads), letters, statistics.median(sorts))


def _loads(design: str, cache: Path, rounds: int) -> list[tuple[float, float]]:
    found = []
    for _ in range(rounds):
        with _running(design, cache) as terminal:
            found.append(_told(terminal))
    return found


def _told(terminal: Terminal) -> tuple[float, float]:
    """Seconds of the load, and of what came after reading."""
    told = re.search(r"LOADED ([\d.]+) s, rows ([\d.]+) s", terminal.text()[0])
    assert told
    return float(told.group(1)), float(told.group(1)) - float(told.group(2))


@contextmanager
def _running(design: str, cache: Path) -> Iterator[Terminal]:
    argv = [sys.executable, "-m", "tests.benchmarks.tables_app", design, str(cache)]
    with Terminal(argv, {"PYTHONPATH": str(ROOT), "TEXTUAL_FPS": "1000"}, columns=200, rows=50) as terminal:
        terminal.wait_until("LOADED", 120)
        quiet(terminal)
        yield terminal


def _letters(terminal: Terminal) -> tuple[float, ...]:
    """Typed one after the other."""
    terminal.press("/")
    quiet(terminal)
    return tuple(_seconds_to(terminal, letter, FIRST, int(TYPED[: n + 1])) for n, letter in enumerate(TYPED))


def _list_all(terminal: Terminal) -> None:
    """Everything again, and the cursor at the top, so that the next letters find it there."""
    terminal.press("ctrl+u")
    settle(terminal)
    terminal.press("enter")
    settle(terminal)
    terminal.press("g")
    _wait(terminal, FIRST, 0)


def _seconds_to(terminal: Terminal, key: str, line: int, number: int) -> float:
    quiet(terminal)
    begun = time.perf_counter()
    terminal.press(key)
    _wait(terminal, line, number)
    return time.perf_counter() - begun


def _wait(terminal: Terminal, line: int, number: int, timeout: float = 120.0) -> None:
    """Until an incident is on a line."""
    wanted, deadline = f"INC{number:07}", time.monotonic() + timeout
    while wanted not in "".join(terminal.cell(column, line).data for column in range(24)):
        assert time.monotonic() < deadline, f"{wanted} is not on line {line}:\n{terminal.frame()}"
        time.sleep(0.0005)
