"""The first frame: the top of the queue as it was last seen, painted before anything else is imported."""

from collections.abc import Callable, Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from screens.shell import fit_to_width
from screens.widgets.incident_table import IncidentTable
from screens.widgets.panes import Panes
from screens.widgets.status_line import StatusLine
from tui.model.incident import Incident


class FirstRows:
    """The cached incidents that the first frame shows, in the cache's order."""

    def __init__(self, incidents: Sequence[Incident]) -> None:
        self._incidents = incidents
        self._places = {incident.id: place for place, incident in enumerate(incidents)}

    def __len__(self) -> int:
        return len(self._incidents)

    def at(self, position: int) -> Incident:
        """The incident on a position."""
        return self._incidents[position]

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands; None when it is not among the rows."""
        return self._places.get(incident_id)


class FrontScreen(Screen[None]):
    """Stands where the queue is going to stand. The cursor moves; every other key waits until the console is open."""

    AUTO_FOCUS = "IncidentTable"
    BLANK = True  # Its parts cover it.

    def __init__(self, tenant: str, incidents: Sequence[Incident], now: Callable[[], datetime]) -> None:
        super().__init__()
        self._tenant = tenant
        self._rows = FirstRows(incidents)
        self._now = now

    def compose(self) -> ComposeResult:
        fit_to_width(self)
        yield StatusLine(Content.assemble(("Reseal ", "bold $primary"), f"{self._tenant}  opening ..."), id="status")
        with Panes():
            yield IncidentTable(self._rows, self._now)
            yield Static(classes="beside")
        yield Static(" What you type is kept until the console is open.", id="opening")

    def on_mount(self) -> None:
        if len(self._rows):
            self.table.select(self._rows.at(0).id)

    @property
    def table(self) -> IncidentTable:
        """The table of the cached incidents."""
        return self.query_one(IncidentTable)
