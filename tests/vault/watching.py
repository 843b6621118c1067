"""What the tests look at. It knows the digits; the console in small must not, so it does not import this."""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.terminal import Terminal
from tests.vault.conftest import CELLS
from tests.vault.graph_stub import GraphStub
from tests.vault.keys import invented_password

BULLETS = ["••••••"] * 8
BLOCKS = invented_password(1).split("-")
ROOT = Path(__file__).resolve().parents[2]
WITHIN = 1.0
"""Seconds within which digits and child must be gone."""


async def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def shown(terminal: Terminal, cells: tuple[tuple[int, int], ...] = CELLS) -> list[str]:
    """What stands in the cells of the eight blocks."""
    rows = terminal.text()
    return [rows[row][column : column + 6] for column, row in cells]


def runs(pid: int) -> bool:
    """The process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Console:
    """A console in a process and a terminal of its own, with the digits on the screen."""

    def __init__(self, graph: GraphStub, seconds: float, then: str = "wait") -> None:
        argv = [sys.executable, "-m", "tests.vault.console", graph.endpoint, str(seconds), then]
        self.terminal = Terminal(argv, cwd=ROOT)
        try:
            self.terminal.wait_until("drawn", 20)
            self.terminal.wait_until(lambda: shown(self.terminal) == BLOCKS)
            found = re.search(r"vault (\d+)\.", self.terminal.frame())
            assert found
            self.vault_pid = int(found.group(1))
        except BaseException:
            self.terminal.close()
            raise

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_: object) -> None:
        self.terminal.close()

    def is_gone(self, seconds: float) -> None:
        """Bullets and no child, in time."""
        self.terminal.wait_until(lambda: shown(self.terminal) == BULLETS and not runs(self.vault_pid), seconds)
