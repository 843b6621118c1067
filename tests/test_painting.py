"""The painter: fewer bytes, and the very same screen."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style

from tui.painting import Painter

WIDTH, HEIGHT = 24, 6
CONSOLE = Console(color_system="truecolor", force_terminal=True, width=WIDTH)
STYLES = [
    Style.parse(text)
    for text in (
        "white on #101418",
        "#d0d4d8 on #101418",
        "bold #ffd75f on #101418",
        "bold italic #ffd75f on #5fafd7",
        "black on #5fafd7",
        "underline white on #101418",
        "reverse white on #101418",
        "on #101418",
        "bright_red on color(99)",
        "bold",
        "",
    )
]
blanks = st.integers(14, WIDTH).map(lambda size: "x" + " " * size)
texts = blanks | st.text(st.sampled_from("ab ─│•…é漢字x0123456789🔑"), min_size=1, max_size=WIDTH)
single = st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), texts, st.sampled_from(STYLES))


def panes(left: str, column: int, inks: tuple[Style, Style, Style]) -> list[tuple[int, int, str, Style]]:
    """Two panes and the line between them, in inks of their own."""
    whole = [(left * WIDTH)[:column], "│", " right of it"[: WIDTH - column - 1]]
    starts = (0, column, column + 1)
    return [(y, x, text, ink) for y in range(HEIGHT) for x, text, ink in zip(starts, whole, inks, strict=True) if text]


two_panes = st.builds(
    panes,
    st.sampled_from(["x", "x ", "x     ", " "]),
    st.integers(1, WIDTH - 1),
    st.tuples(*[st.sampled_from(STYLES)] * 3),
)
pieces = st.lists(single.map(lambda each: [each]) | two_panes, max_size=6).map(lambda found: [*chain(*found)])
frames = st.lists(pieces, max_size=8)


def segments(frame: list[tuple[int, int, str, Style]]) -> list[Segment]:
    """A frame as Textual's updates give it; what would run over the edge is cut."""
    found: list[Segment] = []
    for y, x, text, style in frame:
        while Segment(text).cell_length > WIDTH - x:
            text = text[:-1]
        if text:
            found += [Control.move_to(x, y).segment, Segment(text, style)]
    return found


def plainly(parts: list[Segment]) -> str:
    """What Textual itself would write."""
    system = CONSOLE._color_system
    return "".join(
        part.text if part.control else (part.style or Style.null()).render(part.text, color_system=system)
        for part in parts
    )


def screen() -> tuple[pyte.Screen, pyte.Stream]:
    found = pyte.Screen(WIDTH, HEIGHT)
    return found, pyte.Stream(found)


def picture(found: pyte.Screen) -> list[list[object]]:
    """Characters with their colours; an empty cell is a blank, and of a blank only what shows counts."""
    return [[_seen(found.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def _seen(cell: Any) -> object:
    if cell.data == " " and not (cell.underscore or cell.reverse or cell.strikethrough):
        return cell.data, cell.bg
    return cell


def cleared(frame: list[Segment]) -> list[Segment]:
    """A first frame that covers the screen, as Textual's first one does."""
    rows = [part for y in range(HEIGHT) for part in (Control.move_to(0, y).segment, Segment(" " * WIDTH, STYLES[0]))]
    return [*rows, *frame]


@given(frames, st.booleans())
def test_the_screen_is_the_same_as_without_it(frames: list[list[tuple[int, int, str, Style]]], erases: bool) -> None:
    painter = Painter(erases=erases)
    painter.fit(WIDTH, HEIGHT)
    (mine, my_stream), (plain, plain_stream) = screen(), screen()
    for number, frame in enumerate(frames):
        whole = cleared(segments(frame)) if number == 0 else segments(frame)
        my_stream.feed(painter.paint(whole, CONSOLE))
        plain_stream.feed(plainly(whole))
        if not any(_torn(row) for row in plain.buffer.values()):
            assert picture(mine) == picture(plain)


def _torn(row: Mapping[int, object]) -> bool:
    """Half a wide character was overwritten: what terminals do with the other half differs, and pyte keeps it."""
    cells = [getattr(row.get(x), "data", " ") for x in range(WIDTH)]
    return any(
        (cell == "") != (x > 0 and len(cells[x - 1]) == 1 and ord(cells[x - 1]) > 0x2E80)
        for x, cell in enumerate(cells)
    )


def lines(text: str) -> list[Segment]:
    """A frame that covers the screen, with a text on its second line."""
    found: list[Segment] = []
    for y in range(HEIGHT):
        found += [Control.move_to(0, y).segment, Segment((text if y == 1 else "").ljust(WIDTH), STYLES[0])]
    return found


def test_what_stands_there_costs_nothing_and_one_cell_little() -> None:
    painter = Painter()
    painter.fit(WIDTH, HEIGHT)
    assert len(painter.paint(lines("key 12"), CONSOLE)) > WIDTH * HEIGHT
    assert painter.paint(lines("key 12"), CONSOLE) == ""
    assert painter.paint(lines("key 13"), CONSOLE) == "\x1b[2;6H\x1b[0;37;48;2;16;20;24m3\x1b[m"
    assert painter.paint(lines("kEy 14"), CONSOLE) == "\x1b[2;2H\x1b[0;37;48;2;16;20;24mEy 14\x1b[m"


def test_a_line_between_two_panes_is_drawn_in_one_go() -> None:
    painter = Painter()
    painter.fit(WIDTH, HEIGHT)
    frame = segments(panes("left ", 10, (STYLES[0], STYLES[1], STYLES[0])))
    drawn = painter.paint(cleared(frame), CONSOLE)
    (mine, my_stream), (plain, plain_stream) = screen(), screen()
    my_stream.feed(drawn)
    plain_stream.feed(plainly(cleared(frame)))
    assert picture(mine) == picture(plain)
    assert drawn.count("38;2;208;212;216") == 1
    assert drawn.endswith("│\b\x1b[B│\x1b[m")


def test_after_forgetting_everything_is_written_again() -> None:
    painter = Painter()
    painter.fit(WIDTH, HEIGHT)
    first = painter.paint(lines("a"), CONSOLE)
    painter.forget()
    assert painter.paint(lines("a"), CONSOLE) == first
    painter.fit(WIDTH, HEIGHT)
    assert painter.paint(lines("a"), CONSOLE) == ""
    painter.fit(WIDTH + 1, HEIGHT)
    assert painter.paint(lines("a"), CONSOLE) == first
