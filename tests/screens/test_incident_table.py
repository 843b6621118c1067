"""The queue's table: the cursor stays on its incident, and its line stays on the screen, whatever arrives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.geometry import Region
from textual.pilot import Pilot

from screens.queue_row import COLUMNS, fit_columns, thumb
from screens.widgets.incident_table import IncidentTable
from screens.widgets.listed_rows import ListedRows
from tests.services.samples import MORNING, incident
from tests.support.values import replace
from tui.model.incident import IncidentState
from tui.services.incidents import IncidentBook
from tui.services.views import COLUMN_NAMES, NARROWEST, WIDEST


class TableApp(App[None]):
    """A table and nothing else."""

    def __init__(self, book: IncidentBook) -> None:
        super().__init__()
        self.book = book

    def compose(self) -> ComposeResult:
        yield IncidentTable(self.book, lambda: MORNING)


@asynccontextmanager
async def shown(count: int, height: int = 12) -> AsyncIterator[tuple[IncidentTable, IncidentBook, Pilot[None]]]:
    """A table over a book of so many incidents."""
    book = IncidentBook()
    book.apply([incident(f"{number:04}", number) for number in range(count)])
    async with TableApp(book).run_test(size=(80, height)) as pilot:
        table = pilot.app.query_one(IncidentTable)
        table.select("desk:0000")
        table.focus()
        await pilot.pause()
        yield table, book, pilot


def lines(table: IncidentTable) -> list[str]:
    """The rows as they are painted, without the header."""
    return [table.render_line(y).text for y in range(1, table.size.height)]


def line_of(table: IncidentTable, number: str) -> int:
    """On which line a ticket stands; -1 when it is out of sight."""
    return next((y for y, text in enumerate(lines(table)) if f"INC{number}" in text), -1)


async def test_keys_move_the_cursor_and_the_page_follows() -> None:
    async with shown(50) as (table, _, pilot):
        await pilot.press("down", "j", "k", "down")
        assert table.selected == "desk:0002"
        await pilot.press("G")
        assert table.selected == "desk:0049"
        assert line_of(table, "0049") == table.size.height - 2
        await pilot.press("pageup")
        assert table.selected == "desk:0038"
        await pilot.press("g")
        assert (table.selected, table.scroll_offset.y) == ("desk:0000", 0)


async def test_arrivals_above_leave_the_row_under_the_hand_where_it_is() -> None:
    async with shown(50) as (table, book, pilot):
        await pilot.press(*["down"] * 20)
        assert table.selected == "desk:0020"
        before = line_of(table, "0020")
        table.patch(book.apply([incident(f"9{n:03}", 0, priority=1) for n in range(7)]).changed)
        await pilot.pause()
        assert table.selected == "desk:0020"
        assert line_of(table, "0020") == before
        assert len(table.rows) == 57


async def test_an_incident_that_moves_takes_the_cursor_with_it() -> None:
    async with shown(30) as (table, book, pilot):
        await pilot.press(*["down"] * 5)
        known = book.get("desk:0005")
        assert known is not None
        closed = replace(known.ticket, state=IncidentState.CLOSED, updated_at=MORNING + timedelta(hours=9))
        table.patch(book.apply([replace(known, ticket=closed)]).changed)
        await pilot.pause()
        assert table.selected == "desk:0005"
        assert line_of(table, "0005") >= 0


async def test_a_filter_that_hides_the_incident_selects_the_first_row() -> None:
    async with shown(10) as (table, book, pilot):
        await pilot.press("down", "down")
        table.show(ListedRows(book, book.lines()[7:9]))
        await pilot.pause()
        assert table.selected == "desk:0007"
        table.show(book)
        assert table.selected == "desk:0007"
        table.show(ListedRows(book, []))
        assert table.selected == ""


async def test_other_columns_are_on_every_line_at_once() -> None:
    async with shown(10) as (table, book, pilot):
        area = Region(0, 0, table.size.width, table.size.height)
        before = [strip.text for strip in table.render_lines(area)]
        table.columns, table.sizes = ("ticket", "state"), {"ticket": 30}
        table.show(book)
        await pilot.pause()
        # As they are kept for the terminal: what was not refreshed stands there as it was.
        after = [strip.text for strip in table.render_lines(area)]
        assert all(line[32:].startswith(("state", "●")) for line in after[:11])
        assert not set(after[:11]) & set(before)


async def test_listed_rows_that_follow_the_queue_keep_the_line_under_the_cursor() -> None:
    async with shown(40) as (table, book, pilot):
        table.show(ListedRows(book, book.lines()[10:]))
        await pilot.press("G", "up", "up")
        chosen, line = table.selected, line_of(table, table.selected[-4:])
        assert line > 0
        book.apply([incident("9999", 0, priority=1), incident("0030", 30, state=IncidentState.CLAIMED)])
        table.follow(ListedRows(book, book.lines()))
        await pilot.pause()
        assert table.selected == chosen
        assert line_of(table, chosen[-4:]) == line


async def test_marks_stay_on_their_incidents() -> None:
    async with shown(10) as (table, book, pilot):
        await pilot.press("space", "down", "space")
        assert table.marked == {"desk:0000", "desk:0002"}
        table.patch(book.apply([incident("9999", 0, priority=1)]).changed)
        await pilot.pause()
        assert [text[0] for text in lines(table)[:4]] == [" ", "+", " ", "+"]
        table.unmark_all()
        assert not table.marked


@given(st.integers(20, 260), st.sets(st.sampled_from(COLUMN_NAMES)))
def test_columns_fill_the_width_and_never_pass_it(width: int, chosen: set[str]) -> None:
    columns = fit_columns(width, tuple(chosen))
    assert columns
    assert sum(size + 1 for _, size in columns) - 1 <= max(width, 22)
    assert [name for name, _ in columns] == [name for name, _, _ in COLUMNS if name in dict(columns)]
    if chosen:
        assert {name for name, _ in columns} <= chosen


sizes = st.dictionaries(st.sampled_from(COLUMN_NAMES), st.integers(NARROWEST, WIDEST))


@given(st.integers(62, 260), sizes)
def test_columns_have_the_widths_that_were_chosen(width: int, chosen: dict[str, int]) -> None:
    columns = fit_columns(width, (), chosen)
    assert sum(size + 1 for _, size in columns) - 1 <= width
    for name, size in columns[:-1]:
        assert size == chosen.get(name, size)
    assert columns[-1][1] >= chosen.get(columns[-1][0], 0)


@pytest.mark.parametrize(
    ("width", "needed"), [(79, {"ticket", "device", "cause", "key ID", "state"}), (64, {"ticket", "cause", "state"})]
)
def test_what_matters_most_stays_when_it_gets_narrow(width: int, needed: set[str]) -> None:
    assert needed <= {name for name, _ in fit_columns(width)}


@given(st.integers(0, 2_000), st.integers(0, 60), st.data())
def test_the_thumb_says_how_much_is_shown_and_where(rows: int, page: int, data: st.DataObject) -> None:
    top = data.draw(st.integers(0, max(0, rows - page)))
    first, end = thumb(rows, page, top)
    if rows <= page or not page:
        assert (first, end) == (0, 0)
        return
    assert 0 <= first < end <= page
    assert first == 0 or top > 0
    assert end == page or top < rows - page
    lower, _ = thumb(rows, page, min(top + 1, rows - page))
    assert first <= lower
    assert thumb(rows, page, 0)[0] == 0
    assert thumb(rows, page, rows - page)[1] == page


def bar(table: IncidentTable) -> list[int]:
    """Lines on which the last column is the thumb."""
    style = table.get_component_rich_style("table--thumb")
    table.render_lines(table.size.region)
    return [y for y in range(1, table.size.height) if list(table.render_line(y))[-1].style == style]


async def test_the_bar_follows_the_rows_and_takes_a_click() -> None:
    async with shown(110) as (table, _, pilot):
        assert bar(table) == [1]
        await pilot.press("G")
        assert bar(table) == [11]
        await pilot.click(table, offset=(79, 6))
        assert table.selected == "desk:0054"
        assert bar(table) == [6]
        await pilot.click(table, offset=(79, 1))
        assert table.selected == "desk:0000"
        few = IncidentBook()
        few.apply([incident(f"{number:04}", number) for number in range(11)])
        table.follow(few)
        await pilot.pause()
        assert bar(table) == []
        assert all(len(text) == 80 for text in lines(table))


async def test_the_wheel_turns_the_page() -> None:
    async with shown(50) as (table, _, pilot):
        table.post_message(MouseScrollDown(table, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        await pilot.wait_for_scheduled_animations()
        assert table.scroll_offset.y > 0
