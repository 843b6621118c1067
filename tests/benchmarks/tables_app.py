"""One table over the cached queue: ours, Textual's DataTable, or textual-fastdatatable; run on a pty by `tables`.

All read the same cache through the queue's own service. In the peers `/` filters as one types, `t` sorts by ticket and
`s` by device; what they show and what they look through is ready made in memory.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Input, Static

from screens.queue_row import queue_cells
from screens.widgets.incident_table import IncidentTable
from tui.clock import SystemClock
from tui.services.incidents import IncidentBook
from tui.services.queue import QueueService
from tui.services.views import COLUMN_NAMES
from tui.store.cache import open_cache

NOW = datetime(2026, 4, 15, 7, tzinfo=UTC) + timedelta(days=2)
CLOCKS = ("age", "due")
"""Columns that no filter looks at."""


class Ours:
    """The queue's table; only loaded here, for the real console filters and sorts."""

    def prepare(self, book: IncidentBook) -> None:
        """Nothing: it shows the book."""
        self._book = book

    async def show(self, place: Vertical) -> None:
        """Paint the book."""
        table = IncidentTable(self._book, lambda: NOW)
        await place.mount(table)
        table.select(self._book.at(0).id)

    async def filter(self, words: str, place: Vertical) -> None:
        """Not measured here."""

    def sort(self, column: str) -> None:
        """Not measured here."""


class Data(Ours):
    """Textual's DataTable: a filter clears it and adds the rows that match."""

    def prepare(self, book: IncidentBook) -> None:
        incidents = [book.at(place) for place in range(len(book))]
        rows = [queue_cells(each, NOW) for each in incidents]
        self._cells = [tuple(row[name] for name in COLUMN_NAMES) for row in rows]
        self._texts = [" ".join(text for name, text in row.items() if name not in CLOCKS).lower() for row in rows]

    async def show(self, place: Vertical) -> None:
        self._table: DataTable[str] = DataTable(cursor_type="row")
        await place.mount(self._table)
        for name in COLUMN_NAMES:
            self._table.add_column(name, key=name)
        self._table.add_rows(self._cells)

    async def filter(self, words: str, place: Vertical) -> None:
        self._table.clear()
        self._table.add_rows(cells for cells, text in zip(self._cells, self._texts, strict=True) if words in text)

    def sort(self, column: str) -> None:
        self._table.sort(column)


class Fast(Data):
    """textual-fastdatatable: Arrow filters, and the rows that match come in a new table, as its `clear` says."""

    async def show(self, place: Vertical) -> None:
        import pyarrow as pa
        from textual_fastdatatable import ArrowBackend

        columns = dict(zip(COLUMN_NAMES, map(list, zip(*self._cells, strict=True)), strict=True))
        self._whole = pa.table(columns)
        self._looked_through = pa.array(self._texts)
        await self._mount(place, ArrowBackend(self._whole))

    async def _mount(self, place: Vertical, backend: Any) -> None:
        from textual_fastdatatable import DataTable as FastTable

        await place.remove_children()
        self._fast = FastTable(backend=backend, cursor_type="row", render_markup=False)
        await place.mount(self._fast)

    async def filter(self, words: str, place: Vertical) -> None:
        import pyarrow.compute as pc
        from textual_fastdatatable import ArrowBackend

        await self._mount(place, ArrowBackend(self._whole.filter(pc.match_substring(self._looked_through, words))))

    def sort(self, column: str) -> None:
        self._fast.sort([(column, "ascending")])


DESIGNS: dict[str, Callable[[], Ours]] = {"ours": Ours, "data": Data, "fast": Fast}


class TableApp(App[None]):
    """A line that says how long loading took, the place of the table, and the filter."""

    CSS = "#mark, Input { height: 1; border: none; } #place { height: 1fr; }"
    BINDINGS = [("slash", "filter", "Filter"), ("s", "sort('device')", ""), ("t", "sort('ticket')", "")]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, design: Ours, cache: Path) -> None:
        super().__init__()
        self._design = design
        self._cache = cache

    def compose(self) -> ComposeResult:
        yield Static(id="mark")
        yield Vertical(id="place")
        yield Input(id="filter")

    def on_mount(self) -> None:
        self.call_after_refresh(self._load)

    async def _load(self) -> None:
        begun = time.perf_counter()
        async with await open_cache(self._cache) as cache:
            queue = QueueService((), cache, SystemClock())
            await queue.load_cached()
            await asyncio.to_thread(self._design.prepare, queue.book)
        read = time.perf_counter() - begun
        await self._design.show(self.query_one("#place", Vertical))
        self.screen.set_focus(None)
        self.call_after_refresh(self._say_loaded, begun, read)

    def _say_loaded(self, begun: float, read: float) -> None:
        words = f"LOADED {time.perf_counter() - begun:.3f} s, rows {read:.3f} s"
        self.query_one("#mark", Static).update(words)

    def action_filter(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Changed)
    async def _typed(self, event: Input.Changed) -> None:
        await self._design.filter(event.value, self.query_one("#place", Vertical))

    @on(Input.Submitted)
    def _leave(self) -> None:
        self.screen.set_focus(None)

    def action_sort(self, column: str) -> None:
        self._design.sort(column)


if __name__ == "__main__":
    TableApp(DESIGNS[sys.argv[1]](), Path(sys.argv[2])).run()
