"""The queue on a pseudo-terminal of 50 rows and 200 columns: time to a frame, bytes, processor time."""

import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import Row
from tests.support.terminal import Terminal

FEW, MANY = 100, 100_000
ROUNDS = 40
QUIET_SECONDS = 0.06
"""A frame is over when nothing more has come for so long."""

CURSOR = re.compile(rb"\x1b\[(?:0;)?1;38;2;")
"""Bold, as nothing but the cursor's line is once the heads are painted."""


@contextmanager
def running(design: str, count: int) -> Iterator[Terminal]:
    """The table over so many incidents, loaded."""
    argv = [sys.executable, "-m", "tests.benchmarks.queue_app", design, str(count)]
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "RESEAL_BENCH": "1"}
    with Terminal(["env", "TEXTUAL_FPS=1000", *argv], env, columns=200, rows=50) as terminal:
        terminal.wait_until("LOADED", 240)
        quiet(terminal)
        yield terminal


def quiet(terminal: Terminal) -> tuple[int, float]:
    """Wait for the end of a frame; answers the bytes that there are, and when the last one came."""
    found = terminal.arrived
    while time.perf_counter() - found[1] < QUIET_SECONDS:
        time.sleep(0.0005)
        found = terminal.arrived
    return found


def presses(terminal: Terminal, key: str, rounds: int = ROUNDS) -> tuple[float, int]:
    """95th percentile of milliseconds from a key press to the last byte of its frame, and median bytes."""
    times, sizes = [], []
    for _ in range(rounds):
        before, _ = quiet(terminal)
        pressed = time.perf_counter()
        terminal.press(key)
        while terminal.arrived[0] == before and time.perf_counter() - pressed < 2:
            time.sleep(0.0002)
        after, at = quiet(terminal)
        times.append((at - pressed) * 1000)
        sizes.append(after - before)
    return sorted(times)[int(rounds * 0.95) - 1], int(statistics.median(sizes))


def live_presses(terminal: Terminal, rounds: int = 60) -> float:
    """95th percentile of milliseconds from a key press to the cursor on its next line, while other lines change."""
    times = []
    terminal.press("u")
    terminal.wait_until("LIVE ON")
    for round_ in range(rounds):
        # Not in step with the changes, of which ten come each 100 ms.
        time.sleep(0.03 + round_ % 11 * 0.01)
        before, pressed = terminal.arrived[0], time.perf_counter()
        terminal.press("up" if round_ % 2 else "down")
        while not CURSOR.search(terminal.raw, before):
            assert time.perf_counter() - pressed < 2
            time.sleep(0.0002)
        times.append((terminal.arrived[1] - pressed) * 1000)
    terminal.press("u")
    terminal.wait_until("LIVE OFF")
    return sorted(times)[int(rounds * 0.95) - 1]


def load_seconds(terminal: Terminal) -> float:
    """What the program says of its load."""
    found = re.search(r"LOADED ([\d.]+) s", terminal.frame())
    assert found
    return float(found.group(1))


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run() -> list[Row]:
    """The promises of the queue, each as a ratio to its yardstick in this run."""
    with running("line", FEW) as few:
        down_few, _ = presses(few, "down")
        page_few, _ = presses(few, "pagedown", 2)
    with running("line", MANY) as many:
        loaded = load_seconds(many)
        used = processor_seconds(many.pid)
        down, _ = presses(many, "down")
        down_used = (processor_seconds(many.pid) - used) / ROUNDS * 1000
        presses(many, "pagedown")
        used = processor_seconds(many.pid)
        page, _ = presses(many, "pageup")
        page_used = (processor_seconds(many.pid) - used) / ROUNDS * 1000
        share = _live_share(many)
        live = live_presses(many)
    with running("data", 2_000) as data:
        load_of_data = load_seconds(data) * MANY / 2_000
    return [
        Row("queue: cursor move at 100,000 rows, against 100 rows", down / down_few, 1.2, f"{down:.1f} ms at p95"),
        Row("queue: cursor move, against 5 ms", down / 5, 1.0, f"{down:.1f} ms at p95"),
        Row("queue: page, against 16 ms", page / 16, 1.0, f"{page:.1f} ms at p95, {page_few:.1f} at 100 rows"),
        Row("queue: processor time of a cursor move, against 5 ms", down_used / 5, 1.0, f"{down_used:.1f} ms"),
        Row("queue: processor time of a page, against 16 ms", page_used / 16, 1.0, f"{page_used:.1f} ms"),
        Row("queue: load, against DataTable", loaded / load_of_data, 1.0, f"{loaded:.2f} s; DataTable 2,000 rows x 50"),
        Row(
            "queue: cursor move while 100 rows a second change, against 10 ms", live / 10, 1.0, f"{live:.1f} ms at p95"
        ),
        Row("queue: 100 updates a second, against 5 % of a core", share / 0.05, 1.0, f"{share:.1%} of a core"),
    ]


def _live_share(terminal: Terminal, seconds: float = 4.0) -> float:
    """Share of a core that 100 updates a second take."""
    terminal.press("u")
    terminal.wait_until("LIVE ON")
    started, used = time.perf_counter(), processor_seconds(terminal.pid)
    while time.perf_counter() - started < seconds:
        time.sleep(0.05)
    share = (processor_seconds(terminal.pid) - used) / (time.perf_counter() - started)
    terminal.press("u")
    return share
