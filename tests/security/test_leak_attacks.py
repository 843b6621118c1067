"""A07, A09, A10, A11, A17: keys are disclosed, and looked for everywhere but on the terminal."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.security.watching import Tap, blocks_in, children, discloser, files_with, holds_key, spoken_by, tapped
from tests.support import memory_contains
from tests.vault.graph_stub import TOKEN, GraphStub
from tests.vault.keys import invented_password
from tests.vault.watching import runs

PASSWORD = invented_password(1)
CONTROL = 50
"""Every so many disclosures the key is looked for, and found, in the vault."""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the memory of the vault")


@dataclass
class Spy:
    """Looks at a process, its arguments and those of its children for as long as it runs, as often as it can."""

    pid: int
    looks: int = 0
    memory_hits: list[str] = field(default_factory=list)
    spoken_hits: list[int] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Spy":
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._memory, self._spoken)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _memory(self) -> None:
        while not self._stop.is_set():
            self.memory_hits += sorted(memory_contains(self.pid, PASSWORD))
            self.looks += 1
            time.sleep(1)

    def _spoken(self) -> None:
        needles = (TOKEN.encode(), *(block.encode() for block in PASSWORD.split("-")))
        while not self._stop.is_set():
            for pid in (self.pid, *children(self.pid)):
                if any(needle in spoken_by(pid) for needle in needles):
                    self.spoken_hits.append(pid)
            time.sleep(0.01)


@pytest.fixture
def tap() -> Iterator[Tap]:
    with tapped() as found:
        yield found


def leave_nothing(folder: Path, graph: GraphStub, tap: Tap, count: int) -> None:
    """So many disclosures, watched from all sides."""
    home = {name: str(folder) for name in ("HOME", "TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    log = folder / "debug.log"
    with discloser("count", folder / "state", graph.endpoint, tap.path, log, count, env=home) as process:
        assert process.stdin and process.stdout
        with Spy(process.pid) as spy:
            vaults, in_vaults = [], 0
            for word, pid in (line.split()[:2] for line in process.stdout):
                if word == "drawn":
                    vaults.append(int(pid))
                    assert memory_contains(process.pid, PASSWORD) == set()
                    if len(vaults) % CONTROL == 1:
                        in_vaults += "utf-8" in memory_contains(int(pid), PASSWORD)
                    process.stdin.write("go on\n")
                elif word == "done":
                    break
        assert len(vaults) == count
        assert not any(runs(pid) for pid in vaults), "the vault is gone, and with it what it held"
        assert memory_contains(process.pid, PASSWORD) == set()
        files = files_with(folder, lambda data: holds_key(data, PASSWORD) or TOKEN.encode() in data)
        process.stdin.write("\n")
    print(f"{count} reveals, {spy.looks + count} looks, the key seen in {in_vaults} vaults and nowhere else")
    # The controls: it was drawn, the vault had it, and everything was logged.
    assert set(PASSWORD.split("-")) <= blocks_in(tap.written)
    assert in_vaults == -(-count // CONTROL)
    assert "DEBUG:httpcore" in log.read_text(encoding="utf-8")
    assert (spy.memory_hits, spy.spoken_hits, files) == ([], [], [])
    assert (folder / "state" / "audit.db").stat().st_size > 0


@as_root
@pytest.mark.attack("A07", "A09", "A10", "A11", "A17")
def test_what_is_disclosed_is_in_no_memory_file_log_argument_or_environment(
    tmp_path: Path, graph: GraphStub, tap: Tap
) -> None:
    leave_nothing(tmp_path, graph, tap, 2)


@as_root
@pytest.mark.attack("A07", "A09", "A10", "A11", "A17")
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_disclosures_leave_nothing(tmp_path: Path, graph: GraphStub, tap: Tap) -> None:
    leave_nothing(tmp_path, graph, tap, 1000)
