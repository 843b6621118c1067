"""Reviewing a broken glass: the request for a colleague, and the colleague's signed answer."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static, TextArea

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.services.approval import request_text
from tui.services.break_glass import BreakGlass, glass_line, unreviewed


class GlassReviewScreen(ConsoleModal[None]):
    """Shows the oldest broken glass that nobody has reviewed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    DEFAULT_CSS = "GlassReviewScreen #answer { height: 3; border: none; padding: 0 1; background: $panel; }"
    AUTO_FOCUS = "#answer"

    def __init__(self) -> None:
        super().__init__()
        self._glass: BreakGlass | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="card"):
            with VerticalScroll(can_focus=False):
                yield Static(Content.assemble(("Review of a broken glass", "bold $warning")))
                yield Static("Reading the audit ...", id="glass", markup=False)
            yield TextArea(id="answer", soft_wrap=True, show_line_numbers=False)
            yield Static(id="error", classes="error")
        yield KeyLine()

    def on_mount(self) -> None:
        self._look()

    @work(group="glass-look", exclusive=True, exit_on_error=False, description="look for broken glasses")
    async def _look(self) -> None:
        glasses = self.desk.safeguards.glasses
        owed = unreviewed(await glasses.all())
        self._glass = owed[0] if owed else None
        if self._glass is None:
            said = "No broken glass waits for a review."
        else:
            tenant = self.desk.safeguards.clearance.tenant
            line = glass_line(self._glass, self.desk.clock.now())
            text = request_text(glasses.review_request(self._glass, tenant))
            whom = f"1 of {len(owed)}; a colleague answers this (ctrl+a there):"
            said = f"{line}\n{whom}\n{text}\npaste the answer, then ctrl+j:"
        self.query_one("#glass", Static).update(Content(said))

    def action_submit_form(self) -> None:
        if self._glass is not None:
            self._take(self._glass, self.query_one("#answer", TextArea).text)

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    @work(group="glass-review", exclusive=True, exit_on_error=False, description="take a review")
    async def _take(self, glass: BreakGlass, text: str) -> None:
        guards = self.desk.safeguards
        try:
            await guards.glasses.take_review(glass, text, guards.clearance.approvers, guards.clearance.tenant)
        except Problem as problem:
            self.query_one("#error", Static).update(Content(str(problem)))
            return
        self.app.notify("Reviewed", markup=False)
        self.dismiss(None)
