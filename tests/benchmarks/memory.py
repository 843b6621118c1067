"""Memory of the whole console, signed in to a tenant of the demo, with 100,000 cached tickets and their texts.

`VmRSS` of proc(5) is what counts: the console's own memory and the libraries that it shares with others.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import Row
from tests.benchmarks.cached_queue import COUNT, keep_cached
from tests.demo.tenant import running
from tests.support.terminal import Terminal, descendants
from tui.config import load
from tui.paths import tenant_directory

GOAL_BYTES = 150e6
SETTLED_SECONDS = 10.0
"""After the sign-in: the ticket source has been asked twice, and the key index has been read."""
WORDS = "récup"
"""A filter that no field has and every text."""


@contextmanager
def console() -> Iterator[tuple[Terminal, int]]:
    """The console, signed in and at rest, over the cached incidents; and the bytes of its cache."""
    with TemporaryDirectory() as name, running("--size", "20", "--speed", "0.0001") as tenant:
        state = Path(name) / "state"
        state.mkdir(mode=0o700)
        own = tenant_directory(state, load(tenant.config).tenant.tenant_id)
        keep_cached(own, "servicenow")
        size = sum(path.stat().st_size for path in own.glob("cache.db*"))
        argv = [str(Path(sys.executable).with_name("reseal")), "--config", str(tenant.config)]
        env = {"PYTHONPATH": str(Path(__file__).parents[2]), "RESEAL_STATE": str(state)}
        with Terminal(argv, env, columns=200, rows=50) as terminal:
            terminal.wait_until(" mine", 90)
            time.sleep(SETTLED_SECONDS)
            yield terminal, size


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found.group(1)) * 1024


def own_bytes(pid: int) -> int:
    """Memory of a process, with its part of what it shares with others (`Pss` of proc(5))."""
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found.group(1)) * 1024


def run() -> list[Row]:
    """At rest, and after a filter has searched every text."""
    with console() as (terminal, size):
        at_rest = resident_bytes(terminal.pid)
        whole = sum(map(own_bytes, (terminal.pid, *descendants(terminal.pid))))
        terminal.press("/")
        terminal.type(WORDS)
        terminal.wait_until(lambda: WORDS in terminal.frame())
        time.sleep(3)
        terminal.press("enter", "pagedown", "pagedown", "down", "down")
        time.sleep(1)
        filtered = resident_bytes(terminal.pid)
    kept = f"{COUNT:,} tickets with their texts; a cache of {size / 2**20:.0f} MiB"
    return [
        Row("memory: the console signed in, against 150 MB", at_rest / GOAL_BYTES, 1.0, f"{_mib(at_rest)}; {kept}"),
        Row("memory: with the process that speaks with Graph", whole / GOAL_BYTES, None, f"{_mib(whole)}, shared once"),
        Row("memory: after a filter over every text", filtered / GOAL_BYTES, 1.0, _mib(filtered)),
    ]


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB resident"
