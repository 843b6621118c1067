"""The first frame: the cached queue of 100,000 incidents, against an app of Textual's that shows one label.

Both are timed from exec to the text on a pseudo-terminal, in turn, and the medians are compared. Bytecode is written
before the first round, as an installation has it.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.benchmarks import Row
from tests.benchmarks.cached_queue import COUNT, keep_cached
from tests.demo.tenant import running
from tests.support.terminal import Terminal
from tui.config import load
from tui.paths import tenant_directory

ROUNDS = 15
LOADS = 5
BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("ONE LABEL")

Bare().run()
"""
ROOT = Path(__file__).parents[2]
OPEN, SIGNED_IN = b"Filter", b" mine"
"""What the terminal has got when the queue has taken over from the first frame, and when Graph knows the engineer."""


def seconds_to(argv: Sequence[str], wanted: bytes, env: dict[str, str]) -> float:
    """From exec to a text on the terminal."""
    begun = time.perf_counter()
    with Terminal(argv, env, columns=200, rows=50, blind=True) as terminal:
        while wanted not in terminal.raw:
            assert terminal.alive, terminal.raw
            assert time.perf_counter() - begun < 60
            time.sleep(0.0005)
        return terminal.arrived_at(terminal.raw.find(wanted) + len(wanted)) - begun


def milliseconds_of_a_key(terminal: Terminal, key: str) -> float:
    """From a key press to the first bytes of its frame."""
    before, pressed = terminal.arrived[0], time.perf_counter()
    terminal.press(key)
    while terminal.arrived[0] == before:
        assert time.perf_counter() - pressed < 10
        time.sleep(0.0002)
    taken = terminal.arrived_at(before + 1) - pressed
    time.sleep(0.02)
    return taken * 1000


class Keys(NamedTuple):
    """Milliseconds of keys: until the console is open, from there until the Graph client has signed in, afterwards."""

    opening: list[float]
    loading: list[float]
    after: list[float]


def keys_of_a_start(argv: Sequence[str], env: dict[str, str]) -> Keys:
    """What keys take from the first frame on."""
    keys = Keys([], [], [])
    with Terminal(argv, env, columns=200, rows=50, blind=True) as terminal:
        terminal.wait_until(lambda: b"INC0000003" in terminal.raw, 60)
        while SIGNED_IN not in terminal.raw:
            phase = keys.loading if OPEN in terminal.raw else keys.opening
            phase.append(milliseconds_of_a_key(terminal, "jk"[len(phase) % 2]))
        time.sleep(3)
        for place in range(len(keys.opening) + len(keys.loading)):
            keys.after.append(milliseconds_of_a_key(terminal, "jk"[place % 2]))
    return keys


def p95(values: Sequence[float]) -> float:
    """95th percentile."""
    return sorted(values)[int(len(values) * 0.95) - 1]


def run() -> list[Row]:
    """First paint, with the Graph client loaded behind it; and keys meanwhile."""
    with TemporaryDirectory() as name, running("--size", "20", "--speed", "0.0001") as tenant:
        state = Path(name) / "state"
        state.mkdir(mode=0o700)
        # Of a source that is not asked: the tenant's own knows none of them, and each would be looked up one by one.
        keep_cached(tenant_directory(state, load(tenant.config).tenant.tenant_id), "elsewhere")
        env = {
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(Path(name) / "bytecode"),
            "PYTHONDONTWRITEBYTECODE": "",
            "RESEAL_STATE": str(state),
        }
        bare = ([sys.executable, "-c", BARE], b"ONE LABEL")
        ours = ([str(Path(sys.executable).with_name("reseal")), "--config", str(tenant.config)], b"INC0000003")
        times: dict[bytes, list[float]] = {bare[1]: [], ours[1]: []}
        for round_ in range(ROUNDS + 1):
            for argv, wanted in (bare, ours):
                taken = seconds_to(argv, wanted, env)
                if round_:
                    times[wanted].append(taken)
        bare_median, our_median = (median(each) for each in times.values())
        starts = [keys_of_a_start(ours[0], env) for _ in range(LOADS)]
    opening, loading, after = ([each for keys in starts for each in keys[phase]] for phase in range(3))
    first = f"{our_median * 1000:.0f} ms, {bare_median * 1000:.0f} ms; {os.getloadavg()[0]:.1f} jobs beside it"
    of_graph = f"p95 {p95(loading):.1f} ms, {p95(after):.1f} ms; medians {median(loading):.1f}, {median(after):.1f}"
    of_own = f"p95 {p95(opening):.1f} ms; median {median(opening):.1f}; the slowest {max(opening):.0f}"
    return [
        Row(f"start: first paint of {COUNT:,} cached, against one label", our_median / bare_median, 1.15, first),
        Row("start: keys while the Graph client loads, against after", p95(loading) / p95(after), 1.1, of_graph),
        Row("start: keys while the console itself opens, with its incidents", p95(opening) / p95(after), None, of_own),
    ]
