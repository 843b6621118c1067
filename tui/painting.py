"""Frames as the difference to what already stands on the terminal, cell by cell.

Textual repaints regions. Over a slow line most of those bytes say what is there already: a screen switch at 200 columns
is 40 kB of which a tenth differs. The painter keeps a picture of the terminal and writes only the cells that changed.
"""

from collections.abc import Iterable
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import CompositorUpdate

PLAIN = Style.null()
SHORT_GAP = 4
"""So many unchanged cells of one style are written again rather than stepped over: moving costs as much."""

Cell = tuple[str, str]
"""A character and its SGR parameters. The second half of a wide character is an empty string."""

UNKNOWN: Cell = ("\0", "")
"""What nobody knows: the next frame that has the cell writes it."""


@lru_cache(maxsize=4096)
def _sgr(style: Style, system: ColorSystem) -> str:
    return style._make_ansi_codes(system)


class Painter:
    """Turns Textual's updates into the bytes that the terminal still lacks."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []
        self._width = 0

    def fit(self, width: int, height: int) -> None:
        """The terminal has this size; with another one than before, nothing is known of it."""
        if (width, height) != (self._width, len(self._rows)):
            self._width = width
            self._rows = [[UNKNOWN] * width for _ in range(height)]

    def forget(self) -> None:
        """Somebody else has written on the terminal: each cell is written when a frame next has it."""
        self._rows = [[UNKNOWN] * self._width for _ in self._rows]

    def paint(self, segments: Iterable[Segment], console: Console) -> str:
        """What to write for an update; afterwards the picture holds it."""
        system = console._color_system
        out: list[str] = []
        pen = _Pen(out)
        x = y = 0
        for segment in segments:
            if segment.control is not None:
                x, y = _moved(segment, x, y)
            elif segment.text and segment.text != "\n" and 0 <= y < len(self._rows):
                sgr = _sgr(segment.style or PLAIN, system) if system is not None else ""
                x = self._put(pen, x, y, segment.text, sgr)
        pen.lift()
        return "".join(out)

    def _put(self, pen: "_Pen", x: int, y: int, text: str, sgr: str) -> int:
        row, width = self._rows[y], self._width
        if text.isascii():
            end = min(x + len(text), width)
            new = [(char, sgr) for char in text[: max(0, end - x)]]
            if row[x:end] != new:
                for place, cell in enumerate(new, x):
                    if row[place] != cell:
                        self._broken_neighbours(row, place)
                        row[place] = cell
                        pen.write(place, y, cell, row)
            return x + len(text)
        for char in text:
            size = cell_len(char)
            if size == 0 or x + size > width:
                x += size
                continue
            cell = (char, sgr)
            if row[x] != cell or (size == 2 and row[x + 1] != ("", sgr)):
                self._broken_neighbours(row, x, size)
                row[x] = cell
                if size == 2:
                    row[x + 1] = ("", sgr)
                pen.write(x, y, cell, row)
            x += size
        return x

    @staticmethod
    def _broken_neighbours(row: list[Cell], x: int, size: int = 1) -> None:
        """Writing over half of a wide character leaves a terminal to do with the other half what it likes."""
        if row[x][0] == "" and x > 0:
            row[x - 1] = UNKNOWN
        after = x + size
        if after < len(row) and row[after][0] == "":
            row[after] = UNKNOWN


class _Pen:
    """Writes cells with as few bytes as it can: no move where the cursor is, no style that is on."""

    def __init__(self, out: list[str]) -> None:
        self._out = out
        self._x = self._y = -1
        self._sgr = ""
        self._inked = False

    def write(self, x: int, y: int, cell: Cell, row: list[Cell]) -> None:
        if not self._bridged(x, y, row):
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._ink(cell)
        # Terminals disagree on the width of what is not ASCII: the next cell is addressed anew.
        self._x, self._y = (x + 1, y) if cell[0].isascii() or cell[0] in _SURE else (-1, -1)

    def lift(self) -> None:
        """Leave the terminal without a style, as everybody else expects it."""
        if self._sgr:
            self._out.append("\x1b[0m")

    def _ink(self, cell: Cell) -> None:
        char, sgr = cell
        if sgr != self._sgr:
            self._out.append(f"\x1b[0;{sgr}m" if sgr else "\x1b[0m")
            self._sgr = sgr
        self._out.append(char)

    def _bridged(self, x: int, y: int, row: list[Cell]) -> bool:
        if y != self._y or not 0 <= x - self._x <= SHORT_GAP or self._x < 0:
            return False
        gap = row[self._x : x]
        if any(sgr != self._sgr or not char.isascii() or char in ("", "\0") for char, sgr in gap):
            return not gap
        self._out.extend(char for char, _ in gap)
        return True


_SURE = frozenset("─│┌┐└┘├┤┬┴┼╭╮╰╯▏▎▍▌▋▊▉█▔▁▂▃▄▅▆▇")
"""Line drawing of one cell everywhere."""


def _moved(segment: Segment, x: int, y: int) -> tuple[int, int]:
    for code in segment.control or ():
        if code[0] is ControlType.CURSOR_MOVE_TO:
            x, y = int(code[1]), int(code[2])  # type: ignore[misc]
    return x, y


class PaintedUpdate(CompositorUpdate):
    """An update of Textual's, written as its difference to the terminal."""

    def __init__(self, update: CompositorUpdate, painter: Painter) -> None:
        self._update = update
        self._painter = painter

    def render_segments(self, console: Console) -> str:
        """The bytes that the terminal still lacks."""
        segments = self._update.__rich_console__(console, console.options)  # type: ignore[attr-defined]
        return self._painter.paint(segments, console)
