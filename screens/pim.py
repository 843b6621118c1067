"""Roles just in time: what is in force with its scope and end, and what can be activated for this incident."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.model.incident import Incident
from tui.model.rights import RoleGrant
from tui.services.pim import MINUTES, denial_words, offers, scope_words


class PimScreen(ConsoleModal[bool]):
    """Answers whether a role was activated."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM, Scope.PIM)
    DEFAULT_CSS = "PimScreen #role-row { display: none; }"
    AUTO_FOCUS = "#justification"

    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self._incident = incident
        self._offers: tuple[RoleGrant, ...] = ()
        self._place = 0

    def compose(self) -> ComposeResult:
        ticket = self._incident.ticket
        with Vertical(classes="card"):
            yield Static(Content.assemble(("Roles for this incident  ", "bold $primary"), ticket.number))
            yield Static("Asking Entra ID ...", id="roles", markup=False)
            with Horizontal(classes="field", id="role-row"):
                yield Label("justification")
                yield Input(id="justification", placeholder="why; enter activates", max_length=300)
            yield Static(id="hint", classes="hint")
            yield Static(id="error", classes="error")
        yield KeyLine()

    def on_mount(self) -> None:
        self._look()

    @work(group="pim-look", exclusive=True, exit_on_error=False, description="ask for roles")
    async def _look(self) -> None:
        desk, ticket = self.desk, self._incident.ticket.number
        try:
            rights = await desk.rights.current(refresh=True)
            active = await desk.safeguards.pim.active(rights, ticket)
        except Problem as problem:
            self._refuse(problem)
            return
        self._offers = offers(rights)
        lines = [Content(f"active: {role.words()}") for role in active] or [Content("active: no role that reads keys")]
        self.query_one("#roles", Static).update(Content("\n").join(lines))
        self.query_one("#role-row").display = bool(self._offers)
        if self._offers:
            field = self.query_one("#justification", Input)
            field.value = f"{ticket}: BitLocker recovery of {self._incident.ticket.device_name or 'a device'}"
            field.focus()
        self._describe()

    def _describe(self) -> None:
        if not self._offers:
            said = "" if self.desk.rights.known and self.desk.rights.known.key_readers else self._no_offer()
        else:
            grant = self._offers[self._place]
            more = f" ({self._place + 1} of {len(self._offers)}, ↑↓)" if len(self._offers) > 1 else ""
            said = (
                f"eligible: {grant.role} on {scope_words(grant)}{more}, for {MINUTES} minutes; "
                f"the ticket {self._incident.ticket.number} ({self._incident.source}) goes with it"
            )
        self.query_one("#hint", Static).update(Content(said))

    def _no_offer(self) -> str:
        contact = self.desk.safeguards.pim.contact or "a colleague whose role reads keys"
        return f"No role of yours reads keys, and none can be activated. Escalate to {contact}."

    def action_next_role(self) -> None:
        self._step(1)

    def action_previous_role(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self._offers:
            self._place = (self._place + by) % len(self._offers)
            self._describe()

    @on(Input.Submitted, "#justification")
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        if self._offers:
            self._activate(self._offers[self._place], self.query_one("#justification", Input).value)

    def action_cancel_form(self) -> None:
        self.dismiss(False)

    @work(group="pim", exclusive=True, exit_on_error=False, description="activate a role")
    async def _activate(self, grant: RoleGrant, justification: str) -> None:
        pim, incident = self.desk.safeguards.pim, self._incident
        self.query_one("#error", Static).update("")
        try:
            found = await pim.activate(grant, justification, incident.ticket.number, incident.source)
        except Problem as problem:
            self._refuse(problem)
            return
        if found.waits:
            self.query_one("#hint", Static).update(Content(f"{found.status}: somebody has to approve it first."))
            return
        self.app.notify(f"{grant.role} is active ({found.status})", markup=False)
        self.dismiss(True)

    def _refuse(self, problem: Problem) -> None:
        words = denial_words(problem, self.desk.safeguards.pim.contact)
        self.query_one("#error", Static).update(Content(words))
