"""The queue's table, or Textual's DataTable, over so many invented incidents; run on a pseudo-terminal by `queue`."""

import gc
import sys
import time
from datetime import UTC, datetime, timedelta

from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import DataTable, Static

from screens.queue_row import queue_cells
from screens.widgets.incident_table import IncidentTable
from tui.driver import ConsoleDriver
from tui.model.cause import Cause, CauseCode
from tui.model.incident import Incident, IncidentState, Ticket, TicketReading
from tui.painting import PaintedUpdate, Painter
from tui.services.incidents import IncidentBook
from tui.services.views import COLUMN_NAMES

MORNING = datetime(2026, 4, 15, 7, tzinfo=UTC)
STATES = tuple(IncidentState)[:3]
CAUSES = (CauseCode.SECUREBOOT_CHANGED, CauseCode.PCR_MISMATCH, CauseCode.UNKNOWN, CauseCode.TPM_CLEARED)


def invented(number: int, state: IncidentState = IncidentState.NEW, updated: int = 0) -> Incident:
    """An incident that tells nothing of anybody."""
    opened = MORNING + timedelta(seconds=number)
    ticket = Ticket(
        str(number), f"INC{number:07}", "BitLocker", "", f"user{number % 977}@demo.example", f"DEMO-{number % 5000:04}",
        state, 3, "", False, opened, opened + timedelta(seconds=updated),
    )  # fmt: skip
    reading = TicketReading((f"{number:08x}",), (f"KB50{number % 90000:05}",), cause=Cause(CAUSES[number % 4]))
    return Incident(f"demo:{number}", "demo", ticket, reading)


class QueueApp(App[None]):
    """`u` turns 100 updates a second on and off, `q` leaves."""

    BINDINGS = [("u", "live", "Live"), ("q", "quit", "Quit")]  # noqa: RUF012
    CSS = "Static { height: 1; } IncidentTable, DataTable { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, design: str, count: int) -> None:
        super().__init__(driver_class=ConsoleDriver)
        self._design = design
        self._incidents = [invented(number) for number in range(count)]
        self._painter = Painter(erases=True) if design == "line" else None
        self._timer = None
        self._round = 0

    def compose(self) -> ComposeResult:
        yield Static(id="mark")
        if self._design == "line":
            yield IncidentTable(IncidentBook(), lambda: MORNING + timedelta(days=2))
        else:
            yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        self.call_after_refresh(self._load)

    def _load(self) -> None:
        started = time.perf_counter()
        if self._design == "line":
            table = self.query_one(IncidentTable)
            self.book = IncidentBook()
            self.book.apply(self._incidents)
            table.show(self.book)
            table.focus()
        else:
            data = self.query_one(DataTable)
            data.add_columns(*COLUMN_NAMES)
            now = MORNING + timedelta(days=2)
            data.add_rows([tuple(queue_cells(each, now)[name] for name in COLUMN_NAMES) for each in self._incidents])
            data.focus()
        self.call_after_refresh(self._loaded, started)

    def _loaded(self, started: float) -> None:
        gc.collect()
        gc.freeze()
        self.query_one("#mark", Static).update(f"LOADED {time.perf_counter() - started:.4f} s")

    def _display(self, screen: Screen[object], renderable: object) -> None:
        if self._painter is not None and isinstance(renderable, CompositorUpdate):
            self._painter.fit(*self.size)
            renderable = PaintedUpdate(renderable, self._painter)
        super()._display(screen, renderable)  # type: ignore[arg-type]

    def action_live(self) -> None:
        if self._timer is None:
            self._timer = self.set_interval(0.1, self._update)  # type: ignore[assignment]
            self.query_one("#mark", Static).update("LIVE ON")
        else:
            self._timer.stop()
            self._timer = None
            self.query_one("#mark", Static).update("LIVE OFF")

    def _update(self) -> None:
        self._round += 1
        table = self.query_one(IncidentTable)
        top = int(table.scroll_offset.y)
        numbers = [(top + place) % len(self._incidents) for place in (3, 17)]
        numbers += [(self._round * 7919 + place * 104729) % len(self._incidents) for place in range(8)]
        changed = [invented(number, STATES[self._round % 3], self._round) for number in numbers]
        table.patch(self.book.apply(changed).changed)


if __name__ == "__main__":
    QueueApp(sys.argv[1], int(sys.argv[2])).run()
