"""The runbook of one incident: the guide's steps with their state, and scripts to copy."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.render import heading
from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from screens.widgets.row_list import RowList
from tui.actions import Scope
from tui.services.runbook import Step, StepState
from tui.services.scripts import Script

_SIGNS = {
    StepState.DONE: ("✓ done      ", "$success"),
    StepState.OPEN: ("▶ open      ", "bold $warning"),
    StepState.BLOCKED: ("✗ blocked   ", "bold $error"),
    StepState.NOT_NEEDED: ("· not needed", "$secondary"),
    StepState.UNKNOWN: ("? unknown   ", "$secondary"),
}


class RunbookScreen(ConsoleModal[None]):
    """Fifteen lines above, the chosen one's next step and scripts below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.RUNBOOK)
    AUTO_FOCUS = "OptionList"

    def __init__(self, ticket: str, steps: tuple[Step, ...]) -> None:
        super().__init__()
        self._ticket = ticket
        self._steps = steps

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -tall -broad"):
            yield Static(Content.assemble(("Runbook ", "bold $primary"), self._ticket, f"  {summary(self._steps)}"))
            yield RowList(*(Option(step_line(step)) for step in self._steps), markup=False, id="steps")
            yield PageView()
        yield KeyLine()

    def on_mount(self) -> None:
        steps = self.query_one("#steps", OptionList)
        steps.highlighted = next(
            (place for place, step in enumerate(self._steps) if step.state in (StepState.OPEN, StepState.BLOCKED)), 0
        )
        self._describe()

    def on_option_list_option_highlighted(self) -> None:
        self._describe()

    def _describe(self) -> None:
        place = self.query_one("#steps", OptionList).highlighted or 0
        self.query_one(PageView).say(step_content(self._steps[place]))

    def action_close_runbook(self) -> None:
        self.dismiss(None)


def summary(steps: tuple[Step, ...]) -> str:
    """How many steps stand how."""
    counts = {state: sum(step.state is state for step in steps) for state in StepState}
    return ", ".join(f"{count} {state.replace('-', ' ')}" for state, count in counts.items() if count)


def step_line(step: Step) -> Content:
    """A step in the list."""
    return Content.assemble(f"{step.number:2} ", _SIGNS[step.state], f" {step.title}")


def step_content(step: Step) -> Content:
    """A step's reason, its next step and its scripts."""
    lines = [Content.assemble(("because ", "$secondary"), step.because)]
    if step.next:
        lines.append(Content.assemble(("→ ", "$accent"), step.next))
    for script in step.scripts:
        lines += script_lines(script)
    return Content("\n").join(lines)


def script_lines(script: Script) -> list[Content]:
    """A script with what it costs; to be copied with the terminal's own selection."""
    return [
        heading(script.title),
        Content.assemble(("! ", "$warning"), script.warning),
        *(Content.assemble((line, "bold")) for line in script.lines),
    ]
