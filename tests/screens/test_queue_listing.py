"""What is typed behind a filter waits for what it finds."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input
from textual.worker import WorkerState

from screens import queue_listing
from screens.queue_listing import QueueListing
from screens.widgets.incident_table import IncidentTable
from tests.services.samples import MORNING, incident
from tui.errors import Problem
from tui.model.incident_line import Line, id_in
from tui.services.incidents import IncidentBook
from tui.terminal_app import TerminalApp


class SlowFilter:
    """Finds ids that hold the words, once it is let."""

    def __init__(self, book: IncidentBook) -> None:
        self.book = book
        self.let = asyncio.Event()

    async def first(self, words: str, near: str) -> Sequence[Line]:
        return (await self.matching(words))[:60]

    async def matching(self, words: str) -> list[Line]:
        await self.let.wait()
        return [line for line in self.book.lines() if words in id_in(line)]


class Listing(QueueListing):
    BINDINGS: ClassVar[list[BindingType]] = [("slash", "filter_queue", "Filter"), ("c", "take", "Take")]
    AUTO_FOCUS = "IncidentTable"

    def compose(self) -> ComposeResult:
        yield IncidentTable(self.desk.queue.book, lambda: MORNING)
        yield Input(id="filter")

    def say_status(self) -> None:
        return

    def action_take(self) -> None:
        self.app.taken.append(self.table.selected)  # type: ignore[attr-defined]


class Bench(TerminalApp):
    def __init__(self) -> None:
        super().__init__()
        book = IncidentBook()
        book.apply([incident(f"{number:04}", number) for number in range(20)])
        self.filter = SlowFilter(book)
        writes = SimpleNamespace(pending=lambda _: (), on_write=lambda _: lambda: None)
        self.desk: Any = SimpleNamespace(queue=SimpleNamespace(book=book, filter=self.filter, writes=writes))
        self.taken: list[str] = []

    def on_mount(self) -> None:
        self.push_screen(Listing())

    def report(self, problem: Problem) -> None:
        raise problem

    def report_failure(self, event: Any) -> None:
        # A list that the next letter cuts off ends in no error.
        if event.state is WorkerState.ERROR:
            raise event.worker.error


def type_in(app: Bench, *keys: str) -> None:
    """Keys as one packet."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  (a screen sets no event)
            await asyncio.sleep(0.005)


async def test_a_key_behind_a_filter_acts_on_what_the_filter_finds() -> None:
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        app.screen.query_one(IncidentTable).select("desk:0002")
        field = app.screen.query_one(Input)
        type_in(app, "slash", *"0013", "enter", "c", "c")
        await until(lambda: field.value == "0013" and not field.has_focus)
        assert app.taken == []
        app.filter.let.set()
        await until(lambda: len(app.taken) == 2)
        assert app.taken == ["desk:0013", "desk:0013"]


async def test_a_filter_that_never_ends_gives_the_keys_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_listing, "PATIENCE_SECONDS", 0.2)
    app = Bench()
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        app.screen.query_one(IncidentTable).select("desk:0002")
        type_in(app, "slash", *"0013", "enter", "c")
        await until(lambda: app.taken)
        assert app.taken == ["desk:0002"]
