"""The real console on a pseudo-terminal of 50 rows and 200 columns, over so many cached incidents."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.cached_queue import COUNT, keep_cached
from tests.benchmarks.queue import processor_seconds
from tests.demo.tenant import running
from tests.support.terminal import Terminal, descendants
from tui.config import load
from tui.paths import tenant_directory

ROOT = Path(__file__).parents[2]
SOURCE = "archive"
"""No ticket source of the config: one that is asked for its open tickets would not know these."""


@contextmanager
def console(count: int = COUNT, *, tickets: bool = True) -> Iterator[Terminal]:
    """The console on a demo tenant, signed in, with everything loaded and nothing left to do.

    `tickets`: the ticket source has a few tickets of its own; without them it is an empty folder.
    """
    with TemporaryDirectory() as name, running("--size", "60", "--speed", "0.0001") as tenant:
        state = Path(name) / "state"
        state.mkdir(mode=0o700)
        keep_cached(tenant_directory(state, load(tenant.config).tenant.tenant_id), SOURCE, count)
        config = tenant.config.with_name("benchmark.toml")
        text = tenant.config.read_text(encoding="utf-8")
        if not tickets:
            (folder := Path(name) / "exports").mkdir()
            text = f'{text.partition("[[tickets]]")[0]}[[tickets]]\nprofile = "file"\npath = "{folder}"\n'
        config.write_text(text, encoding="utf-8")
        argv = [sys.executable, "-m", "tui", "--config", str(config)]
        env = {"PYTHONPATH": str(ROOT), "RESEAL_STATE": str(state)}
        with Terminal(argv, env, columns=200, rows=50) as terminal:
            terminal.wait_until("INC0000003", 60)
            terminal.wait_until(lambda: re.search(r" mine.* keys \d+[sm]", terminal.text()[0]), 60)
            settle(terminal)
            yield terminal


def settle(terminal: Terminal, share: float = 0.04, timeout: float = 90.0) -> None:
    """Wait for a second and a half of rest."""
    deadline = time.monotonic() + timeout
    pids = [terminal.pid, *descendants(terminal.pid)]
    used, rest = sum(map(processor_seconds, pids)), False
    while not rest:
        assert time.monotonic() < deadline, terminal.frame()
        time.sleep(1.5)
        now = sum(map(processor_seconds, pids))
        used, rest = now, now - used <= 1.5 * share
