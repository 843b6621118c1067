"""The pane on the terminal, seen from the child: what stands there, and what takes it away."""

import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tui.errors import Problem, ProblemKind
from tui.ports import Cell

WRITE_SECONDS = 0.4
"""How long one write may wait for a terminal that takes nothing."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """Some cells of one row: what is written there, and what takes its place in the end."""

    cell: Cell
    width: int
    text: bytes | memoryview
    mask: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Strokes in the colours of an SGR sequence."""

    sgr: str
    strokes: Sequence[Stroke]


_Size = tuple[int, int]


class Pane:
    """Writes to one terminal, through a descriptor of its own that never blocks."""

    def __init__(self, tty: int) -> None:
        self._tty = tty
        self._standing: dict[Cell, tuple[int, str]] = {}
        self._sgr = ""
        self._size = (0, 0)
        self._hangup = select.poll()
        self._hangup.register(tty, 0)

    @property
    def hung_up(self) -> bool:
        """The terminal is gone: its window was closed, or the line dropped."""
        return bool(self._hangup.poll(0))

    def measure(self) -> _Size:
        """Columns and rows; zeros when nobody knows."""
        try:
            size = os.get_terminal_size(self._tty)
        except OSError:
            return 0, 0
        return size.columns, size.lines

    def draw(self, picture: Picture) -> None:
        """Put up a picture in place of the one that stands, with cursor and colours as they were.

        Cells of the old one are masked first. After a resize they are not: the console has repainted everything then,
        and something else stands there. Raises `Problem` when it does not fit, or the terminal takes nothing.
        """
        size = self.measure()
        if not all(_room(stroke.cell, stroke.width, size) == stroke.width for stroke in picture.strokes):
            raise Problem(
                ProblemKind.LOCAL,
                "The digits do not fit on the terminal",
                f"It has {size[0]} columns and {size[1]} rows now",
                "Make the terminal larger, and reveal again",
            )
        old = self._masks(size) if size == self._size else []
        # Known before the write: half of it may arrive.
        self._standing, self._size, self._sgr = {}, size, picture.sgr
        self._put(picture, old)

    def add(self, picture: Picture) -> None:
        """Write into the picture that stands; raises `Problem` like `draw`."""
        self._put(picture, [])

    def mask(self) -> bool:
        """Take the picture away; False when the terminal took nothing. What it covered stays known until the end."""
        size = self.measure()
        return size != self._size or self._write(self._sgr, self._masks(size))

    def erase(self, *, console_gone: bool) -> bool:
        """Take everything away; False when the terminal took nothing.

        After a resize the terminal may have moved the digits. A living console has repainted them; without one the
        whole display is erased.
        """
        if not self._standing:
            return True
        size = self.measure()
        display = b"\x1b[2J" if console_gone and size != self._size else b""
        return self._write(self._sgr, self._masks(size), display)

    def send(self, sequence: bytes | bytearray) -> bool:
        """Write a sequence that draws nothing."""
        return write_within(self._tty, sequence, WRITE_SECONDS)

    def _put(self, picture: Picture, old: list[tuple[Cell, bytes | memoryview]]) -> None:
        for stroke in picture.strokes:
            self._standing[stroke.cell] = (stroke.width, stroke.mask)
        if not self._write(picture.sgr, [*old, *((stroke.cell, stroke.text) for stroke in picture.strokes)]):
            raise Problem(
                ProblemKind.LOCAL,
                "The terminal takes no output",
                f"Nothing could be written within {WRITE_SECONDS} s",
                "Look whether the terminal is paused (Ctrl+Q goes on) or the line is down, and reveal again",
            )

    def _masks(self, size: _Size) -> list[tuple[Cell, bytes | memoryview]]:
        return [
            (cell, mask[: _room(cell, width, size)].encode())
            for cell, (width, mask) in self._standing.items()
            if _room(cell, width, size)
        ]

    def _write(self, sgr: str, strokes: Sequence[tuple[Cell, bytes | memoryview]], first: bytes = b"") -> bool:
        # ESC 7 and ESC 8 keep cursor and colours (DECSC, DECRC).
        out = bytearray(b"\x1b7" + first)
        for (column, row), text in strokes:
            out += f"\x1b[{row + 1};{column + 1}H\x1b[0;{sgr}m".encode()
            out += text
        out += b"\x1b[0m\x1b8"
        try:
            return write_within(self._tty, out, WRITE_SECONDS)
        finally:
            out[:] = bytes(len(out))


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


def _room(cell: Cell, width: int, size: _Size) -> int:
    """How many of so many cells there are from this one on; a terminal of unknown size (0, 0) has room."""
    columns, rows = size
    if not (columns and rows):
        return width
    return max(0, min(width, columns - cell[0])) if cell[1] < rows else 0
