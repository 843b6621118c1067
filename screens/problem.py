"""A problem in words: what happened, why, and what to do next."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem, ProblemKind


class ProblemScreen(ConsoleModal[None]):
    """Shown until it is dismissed; the console stays usable behind it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.DEVICE)

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self._problem = problem

    def compose(self) -> ComposeResult:
        kind = "-alarm" if self._problem.kind is ProblemKind.ALARM else "-danger"
        with Vertical(classes=f"card {kind}"):
            yield Static(problem_content(self._problem))
        yield KeyLine()

    def action_go_back(self) -> None:
        self.dismiss(None)


def problem_content(problem: Problem) -> Content:
    """The parts of a problem that are known."""
    parts = [Content.assemble((problem.what, "bold $warning"))]
    if problem.why:
        parts.append(Content(problem.why))
    if problem.next_step:
        parts.append(Content.assemble(("→ ", "$accent"), problem.next_step))
    upstream = "  ".join(
        f"{name} {value}"
        for name, value in (("status", problem.status), ("code", problem.code), ("request-id", problem.request_id))
        if value
    )
    if upstream:
        parts.append(Content.assemble((upstream, "$secondary")))
    return Content("\n\n").join(parts)
