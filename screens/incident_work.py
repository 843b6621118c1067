"""What an engineer does with incidents of the queue: claim, note, disclose, rotate."""

from textual import work

from screens.closing import ClosingScreen
from screens.confirm import ConfirmScreen
from screens.intake import IntakeScreen, Order
from screens.note import NoteScreen
from screens.reveal import RevealScreen
from screens.shell import ConsoleScreen
from screens.waiver import WaiverScreen
from screens.widgets.incident_table import IncidentTable
from tui.errors import Problem, ProblemKind
from tui.model.cause import CauseCode
from tui.model.incident import Incident
from tui.services.rotation import DebtState

AROUND = 8
"""Rows above and below the cursor whose texts are fetched with the selected one's: the next step finds its own."""


class IncidentWork(ConsoleScreen):
    """The part of the queue screen that changes the world. Each action binds to its incidents at key press."""

    @property
    def table(self) -> IncidentTable:
        """The table of incidents."""
        return self.query_one(IncidentTable)

    @property
    def incident(self) -> Incident | None:
        """The incident under the cursor."""
        return self.desk.queue.book.get(self.table.selected)

    @property
    def text(self) -> str:
        """The text of the ticket under the cursor; when it is not at hand, empty until `show_device` shows it."""
        text = self.desk.queue.texts.at_hand(self.table.selected)
        if text is None:
            self._fetch_text(self.table.around(AROUND))
        return text or ""

    @work(group="text", exclusive=True, exit_on_error=False, description="fetch a ticket's text")
    async def _fetch_text(self, incident_ids: list[str]) -> None:
        await self.desk.queue.texts.fetch(incident_ids)
        if incident_ids and incident_ids[0] == self.table.selected:
            self.show_device()

    def show_device(self) -> None:
        """Draw the device pane anew."""
        raise NotImplementedError

    def chosen(self) -> tuple[Incident, ...]:
        """The marked incidents, or the one under the cursor."""
        ids = sorted(self.table.marked) or [self.table.selected]
        book = self.desk.queue.book
        return tuple(incident for each in ids if (incident := book.get(each)) is not None)

    def action_claim_incident(self) -> None:
        self._claim(self.chosen())

    @work(group="claim", exit_on_error=False, description="claim incidents")
    async def _claim(self, incidents: tuple[Incident, ...]) -> None:
        me = self.desk.engineer.user.upn
        if not me:
            self.shell.report(
                Problem(ProblemKind.SIGNED_OUT, "Nobody is signed in yet", "", "Sign in first; then claim.")
            )
            return
        claimed = 0
        for incident in incidents:
            try:
                await self.desk.queue.claim(incident.id, me)
                claimed += 1
            except Problem as problem:
                self.shell.report(problem)
        if claimed:
            words = f"{incidents[0].ticket.number} is" if len(incidents) == 1 else f"{claimed} of {len(incidents)} are"
            self.notify(f"{words} yours", markup=False)
            self.table.unmark_all()

    def action_note_incident(self) -> None:
        incidents = self.chosen()
        if incidents:
            self._note(incidents)

    @work(group="note", exit_on_error=False, description="add a work note")
    async def _note(self, incidents: tuple[Incident, ...]) -> None:
        text = await self.app.push_screen_wait(NoteScreen(tuple(each.ticket.number for each in incidents)))
        noted = 0
        for incident in incidents if text else ():
            try:
                await self.desk.queue.note(incident.id, text, self.desk.engineer.user.upn)
                noted += 1
            except Problem as problem:
                self.shell.report(problem)
        if noted:
            self.notify(f"Noted on {noted} of {len(incidents)}", markup=False)
            self.table.unmark_all()

    def action_close_incident(self) -> None:
        incident = self.incident
        if incident is not None:
            self._close_incident(incident)

    @work(group="close", exclusive=True, exit_on_error=False, description="close an incident")
    async def _close_incident(self, incident: Incident) -> None:
        number = incident.ticket.number
        try:
            owed = await self.desk.rotation.blocking(number)
            if owed and not await self.app.push_screen_wait(WaiverScreen(number, owed)):
                return
            shown = await self.desk.last_shown(number)
        except Problem as problem:
            self.shell.report(problem)
            return
        shown_at = f"{shown.astimezone():%H:%M}" if shown else ""
        if await self.app.push_screen_wait(ClosingScreen(incident, self.likely_cause(incident), shown_at)):
            self.notify(f"{number} is closed", markup=False)

    def likely_cause(self, incident: Incident) -> CauseCode:
        """What the evidence or else the ticket says so far; a guess for the one who closes it."""
        known = self.desk.mass.known(incident.id)
        return (known.cause if known is not None and known.cause else incident.reading.cause).code

    def disclose_without_ticket(self) -> None:
        """Start an intake that only a broken glass can carry."""
        self._disclose(None)

    def action_reveal_key(self) -> None:
        incident = self.incident
        if incident is not None:
            self._disclose(incident)

    @work(group="disclosure", exclusive=True, exit_on_error=False, description="disclose a key")
    async def _disclose(self, incident: Incident | None) -> None:
        vault = await self.desk.reveal.warm()
        try:
            order = await self.app.push_screen_wait(IntakeScreen(incident))
            if order is None or not await self.app.push_screen_wait(ConfirmScreen(order)):
                return
            end = await self.app.push_screen_wait(RevealScreen(order.intake, vault))
            if isinstance(end, Problem):
                self.shell.report(end)
            elif end is not None and incident is not None:
                await self._leave_note(incident.id, order)
        except Problem as problem:
            self.shell.report(problem)
        finally:
            await vault.clear("left" if self.app._exception is None else "crash")

    async def _leave_note(self, incident_id: str, order: Order) -> None:
        try:
            await self.desk.note_disclosure(incident_id, order.intake.key.id, order.intake.device.name)
        except Problem as problem:
            # It is kept and goes out by itself; the engineer's hands are on the next caller.
            self.notify(str(problem), severity="warning", markup=False)

    def action_rotate_keys(self) -> None:
        incident = self.incident
        if incident is not None:
            self._rotate(incident.ticket.number)

    @work(group="rotation", exit_on_error=False, description="request a rotation")
    async def _rotate(self, ticket: str) -> None:
        try:
            owed = [debt for debt in await self.desk.rotation.debts() if debt.ticket == ticket and debt.is_open]
            due = [debt for debt in owed if debt.state is not DebtState.PENDING]
            if not due:
                now = self.desk.clock.now()
                state = "; ".join(debt.words(now) for debt in owed) or "nothing was disclosed for it"
                self.notify(f"{ticket}: {state}", markup=False)
            for debt in due:
                await self.desk.rotation.request(debt)
                said = f"Rotation of {debt.device.name} is queued; it is proven when the new key appears"
                self.notify(said, markup=False)
        except Problem as problem:
            self.shell.report(problem)
