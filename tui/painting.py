"""Frames as the difference to what already stands on the terminal, cell by cell.

Textual repaints regions. Over a slow line most of those bytes say what is there already: a screen switch at 200 columns
is 40 kB of which a tenth differs. The painter keeps a picture of the terminal and writes only the cells that changed.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import CompositorUpdate

PLAIN = Style.null()
SHORT_GAP = 4
"""So many unchanged cells of one style are written again rather than stepped over: moving costs as much."""

UNKNOWN = "\0"
"""A character that nobody knows: the next frame that has the cell writes it. The second half of a wide one is empty."""

_ERASING_BYTES = 6
_LONG_BLANK = " " * 11
"""From here on erasing takes fewer bytes than writing blanks, and the move behind it."""

_LONG_BLANKS = re.compile(rf"({_LONG_BLANK} *)")
_LINES = frozenset({"4", "7", "9", "21", "51", "52", "53"})
"""SGR parameters that show on a blank, and not on an erased cell: lines, frames, reverse."""

_GROUNDS = {
    **{str(code): "3" for code in (*range(30, 40), *range(90, 98))},
    **{str(code): "4" for code in (*range(40, 50), *range(100, 108))},
}
"""SGR parameters that set a colour: 3 for the foreground, 4 for the background."""

_RUNS = re.compile(r"[\0-\x7f]+|[^\0-\x7f]")


@lru_cache(maxsize=4096)
def _sgr(style: Style, system: ColorSystem) -> str:
    return style._make_ansi_codes(system)


@lru_cache(maxsize=4096)
def _only_coloured(ink: str) -> bool:
    attributes = itertools.takewhile(lambda code: code not in ("38", "48"), ink.split(";"))
    return _LINES.isdisjoint(attributes)


@lru_cache(maxsize=4096)
def _change(old: str, new: str) -> str:
    """SGR parameters that lead from one ink to another: only what differs, where that can be said."""
    whole = f"0;{new}" if new else "0"
    if not (old and new):
        return whole
    (had, *colours), (has, *wanted) = _parts(old), _parts(new)
    gone = had - has
    if gone - {"1"} or (gone and "2" in has) or any(was and not now for was, now in zip(colours, wanted, strict=True)):
        return whole
    found = ["22"] * len(gone) + sorted(has - had)
    found += [now for was, now in zip(colours, wanted, strict=True) if was != now]
    return min(";".join(found), whole, key=len)


@lru_cache(maxsize=4096)
def _same_blank(one: str, other: str) -> bool:
    """Whether a blank, or an erased cell, looks the same in both inks."""
    return _parts(one)[2] == _parts(other)[2] and _only_coloured(one) and _only_coloured(other)


@lru_cache(maxsize=4096)
def _parts(ink: str) -> tuple[frozenset[str], str, str]:
    """Attributes, foreground and background of SGR parameters as Rich writes them, in this order."""
    codes = ink.split(";")
    attributes: list[str] = []
    colours = {"3": "", "4": ""}
    while codes and ink:
        size = {"2": 5, "5": 3}[codes[1]] if codes[0] in ("38", "48") else 1
        code, codes = codes[:size], codes[size:]
        ground = _GROUNDS.get(code[0])
        if ground is None:
            attributes.append(code[0])
        else:
            colours[ground] = ";".join(code)
    return frozenset(attributes), colours["3"], colours["4"]


class Row:
    """What stands on one line of the terminal: a character and its SGR parameters for each cell."""

    __slots__ = ("chars", "inks")

    def __init__(self, width: int) -> None:
        self.chars = [UNKNOWN] * width
        self.inks = [UNKNOWN] * width

    def take(self, x: int, text: str, ink: str) -> Iterator[tuple[int, str]]:
        """Put characters of one cell each from `x` on; answers the runs that have to be written."""
        end = x + len(text)
        chars, inks = self.chars[x:end], self.inks[x:end]
        if ink not in inks:
            runs = [(0, len(text))]
        else:
            differ = [
                place
                for place, (old, new, old_ink) in enumerate(zip(chars, text, inks, strict=True))
                if old != new or old_ink != ink
            ]
            runs = _joined(differ)
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
        if start > 0 and self.chars[start - 1] and cell_len(self.chars[start - 1]) == 2:
            self.chars[start - 1] = UNKNOWN
        if stop < len(self.chars) and not self.chars[stop]:
            self.chars[stop] = UNKNOWN


def _joined(places: list[int]) -> list[tuple[int, int]]:
    """Places as runs; over a short gap it is as cheap to write on."""
    runs: list[tuple[int, int]] = []
    for place in places:
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
        pen = _Pen(erases=self._erases)
        x = y = 0
        for segment in segments:
            if segment.control is not None:
                x, y = _moved(segment, x, y)
            elif segment.text and segment.text != "\n" and 0 <= y < len(self._rows):
                ink = _sgr(segment.style or PLAIN, system) if system is not None else ""
                x = self._put(pen, x, y, segment.text, ink)
        return pen.lifted()

    def _put(self, pen: "_Pen", x: int, y: int, text: str, ink: str) -> int:
        row = self._rows[y]
        for piece in _RUNS.findall(text):
            size = len(piece) if piece.isascii() else cell_len(piece)
            if x + size > self._width:
                piece = piece[: max(0, self._width - x)] if piece.isascii() else ""
            if piece and size == 2 and not piece.isascii():
                if row.take_wide(x, piece, ink):
                    pen.write(x, y, piece, ink, row)
            elif piece and size:
                for start, run in row.take(x, piece, ink):
                    pen.write(start, y, run, ink, row)
            x += size
        return x


class _Blanks(NamedTuple):
    """Blanks that are still to be written."""

    x: int
    y: int
    count: int
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
            if (blanks.y, blanks.x + blanks.count) == (y, x) and _same_blank(blanks.ink, ink):
                x, run = blanks.x, " " * blanks.count + run
            else:
                self._write_blanks(blanks)
        text = run.rstrip(" ")
        if text:
            self._write_text(x, y, text, ink, row)
        left = len(run) - len(text)
        self._blanks = _Blanks(x + len(text), y, left, ink, row) if left else None

    def _write_text(self, x: int, y: int, text: str, ink: str, row: Row) -> None:
        if not (self._erases and _LONG_BLANK in text and _only_coloured(ink)):
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
        x, y, count, ink, row = blanks
        erased = self._erases and count > _ERASING_BYTES and _only_coloured(ink)
        self._write(x, y, "" if erased else " " * count, ink, row)
        if erased:
            self._out.append(f"\x1b[{count}X")

    def _write(self, x: int, y: int, run: str, ink: str, row: Row) -> None:
        if not self._bridged(x, y, row):
            self._out.append(self._move(x, y))
        if ink != self._ink and not (run.strip(" ") == "" and _same_blank(self._ink, ink)):
            self._out.append(f"\x1b[{_change(self._ink, ink)}m")
            self._ink = ink
        self._out.append(run)
        # Terminals disagree on the width of what is not ASCII: the next cell is addressed anew.
        self._x, self._y = (x + len(run) if run.isascii() or run in _SURE else -1), y

    def _move(self, x: int, y: int) -> str:
        if x == 0 and y == self._y + 1 and self._x >= 0:
            return "\r\n"
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
