"""The second person: on one console the request and the answer to it, on the other the request and one's own word."""

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static, TextArea

from screens.break_glass import BreakGlassScreen
from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.model.audit import Proof
from tui.model.policy import Trigger
from tui.services.approval import ApprovalRequest, request_text
from tui.services.clearance import Clearance, Target
from tui.services.disclosure_policy import TRIGGER_WORDS, Circumstances


class ApprovalScreen(ConsoleModal[Clearance | None]):
    """Shows the request, takes the answer; answers what clears the disclosure, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM, Scope.GLASS)
    DEFAULT_CSS = """
    ApprovalScreen #answer { height: 3; border: none; padding: 0 1; background: $panel; }
    ApprovalScreen #request { height: auto; background: $panel; padding: 0 1; }
    """
    AUTO_FOCUS = "#answer"

    def __init__(self, target: Target, needed: Sequence[Trigger], of: Circumstances, proof: Proof) -> None:
        super().__init__()
        self._target = target
        self._needed = tuple(needed)
        self._of = of
        self._proof = proof
        self._request: ApprovalRequest | None = None

    def compose(self) -> ComposeResult:
        clearance = self.desk.safeguards.clearance
        self._request = clearance.ask(self._target, self._needed)
        why = "; ".join(TRIGGER_WORDS[trigger] for trigger in self._needed)
        until = f"{self._request.expires_at.astimezone():%H:%M}"
        whom = ", ".join(each.upn for each in clearance.approvers[:3]) or "nobody is enrolled: approval.approvers"
        with Vertical(classes="card"):
            with VerticalScroll(can_focus=False):
                yield Static(Content.assemble(("A second person is needed  ", "bold $warning"), why))
                how = self.desk.safeguards.contact or "they run: reseal approve"
                yield Static(Content(f"until {until} by {whom}; {how}"), classes="hint")
                yield Static(Content(request_text(self._request)), id="request")
                yield Static(Content("paste the answer, then ctrl+j:"), classes="hint")
            yield TextArea(id="answer", soft_wrap=True, show_line_numbers=False)
            yield Static(id="error", classes="error")
        yield KeyLine()

    def action_submit_form(self) -> None:
        self._take()

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    def action_break_glass(self) -> None:
        self._break_glass()

    @work(group="approval", exclusive=True, exit_on_error=False, description="take the answer")
    async def _take(self) -> None:
        text = self.query_one("#answer", TextArea).text
        try:
            approval = await self.desk.safeguards.clearance.accept(text)
        except Problem as problem:
            self.query_one("#error", Static).update(Content(str(problem)))
            return
        self.dismiss(Clearance(self._of, approval=approval))

    @work(group="approval", exclusive=True, exit_on_error=False, description="break the glass")
    async def _break_glass(self) -> None:
        glass = await self.app.push_screen_wait(
            BreakGlassScreen(self._target, "no second person is at hand", self._proof)
        )
        if glass is not None:
            self.dismiss(Clearance(self._of, glass=glass))
