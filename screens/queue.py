"""The queue: incidents on the left, the selected one's device on the right or, on narrow terminals, behind enter."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Input, Static

from screens.confirm import ConfirmScreen
from screens.intake import IntakeScreen
from screens.look_up import LookUpScreen
from screens.render import dossier_content, health_words
from screens.reveal import RevealScreen
from screens.shell import ConsoleScreen, bindings
from screens.widgets.incident_table import IncidentTable
from screens.widgets.page_view import DevicePane
from screens.widgets.status_line import StatusLine
from tui.actions import Scope
from tui.errors import Problem, ProblemKind
from tui.model.dossier import Dossier
from tui.model.incident import Incident, IncidentState
from tui.services.desk import query_of
from tui.services.incidents import Diff, IncidentBook, matcher
from tui.services.rotation import DebtState

FILTER_SLICE = 2_000
"""Incidents looked at before the event loop gets its turn."""


class FilteredRows:
    """The part of the book that a filter lets through, in the book's order."""

    def __init__(self, book: IncidentBook, ids: Sequence[str]) -> None:
        self._book = book
        self._ids = list(ids)
        self._places = {incident_id: place for place, incident_id in enumerate(self._ids)}

    def __len__(self) -> int:
        return len(self._ids)

    def at(self, position: int) -> Incident:
        """The incident on a position."""
        incident = self._book.get(self._ids[position])
        assert incident is not None
        return incident

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands; None when the filter hides it."""
        return self._places.get(incident_id)


class QueueScreen(ConsoleScreen):
    """The first screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.QUEUE, Scope.DEVICE)
    AUTO_FOCUS = "IncidentTable"

    def __init__(self) -> None:
        super().__init__()
        self._dossier: Dossier | None = None
        self._dossier_of = ""
        self._new = 0
        self._words = ""

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status")
        yield Static(id="notice")
        with Horizontal(id="work"):
            yield IncidentTable(self.desk.queue.book, self.desk.clock.now)
            yield DevicePane()
        yield Input(placeholder="filter: words that must all occur", id="filter")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._unlisten = self.desk.queue.on_diff(self._on_diff)
        self.set_interval(1.0, self._tick)
        self.table.me = self.desk.engineer.user.upn
        self.table.select(self.desk.queue.book.at(0).id if len(self.desk.queue.book) else "")
        self.call_after_refresh(self._tick)
        self._show_device()

    def on_unmount(self) -> None:
        self._unlisten()

    @property
    def table(self) -> IncidentTable:
        """The table of incidents."""
        return self.query_one(IncidentTable)

    @property
    def incident(self) -> Incident | None:
        """The incident under the cursor."""
        return self.desk.queue.book.get(self.table.selected)

    def show_only(self, words: str) -> None:
        """Filter the queue, as if the words had been typed."""
        self.query_one("#filter", Input).value = words
        self.set_class(bool(words), "-filtering")
        self.table.focus()

    def say_notice(self, text: str) -> None:
        """Show one line above the queue until escape is pressed."""
        self.query_one("#notice", Static).update(Content(text))
        self.add_class("-notice")

    def _on_diff(self, diff: Diff) -> None:
        self.table.me = self.desk.engineer.user.upn
        if self._words:
            self._apply_filter(self._words)
        else:
            self.table.patch(diff.changed)
        self._new += len(diff.added) if self.table.selected else 0
        if not self.table.selected and len(self.desk.queue.book):
            self.table.select(self.desk.queue.book.at(0).id)
        if self.table.selected in diff.changed:
            self._show_device()
        self._tick()

    def _tick(self) -> None:
        desk, now = self.desk, self.desk.clock.now()
        book = desk.queue.book
        me = desk.engineer.user.upn
        open_count = mine = 0
        for incident in book.all():
            if incident.ticket.state is IncidentState.CLOSED:
                break
            open_count += 1
            mine += bool(me) and incident.ticket.assignee == me
        left = Content.assemble(
            ("Reseal ", "bold $primary"),
            f"{desk.tenant}  {open_count} open",
            f"  {mine} mine" if me else "  signing in ...",
            (f"  {self._new} new" if self._new else "", "$accent"),
        )
        right = Content("  ").join(
            health_words(name, desk.queue.health.get(name), now) for name in desk.queue.source_names
        )
        self.query_one(StatusLine).say(left, right)

    @on(IncidentTable.Selected)
    def _selected(self, message: IncidentTable.Selected) -> None:
        self._new = 0
        if message.incident_id != self._dossier_of:
            self._dossier, self._dossier_of = None, ""
        self._show_device()

    def _show_device(self) -> None:
        dossier = self._dossier if self._dossier_of == self.table.selected else None
        self.query_one(DevicePane).say(dossier_content(self.incident, dossier, self.desk.clock.now()))

    def action_open_device(self) -> None:
        incident = self.incident
        if incident is None:
            return
        self.add_class("-device")
        self._dossier_of = incident.id
        if self.has_class("-narrow"):
            self.query_one(DevicePane).focus()
        self._join(incident)

    def action_go_back(self) -> None:
        if self.has_class("-device"):
            self.remove_class("-device")
            self.table.focus()
        elif self.has_class("-filtering"):
            self.show_only("")
        self.remove_class("-notice")

    def action_filter_queue(self) -> None:
        self.add_class("-filtering")
        self.query_one("#filter", Input).focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._words = event.value.strip()
        self._apply_filter(self._words)

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.set_class(bool(self._words), "-filtering")
        self.table.focus()

    @work(group="filter", exclusive=True, exit_on_error=False, description="filter the queue")
    async def _apply_filter(self, words: str) -> None:
        book = self.desk.queue.book
        if not words:
            self.table.show(book)
            return
        matches, ids = matcher(words), []
        for place in range(len(book)):
            if place % FILTER_SLICE == FILTER_SLICE - 1:
                await asyncio.sleep(0)
            incident = book.at(place) if place < len(book) else None
            if incident is not None and matches(incident):
                ids.append(incident.id)
        self.table.show(FilteredRows(book, ids))

    def action_look_up(self) -> None:
        self.app.push_screen(LookUpScreen())

    def action_refresh_queue(self) -> None:
        self._refresh()

    @work(group="refresh", exclusive=True, exit_on_error=False, description="ask the ticket sources")
    async def _refresh(self) -> None:
        for name in self.desk.queue.source_names:
            await self.desk.queue.sync(name)
        self._tick()

    def action_claim_incident(self) -> None:
        incident = self.incident
        if incident is not None:
            self._claim(incident.id)

    @work(group="claim", exit_on_error=False, description="claim an incident")
    async def _claim(self, incident_id: str) -> None:
        try:
            me = self.desk.engineer.user.upn
            if not me:
                raise Problem(ProblemKind.SIGNED_OUT, "Nobody is signed in yet", "", "Sign in first; then claim.")
            claimed = await self.desk.queue.claim(incident_id, me)
            self.notify(f"{claimed.ticket.number} is yours", markup=False)
        except Problem as problem:
            self.shell.report(problem)

    @work(group="dossier", exclusive=True, exit_on_error=False, description="join a device's sources")
    async def _join(self, incident: Incident) -> None:
        def show(dossier: Dossier) -> None:
            if self._dossier_of == incident.id:
                self._dossier = dossier
                self._show_device()

        try:
            show(await self.desk.open_dossier(query_of(incident), show))
        except Problem as problem:
            self.shell.report(problem)

    def action_reveal_key(self) -> None:
        incident = self.incident
        if incident is not None:
            self._disclose(incident)

    @work(group="disclosure", exclusive=True, exit_on_error=False, description="disclose a key")
    async def _disclose(self, incident: Incident) -> None:
        vault = await self.desk.reveal.warm()
        try:
            order = await self.app.push_screen_wait(IntakeScreen(incident))
            if order is None or not await self.app.push_screen_wait(ConfirmScreen(order)):
                return
            await self.app.push_screen_wait(RevealScreen(order.intake, vault))
        except Problem as problem:
            self.shell.report(problem)
        finally:
            await vault.clear("left")
            self._show_device()

    def action_rotate_keys(self) -> None:
        incident = self.incident
        if incident is not None:
            self._rotate(incident.ticket.number)

    @work(group="rotation", exit_on_error=False, description="request a rotation")
    async def _rotate(self, ticket: str) -> None:
        try:
            open_debts = [debt for debt in await self.desk.rotation.debts() if debt.ticket == ticket and debt.is_open]
            due = [debt for debt in open_debts if debt.state is not DebtState.PENDING]
            if not due:
                state = "already requested, waiting for the device" if open_debts else "nothing was disclosed for it"
                self.notify(f"{ticket}: {state}", markup=False)
            for debt in due:
                await self.desk.rotation.request(debt)
                self.notify(
                    f"Rotation of {debt.device.name} is queued; it is proven when the new key appears", markup=False
                )
        except Problem as problem:
            self.shell.report(problem)
