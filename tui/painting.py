"""Frames as the difference to what already stands on the terminal, cell by cell.

Textual repaints regions. Over a slow line most of those bytes say what is there already: a screen switch at 200 columns
is 40 kB of which a tenth differs. The painter keeps a picture of the terminal and writes only the cells that changed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import CompositorUpdate

from tui.inks import change, only_coloured, same_blank, sgr

PLAIN = Style.null()
SHORT_GAP = 4
"""So many unchanged cells of one style are written again rather than stepped over: moving costs as much."""

_FEW = 3
"""So many cells of an ink of their own do not make a column."""

UNKNOWN = "\0"
"""A character that nobody knows: the next frame that has the cell writes it. The second half of a wide one is empty."""

_ERASING_BYTES = 6
_LONG_BLANK = " " * 11
"""From here on erasing takes fewer bytes than writing blanks, and the move behind it."""

_LONG_BLANKS = re.compile(rf"({_LONG_BLANK} *)")
_RUNS = re.compile(r"[\0-\x7f]+|[^\0-\x7f]")
_UNLIKE = re.compile(rb"[^\0](?:\0{0,%d}[^\0])*" % SHORT_GAP)
"""Bytes that differ, with the short gaps between them."""


class Row:
    """What stands on one line of the terminal: a character and its SGR parameters for each cell."""

    __slots__ = ("chars", "inks")

    def __init__(self, width: int) -> None:
        self.chars = [UNKNOWN] * width
        self.inks = [UNKNOWN] * width

    def take(self, x: int, text: str, ink: str) -> Iterator[tuple[int, str]]:
        """Put characters of one cell each from `x` on; answers the runs that have to be written."""
        end = x + len(text)
        runs = _differing(self.chars[x:end], self.inks[x:end], text, ink)
        self.chars[x:end] = text
        self.inks[x:end] = [ink] * len(text)
        for start, stop in runs:
            self._mend(x + start, x + stop)
            yield x + start, text[start:stop]

    def take_wide(self, x: int, char: str, ink: str) -> bool:
        """Put a character of two cells; answers whether it has to be written."""
        if self.chars[x : x + 2] == [char, ""] and self.inks[x : x + 2] == [ink, ink]:
            return False
        self.chars[x : x + 2] = [char, ""]
        self.inks[x : x + 2] = [ink, ink]
        self._mend(x, x + 2)
        return True

    def _mend(self, start: int, stop: int) -> None:
        """Writing over half of a wide character leaves a terminal to do with the other half what it likes."""
        before = self.chars[start - 1] if start > 0 else ""
        if not before.isascii() and cell_len(before) == 2:
            self.chars[start - 1] = UNKNOWN
        if stop < len(self.chars) and not self.chars[stop]:
            self.chars[stop] = UNKNOWN


def _differing(chars: list[str], inks: list[str], text: str, ink: str) -> list[tuple[int, int]]:
    """Where cells are not yet as wanted, as runs of places."""
    if ink not in inks:
        return [(0, len(text))]
    old = "".join(chars)
    if len(old) == len(text) and old.isascii() and text.isascii() and inks.count(ink) == len(inks):
        # Nearly every cell of a page that is turned comes by here: each loop over them takes longer than all the rest.
        unlike = int.from_bytes(old.encode(), "big") ^ int.from_bytes(text.encode(), "big")
        return [found.span() for found in _UNLIKE.finditer(unlike.to_bytes(len(text), "big"))]
    runs: list[tuple[int, int]] = []
    for place, (was, now, had) in enumerate(zip(chars, text, inks, strict=True)):
        if was == now and had == ink:
            continue
        # Over a short gap it is as cheap to write on.
        if runs and place - runs[-1][1] <= SHORT_GAP:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


class Painter:
    """Turns Textual's updates into the bytes that the terminal still lacks.

    `erases`: erasing leaves cells in the current background, as ECMA-48's ECH does in terminals with `bce`.
    """

    def __init__(self, *, erases: bool = False) -> None:
        self._rows: list[Row] = []
        self._width = 0
        self._erases = erases

    def fit(self, width: int, height: int) -> None:
        """The terminal has this size; with another one than before, nothing is known of it."""
        if (width, height) != (self._width, len(self._rows)):
            self._width = width
            self._rows = [Row(width) for _ in range(height)]

    def forget(self) -> None:
        """Somebody else has written on the terminal: each cell is written when a frame next has it."""
        self._rows = [Row(self._width) for _ in self._rows]

    def paint(self, segments: Iterable[Segment], console: Console) -> str:
        """What to write for an update; afterwards the picture holds it."""
        system = console._color_system
        runs: list[_Run] = []
        x = y = 0
        for segment in segments:
            if segment.control is not None:
                x, y = _moved(segment, x, y)
            elif segment.text and segment.text != "\n" and 0 <= y < len(self._rows):
                ink = sgr(segment.style or PLAIN, system) if system is not None else ""
                x = self._put(runs, x, y, segment.text, ink)
        pen = _Pen(erases=self._erases)
        for run in _in_turn(runs):
            pen.write(*run)
        return pen.lifted()

    def _put(self, runs: "list[_Run]", x: int, y: int, text: str, ink: str) -> int:
        row = self._rows[y]
        for piece in _RUNS.findall(text):
            size = len(piece) if piece.isascii() else cell_len(piece)
            if x + size > self._width:
                piece = piece[: max(0, self._width - x)] if piece.isascii() else ""
            if piece and size == 2 and not piece.isascii():
                if row.take_wide(x, piece, ink):
                    runs.append(_Run(x, y, piece, ink, row))
            elif piece and size:
                runs += [_Run(start, y, run, ink, row) for start, run in row.take(x, piece, ink)]
            x += size
        return x


class _Run(NamedTuple):
    """Cells of one ink that have to be written."""

    x: int
    y: int
    text: str
    ink: str
    row: Row

    @property
    def stands(self) -> bool:
        """Nothing else was put there since."""
        end = self.x + len(self.text)
        return self.row.chars[self.x : end] == [*self.text] and set(self.row.inks[self.x : end]) == {self.ink}


def _in_turn(runs: list[_Run]) -> list[_Run]:
    """A column of an ink of its own, as between two panes, comes last: a move takes less than two changes of ink."""
    between = {
        place: run.ink
        for place, (before, run, after) in enumerate(zip(runs, runs[1:], runs[2:], strict=False), 1)
        if before.y == run.y == after.y and run.text in _SURE and run.ink not in (before.ink, after.ink)
    }
    inks = Counter(between.values())
    last = [place for place, ink in between.items() if inks[ink] > _FEW]
    if not last:
        return runs
    kept = set(last)
    first = [run for place, run in enumerate(runs) if place not in kept]
    return first + sorted((runs[place] for place in last if runs[place].stands), key=lambda run: run.ink)


class _Blanks(NamedTuple):
    """Blanks that are still to be written."""

    x: int
    y: int
    size: int
    ink: str
    row: Row


class _Pen:
    """Writes runs with as few bytes as it can: no move where the cursor is, no style that is on.

    Blanks at the end of a run wait for the next one: it may take them along in its own ink, and else they are erased.
    """

    def __init__(self, *, erases: bool) -> None:
        self._erases = erases
        self._out: list[str] = []
        self._x = self._y = -1
        self._ink = ""
        self._blanks: _Blanks | None = None

    def write(self, x: int, y: int, run: str, ink: str, row: Row) -> None:
        if (blanks := self._blanks) is not None:
            if (blanks.y, blanks.x + blanks.size) == (y, x) and same_blank(blanks.ink, ink):
                x, run = blanks.x, " " * blanks.size + run
            else:
                self._write_blanks(blanks)
        text = run.rstrip(" ")
        if text:
            self._write_text(x, y, text, ink, row)
        left = len(run) - len(text)
        self._blanks = _Blanks(x + len(text), y, left, ink, row) if left else None

    def _write_text(self, x: int, y: int, text: str, ink: str, row: Row) -> None:
        if not (self._erases and _LONG_BLANK in text and only_coloured(ink)):
            self._write(x, y, text, ink, row)
            return
        for piece in _LONG_BLANKS.split(text):
            if piece.startswith(_LONG_BLANK):
                self._write(x, y, "", ink, row)
                self._out.append(f"\x1b[{len(piece)}X")
            elif piece:
                self._write(x, y, piece, ink, row)
            x += len(piece)

    def _write_blanks(self, blanks: _Blanks) -> None:
        x, y, size, ink, row = blanks
        erased = self._erases and size > _ERASING_BYTES and only_coloured(ink)
        self._write(x, y, "" if erased else " " * size, ink, row)
        if erased:
            self._out.append(f"\x1b[{size}X")

    def _write(self, x: int, y: int, run: str, ink: str, row: Row) -> None:
        if not self._bridged(x, y, row):
            self._out.append(self._move(x, y, row))
        if ink != self._ink and not (run.strip(" ") == "" and same_blank(self._ink, ink)):
            self._out.append(f"\x1b[{change(self._ink, ink)}m")
            self._ink = ink
        self._out.append(run)
        # Terminals disagree on the width of what is not ASCII: the next cell is addressed anew.
        self._x, self._y = (x + len(run) if run.isascii() or run in _SURE else -1), y

    def _move(self, x: int, y: int, row: Row) -> str:
        if y == self._y + 1 and x == 0 and self._x >= 0:
            return "\r\n"
        # Behind the last column terminals disagree on where a step back leads.
        if y == self._y + 1 and 0 <= x == self._x - 1 and self._x < len(row.chars):
            return "\b\x1b[B"
        if y != self._y:
            return f"\x1b[{y + 1};{x + 1}H"
        return f"\x1b[{x - self._x}C" if 0 <= self._x < x else f"\x1b[{x + 1}G"

    def lifted(self) -> str:
        """What was written; the terminal is left without a style, as everybody else expects it."""
        if self._blanks is not None:
            self._write_blanks(self._blanks)
        if self._ink:
            self._out.append("\x1b[m")
        return "".join(self._out)

    def _bridged(self, x: int, y: int, row: Row) -> bool:
        if y != self._y or not 0 <= x - self._x <= SHORT_GAP or self._x < 0:
            return False
        gap = row.chars[self._x : x]
        if gap and (any(ink != self._ink for ink in row.inks[self._x : x]) or not _is_plain("".join(gap), len(gap))):
            return False
        self._out.extend(gap)
        return True


def _is_plain(text: str, cells: int) -> bool:
    return len(text) == cells and text.isascii() and UNKNOWN not in text


_SURE = frozenset("·─│┌┐└┘├┤┬┴┼╭╮╰╯▏▎▍▌▋▊▉█▔▁▂▃▄▅▆▇")
"""Line drawing and dots of one cell everywhere."""


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
