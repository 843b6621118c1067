"""Breaking the glass: a reason that a reviewer understands, and a confirmation that does not slip."""

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
from tui.model.audit import AuditEntry, AuditEvent, Proof
from tui.services.break_glass import CONFIRMATION, BreakGlass
from tui.services.clearance import Target
from tui.services.intake_text import secret_in


class BreakGlassScreen(ConsoleModal[BreakGlass | None]):
    """Answers the broken glass, whose row is written, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "#glass-reason"

    def __init__(self, target: Target, missing: str, proof: Proof) -> None:
        super().__init__()
        self._target = target
        self._missing = missing
        self._proof = proof

    def compose(self) -> ComposeResult:
        target = self._target
        with Vertical(classes="card -alarm"):
            yield Static(
                Content.assemble(
                    ("Break the glass  ", "bold $error"),
                    f"{target.device.name or target.device.id}  {target.ticket or 'no ticket'}",
                )
            )
            yield Static(
                Content(
                    f"missing: {self._missing}\n"
                    f"It allows this one key ({target.key_id[:8].upper()}) for 60 minutes. It stands in the title, in "
                    "the handover and in the audit, and a colleague has to review it within 24 hours.\n"
                ),
                classes="hint",
            )
            with Horizontal(classes="field"):
                yield Label("reason")
                yield Input(id="glass-reason", placeholder="two words or more, for the reviewer", max_length=200)
            with Horizontal(classes="field"):
                yield Label("confirm")
                yield Input(id="glass-confirm", placeholder=f"type: {CONFIRMATION}", max_length=40)
            yield Static(id="error", classes="error")
        yield KeyLine()

    @on(Input.Submitted, "#glass-reason")
    def _reason_given(self) -> None:
        self.query_one("#glass-confirm", Input).focus()

    @on(Input.Submitted, "#glass-confirm")
    def _confirmed(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        self._smash()

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    @work(group="break-glass", exclusive=True, exit_on_error=False, description="break the glass")
    async def _smash(self) -> None:
        reason, target = self.query_one("#glass-reason", Input).value, self._target
        secret = secret_in(reason)
        if secret:
            self._refuse(f"The reason holds {secret}: take it out, the audit keeps it for years.")
            return
        entry = AuditEntry(
            event=AuditEvent.BREAK_GLASS,
            ticket=target.ticket,
            requester=target.caller,
            proof=self._proof,
            reason=reason,
            device=target.device,
            key_id=target.key_id,
        )
        confirmation = self.query_one("#glass-confirm", Input).value
        try:
            glass = await self.desk.safeguards.glasses.smash(entry, confirmation, self._missing)
        except Problem as problem:
            self._refuse(str(problem))
            return
        self.dismiss(glass)

    def _refuse(self, why: str) -> None:
        self.query_one("#error", Static).update(Content(why))
