"""Closing an incident: when the device was unlocked, why it asked for the key, and who goes on where that is open."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.cause_choice import CauseChoice
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.model.cause import CauseCode
from tui.model.incident import Incident
from tui.services.closing import NEVER, Closing, read_unlocked
from tui.services.intake_text import secret_in
from tui.text import clean_line


class ClosingScreen(ConsoleModal[bool]):
    """Answers whether the incident was closed; what is refused is said in the form, which stays."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM, Scope.CLOSING)
    CSS = "ClosingScreen .field { margin-bottom: 0; }"
    AUTO_FOCUS = "#unlocked"

    def __init__(self, incident: Incident, cause: CauseCode, shown_at: str = "") -> None:
        super().__init__()
        self._incident = incident
        self._cause = cause
        self._shown_at = shown_at

    def compose(self) -> ComposeResult:
        ticket = self._incident.ticket
        shown = f"the key was shown until {self._shown_at}" if self._shown_at else f"or {NEVER}"
        with Vertical(classes="card"):
            yield Static(
                Content.assemble((f"Close {ticket.number}  ", "bold $primary"), ticket.device_name or ticket.title)
            )
            yield Static(Content("What the next engineer and the auditor will ask.\n"), classes="hint")
            with Horizontal(classes="field"):
                yield Label("unlocked")
                yield Input(id="unlocked", placeholder=f"HH:MM, {shown}", max_length=40)
            with Horizontal(classes="field"):
                yield Label("cause")
                yield CauseChoice(self._cause)
            with Horizontal(classes="field"):
                yield Label("owner")
                yield Input(id="owner", placeholder="who goes on: cause unknown, or still locked", max_length=100)
            yield Static(id="error", classes="error")
        yield KeyLine()

    def action_next_cause(self) -> None:
        self.query_one(CauseChoice).step(1)

    def action_previous_cause(self) -> None:
        self.query_one(CauseChoice).step(-1)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        self._close_incident()

    def action_cancel_form(self) -> None:
        self.dismiss(False)

    @work(group="closing", exclusive=True, exit_on_error=False, description="close an incident")
    async def _close_incident(self) -> None:
        field = "#unlocked"
        try:
            unlocked_at = read_unlocked(self.query_one(field, Input).value, self.desk.clock.now())
            owner = self.query_one("#owner", Input).value
            if secret := secret_in(owner):
                self._refuse(f"The owner holds {secret}: take it out, the audit keeps it for years.", "#owner")
                return
            closing = Closing(unlocked_at, self.query_one(CauseChoice).cause, clean_line(owner, 100))
            field = "#unlocked" if closing.owner or (closing.unlocked_at and not self._needs_owner()) else "#owner"
            await self.desk.closing.close(self._incident, closing)
        except Problem as problem:
            self._refuse(str(problem), field)
            return
        self.dismiss(True)

    def _needs_owner(self) -> bool:
        return self.query_one(CauseChoice).cause is CauseCode.UNKNOWN

    def _refuse(self, why: str, field: str) -> None:
        self.query_one("#error", Static).update(Content(why))
        self.query_one(field, Input).focus()
