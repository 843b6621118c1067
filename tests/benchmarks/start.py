"""The first frame: the cached queue of 100,000 incidents, against an app of Textual's that shows one label.

Both are timed from exec to the text on a pseudo-terminal, in turn, and the medians are compared. Bytecode is written
before the first round, as an installation has it.
"""

import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import Row
from tests.benchmarks.cached_queue import COUNT, keep_cached
from tests.demo.tenant import running
from tests.support.terminal import Terminal

ROUNDS = 15
BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("ONE LABEL")

Bare().run()
"""
ROOT = Path(__file__).parents[2]


def seconds_to(argv: Sequence[str], wanted: bytes, env: dict[str, str]) -> float:
    """From exec to a text on the terminal."""
    begun = time.perf_counter()
    with Terminal(argv, env, columns=200, rows=50) as terminal:
        while wanted not in terminal.raw:
            assert terminal.alive, terminal.frame()
            assert time.perf_counter() - begun < 60
            time.sleep(0.0005)
        return time.perf_counter() - begun


def run() -> list[Row]:
    """First paint, with the Graph client loaded behind it."""
    with TemporaryDirectory() as name, running("--size", "20", "--speed", "0.0001") as tenant:
        state = Path(name) / "state"
        keep_cached(state, "servicenow")
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
        bare_median, our_median = (statistics.median(each) for each in times.values())
        note = f"{our_median * 1000:.0f} ms, {bare_median * 1000:.0f} ms; {os.getloadavg()[0]:.1f} jobs beside it"
        return [
            Row(f"start: first paint of {COUNT:,} cached, against one label", our_median / bare_median, 1.15, note)
        ]
