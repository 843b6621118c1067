"""The console at rest over 100,000 cached incidents: bytes of its clocks, processor time of its clocks and poll."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from tests.benchmarks import Row
from tests.benchmarks.console import console
from tests.benchmarks.queue import processor_seconds
from tests.support.terminal import Terminal, descendants

SECONDS = 60
TICK_BYTES = 64
SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Rest:
    """Bytes of each second in which something was written, and shares of a core."""

    ticks: tuple[int, ...]
    share: float
    childrens: float
    children: int
    peer: float | None


def run() -> list[Row]:
    """A minute in which nobody presses a key and no ticket changes."""
    with console() as terminal, _htop() as htop:
        rest = _watch(terminal, htop)
    mean = sum(rest.ticks) / len(rest.ticks)
    bytes_note = f"{mean:.0f} bytes on average, {max(rest.ticks)} at most; {SECONDS - len(rest.ticks)} s without any"
    share_note = f"{rest.share:.2%} of a core, its {rest.children} children {rest.childrens:.2%}; a poll each 2 s"
    both = rest.share + rest.childrens
    return [
        Row("rest: bytes of a clock's tick, against 64", mean / TICK_BYTES, 1.0, bytes_note),
        Row("rest: processor time, against 1 % of a core", both / SHARE, 1.0, share_note),
        Row("rest: processor time, against htop -d 10", both / rest.peer, None, f"htop {rest.peer:.2%}")
        if rest.peer
        else Row("rest: processor time, against htop -d 10", None, None, "htop is not installed"),
    ]


@contextmanager
def _htop() -> Iterator[Terminal | None]:
    if shutil.which("htop") is None:
        yield None
        return
    with TemporaryDirectory() as home:
        env = {"HOME": home, "HTOPRC": f"{home}/htoprc"}
        with Terminal(["htop", "-d", "10"], env, columns=200, rows=50) as terminal:
            terminal.wait_until("PID")
            yield terminal


def _watch(terminal: Terminal, htop: Terminal | None) -> Rest:
    children = descendants(terminal.pid)
    pids = [terminal.pid, *children, *([htop.pid] if htop else [])]
    before = [processor_seconds(pid) for pid in pids]
    begun, ticks = time.perf_counter(), []
    for second in range(1, SECONDS + 1):
        seen = terminal.arrived[0]
        time.sleep(max(0.0, begun + second - time.perf_counter()))
        ticks.append(terminal.arrived[0] - seen)
    taken = time.perf_counter() - begun
    own, *others = [(processor_seconds(pid) - used) / taken for pid, used in zip(pids, before, strict=True)]
    peer = others.pop() if htop else None
    return Rest(tuple(tick for tick in ticks if tick), own, sum(others), len(children), peer)
