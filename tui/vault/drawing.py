"""The pane on the terminal, seen from the child: some cells, which hold digits or bullets."""

import os
import select
import time
from collections.abc import Iterable

from tui.errors import Problem, ProblemKind
from tui.vault.messages import Draw
from tui.vault.password import BLOCK_DIGITS, RecoveryPassword

BULLET = "\u2022"
WRITE_SECONDS = 0.4
"""How long one write may wait for a terminal that takes nothing."""

Position = tuple[int, int]
"""Column and row, from zero."""
Stroke = tuple[Position, bytes | memoryview]


class Pane:
    """Writes to one terminal, through a descriptor of its own that never blocks."""

    def __init__(self, tty: int) -> None:
        self._tty = tty
        self._cells: tuple[Position, ...] = ()
        self._sgr = ""
        self._size = (0, 0)
        self._hangup = select.poll()
        self._hangup.register(tty, 0)

    @property
    def hung_up(self) -> bool:
        """The terminal is gone: its window was closed, or the line dropped."""
        return bool(self._hangup.poll(0))

    def draw(self, password: RecoveryPassword, order: Draw) -> None:
        """Write the wanted blocks, the others as bullets, with cursor and colours as they were.

        Cells of an earlier drawing that are left now get bullets first. After a resize they do not: the console has
        repainted everything then, and something else stands there. Raises `Problem` when the pane does not fit, or the
        terminal takes nothing.
        """
        size = self._measure()
        if not all(_room(cell, size) == BLOCK_DIGITS for cell in order.cells):
            raise Problem(
                ProblemKind.LOCAL,
                "The digits do not fit on the terminal",
                f"It has {size[0]} columns and {size[1]} rows now",
                "Make the terminal larger, and reveal again",
            )
        left = () if size != self._size else tuple(cell for cell in self._cells if cell not in order.cells)
        strokes: list[Stroke] = [(cell, _bullets(BLOCK_DIGITS)) for cell in left]
        for block, cell in enumerate(order.cells):
            strokes.append((cell, password.block(block) if block in order.blocks else _bullets(BLOCK_DIGITS)))
        # Known before the write: half of it may arrive.
        self._cells, self._sgr, self._size = order.cells, order.sgr, size
        if not self._write(strokes):
            raise Problem(
                ProblemKind.LOCAL,
                "The terminal takes no output",
                f"Nothing could be written within {WRITE_SECONDS} s",
                "Look whether the terminal is paused (Ctrl+Q goes on) or the line is down, and reveal again",
            )

    def erase(self, *, console_gone: bool) -> bool:
        """Put bullets over the digits; False when the terminal took nothing.

        After a resize the terminal may have moved the digits. A living console has repainted them; without one the
        whole display is erased.
        """
        if not self._cells:
            return True
        size = self._measure()
        display = b"\x1b[2J" if console_gone and size != self._size else b""
        strokes = [(cell, _bullets(room)) for cell in self._cells if (room := _room(cell, size))]
        return self._write(strokes, display)

    def _write(self, strokes: Iterable[Stroke], first: bytes = b"") -> bool:
        # ESC 7 and ESC 8 keep cursor and colours (DECSC, DECRC).
        out = bytearray(b"\x1b7" + first)
        for (column, row), text in strokes:
            out += f"\x1b[{row + 1};{column + 1}H\x1b[{self._sgr}m".encode()
            out += text
        out += b"\x1b[0m\x1b8"
        try:
            return write_within(self._tty, out, WRITE_SECONDS)
        finally:
            out[:] = bytes(len(out))

    def _measure(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._tty)
        except OSError:
            return 0, 0
        return size.columns, size.lines


def write_within(descriptor: int, data: bytes | bytearray, seconds: float) -> bool:
    """Write all of it, in one write where the terminal takes it, or give up after so long."""
    until = time.monotonic() + seconds
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    with memoryview(data) as view:
        sent = 0
        while sent < len(view):
            left = until - time.monotonic()
            if left <= 0:
                return False
            try:
                sent += os.write(descriptor, view[sent:])
            except BlockingIOError:
                poll.poll(left * 1000)
            except OSError:
                return False
    return True


def _room(cell: Position, size: tuple[int, int]) -> int:
    """How many digits of a block fit from this cell on; a terminal of unknown size (0, 0) has room."""
    columns, rows = size
    if not (columns and rows):
        return BLOCK_DIGITS
    return max(0, min(BLOCK_DIGITS, columns - cell[0])) if cell[1] < rows else 0


def _bullets(count: int) -> bytes:
    return (BULLET * count).encode()
