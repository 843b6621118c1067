"""A stub of Graph, a terminal with a known screen, and a warden that draws on it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from tests.support.terminal import Terminal
from tests.vault.graph_stub import TOKEN, GraphStub, running_stub
from tests.vault.keys import invented_key_id
from tui.clock import boottime_ns
from tui.ports import DrawRegion, KeyReadRequest
from tui.vault.process import VaultProcess
from tui.vault.warden import Warden

CELLS = tuple((10 + 8 * (block % 4), 5 + 2 * (block // 4)) for block in range(8))
ALL = tuple(range(8))
REQUEST = KeyReadRequest(invented_key_id(1), "6f1c1c5e-7a51-4b7e-8a55-000000000001")


@dataclass
class StillToken:
    """A token that is there."""

    value: str = TOKEN

    async def token(self) -> str:
        """The token."""
        return self.value


def region(blocks: tuple[int, ...] = ALL, cells: tuple[tuple[int, int], ...] = CELLS, sgr: str = "1;33") -> DrawRegion:
    """Where the tests draw."""
    return DrawRegion(cells, sgr, blocks)


def in_seconds(seconds: float) -> int:
    """A deadline."""
    return boottime_ns() + int(seconds * 1_000_000_000)


@pytest.fixture(scope="module")
def server() -> Iterator[GraphStub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture
def graph(server: GraphStub) -> GraphStub:
    server.answering = None
    server.requests.clear()
    return server


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    # Fills the screen, so that a cell written by mistake is seen, and waits.
    screen = ("." * 80 + "\n") * 23 + "\033[4;9H"
    with Terminal(["/bin/sh", "-c", 'printf %s "$0"; exec cat', screen]) as terminal:
        terminal.wait_until(lambda: terminal.cursor == (8, 3))
        yield terminal


@pytest.fixture
async def warden(graph: GraphStub, terminal: Terminal) -> AsyncIterator[Warden]:
    warden = Warden(graph.endpoint, StillToken(), tty=terminal.tty, user_agent="reseal-test/1")
    yield warden
    await warden.close()


@pytest.fixture
async def vault(warden: Warden) -> VaultProcess:
    return await warden.open()
