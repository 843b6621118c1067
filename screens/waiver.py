"""Closing a ticket while its key is not proven rotated: only with a reason, which an auditor reads."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.services.intake_text import secret_in
from tui.services.rotation import Debt

SHOWN = 6
"""Debts that are spelled out; the rest is counted."""


class WaiverScreen(ConsoleModal[bool]):
    """Answers whether every debt was waived."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "Input"

    def __init__(self, ticket: str, debts: Sequence[Debt]) -> None:
        super().__init__()
        self._ticket = ticket
        self._debts = tuple(debts)

    def compose(self) -> ComposeResult:
        now, debts = self.desk.clock.now(), self._debts
        lines = [
            f"{debt.device.name or debt.device.id}  {debt.key_id[:8].upper()}  {debt.words(now)}" for debt in debts
        ]
        more = f"\nand {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        with Vertical(classes="card -danger"):
            yield Static(
                Content.assemble((f"{self._ticket} cannot be closed yet  ", "bold $warning"), "not proven rotated:")
            )
            yield Static(Content("\n".join(lines[:SHOWN]) + more))
            yield Static(
                Content("\nPress esc and T to rotate. To close it all the same, say why; the debt stays.\n"),
                classes="hint",
            )
            yield Input(placeholder="reason of the waiver, two words or more", max_length=200)
            yield Static(id="error", classes="error")
        yield KeyLine()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        self._waive()

    def action_cancel_form(self) -> None:
        self.dismiss(False)

    @work(group="waiver", exclusive=True, exit_on_error=False, description="record a waiver")
    async def _waive(self) -> None:
        reason = self.query_one(Input).value
        secret = secret_in(reason)
        try:
            if secret:
                self._refuse(f"The reason holds {secret}: take it out, the audit keeps it for years.")
                return
            for debt in self._debts:
                await self.desk.rotation.waive(debt, reason)
        except Problem as problem:
            self._refuse(str(problem))
            return
        self.dismiss(True)

    def _refuse(self, why: str) -> None:
        self.query_one("#error", Static).update(Content(why))
