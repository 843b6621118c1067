"""The queue: incidents on the left, the selected one's device on the right or, on narrow terminals, behind enter."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from screens.collect import CollectScreen
from screens.look_up import LookUpScreen
from screens.queue_listing import QueueListing
from screens.queue_status import QueueCounts, queue_status, source_status
from screens.render import dossier_content
from screens.runbook import RunbookScreen
from screens.shell import bindings, fit_to_width
from screens.widgets.incident_table import IncidentTable
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import DevicePane
from screens.widgets.panes import Panes
from screens.widgets.status_line import StatusLine
from screens.write_words import write_lines
from tui.actions import Scope
from tui.errors import Problem
from tui.model.dossier import Dossier
from tui.model.incident import Incident
from tui.services.collection import Collection, joined
from tui.services.desk import query_of
from tui.services.incidents import Diff
from tui.services.views import View

AGES_SECONDS = 20.0
"""How often the ages in the rows are looked at; only what changed of them reaches the terminal."""


class QueueScreen(QueueListing):
    """The first screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.QUEUE, Scope.DEVICE)
    AUTO_FOCUS = "IncidentTable"
    BLANK = True  # Its parts cover it.

    def __init__(self) -> None:
        super().__init__()
        self._dossier: Dossier | None = None
        self._dossier_of = ""
        self._collected: dict[str, Collection] = {}
        self._new = 0

    def compose(self) -> ComposeResult:
        fit_to_width(self)
        yield StatusLine(id="status")
        yield Static(id="notice")
        with Panes():
            yield IncidentTable(self.desk.queue.book, self.desk.clock.now)
            yield DevicePane()
        yield Input(placeholder="filter: words that must all occur", id="filter")
        yield KeyLine()

    def on_mount(self) -> None:
        self._unlisten = self.desk.queue.on_diff(self._on_diff)
        self.set_interval(1.0, self.say_status)
        self.set_interval(AGES_SECONDS, self.table.refresh)
        self._select_first()
        self.call_after_refresh(self.say_status)
        self.show_device()

    def on_unmount(self) -> None:
        self._unlisten()

    def stand_on(self, front: IncidentTable) -> None:
        """Go on where the first frame's table was left."""
        self.table.select(front.selected)
        self.call_after_refresh(self.table.scroll_to, y=front.scroll_offset.y, animate=False, force=True)

    def jump_to(self, incident_id: str) -> None:
        """Put the cursor on an incident; what hides it is taken away."""
        if self.table.rows.position(incident_id) is None:
            self.show_group(None)
            self._open_view(View())
            self.table.show(self.desk.queue.book)
        self.table.select(incident_id)
        self.table.focus()

    def say_notice(self, text: str) -> None:
        """Show one line above the queue until escape is pressed."""
        self.query_one("#notice", Static).update(Content(text))
        self.add_class("-notice")

    def _on_diff(self, diff: Diff) -> None:
        if self._is_listing:
            self._stale = True
        else:
            self.table.patch(diff.changed)
        self._new += len(diff.added) if self.table.selected else 0
        self._select_first()
        if self.table.selected in diff.changed:
            self.show_device()
        self.say_status()

    def _select_first(self) -> None:
        if not self.table.selected and len(self.table.rows):
            self.table.select(self.table.rows.at(0).id)

    @on(IncidentTable.Marked)
    def say_status(self) -> None:
        desk, now = self.desk, self.desk.clock.now()
        me = desk.engineer.user.upn
        if me != self.table.me:
            self.table.me = me
            self.table.refresh()
        counts = QueueCounts(self._new, len(self.table.marked))
        left = queue_status(desk, self._view, self._group, counts, now)
        self.query_one(StatusLine).say(left, source_status(desk, now))

    @on(IncidentTable.Selected)
    def _selected(self, message: IncidentTable.Selected) -> None:
        self._new = 0
        if message.incident_id != self._dossier_of:
            self._dossier, self._dossier_of = None, ""
        self.show_device()

    def show_device(self) -> None:
        dossier = self._dossier if self._dossier_of == self.table.selected else None
        collected = self._collected.get(self.table.selected)
        if dossier is not None and collected is not None:
            dossier = joined(dossier, collected)
        now = self.desk.clock.now()
        writes = write_lines(self.desk.queue.writes.pending(self.table.selected), now)
        told = dossier_content(self.incident, dossier, now, self.text)
        self.query_one(DevicePane).say(Content("\n").join([*writes, told]))

    def action_open_device(self) -> None:
        incident = self.incident
        if incident is None:
            return
        self.add_class("-device")
        self._dossier_of = incident.id
        if self.has_class("-narrow"):
            self.query_one(DevicePane).focus()
        self._join(incident)

    @work(group="dossier", exclusive=True, exit_on_error=False, description="join a device's sources")
    async def _join(self, incident: Incident) -> None:
        def show(dossier: Dossier) -> None:
            if self._dossier_of == incident.id:
                self._dossier = dossier
                self.show_device()

        try:
            show(await self.desk.open_dossier(query_of(incident), show))
        except Problem as problem:
            self.shell.report(problem)

    def action_collect_facts(self) -> None:
        incident = self.incident
        if incident is not None:
            self._collect(incident, self._dossier if self._dossier_of == incident.id else None)

    @work(group="collect", exclusive=True, exit_on_error=False, description="collect from a device")
    async def _collect(self, incident: Incident, dossier: Dossier | None) -> None:
        collection = await self.app.push_screen_wait(CollectScreen(self.desk.collection, incident, dossier))
        if collection is not None:
            self._collected[incident.id] = collection
            self.show_device()
            try:
                read = f"{collection.way} {collection.sha256[:12]}"
                await self.desk.mass.remember(incident, read, collection.evidence)
            except Problem as problem:
                self.shell.report(problem)

    def action_open_runbook(self) -> None:
        incident = self.incident
        if incident is not None:
            self._open_runbook(incident, self._dossier if self._dossier_of == incident.id else None)

    @work(group="runbook", exclusive=True, exit_on_error=False, description="compute the runbook")
    async def _open_runbook(self, incident: Incident, dossier: Dossier | None) -> None:
        try:
            steps = await self.desk.runbook(incident, dossier)
        except Problem as problem:
            self.shell.report(problem)
        else:
            self.app.push_screen(RunbookScreen(incident.ticket.number, steps))

    def action_go_back(self) -> None:
        if self.has_class("-device"):
            self.remove_class("-device")
            self.table.focus()
        elif self.has_class("-filtering"):
            self.show_only("")
        elif self._group is not None:
            self.show_group(None)
        elif self.table.marked:
            self.table.unmark_all()
        self.remove_class("-notice")

    def action_look_up(self) -> None:
        self.app.push_screen(LookUpScreen())
