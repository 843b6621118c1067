"""Forms of group actions: a line of text, another group, the preview of a plan, and its progress."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.mass_words import key_words, trigger_words
from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.row_list import RowList
from tui.actions import Scope
from tui.diagnosis.redact import redact
from tui.errors import Problem
from tui.model.group import Group, GroupKey
from tui.services.group_actions import GroupRun
from tui.services.group_plans import GroupAction, Progress, step_name
from tui.text import clean_line

ACTION_WORDS = {
    GroupAction.CLAIM: "Claim",
    GroupAction.NOTE: "Add a note to",
    GroupAction.ASK: "Note the question on",
    GroupAction.LINK: "Link",
    GroupAction.NOTICE: "Note the self-service notice on",
    GroupAction.JOIN: "Join the sources of",
    GroupAction.ROTATE: "Request rotation for",
}
_SHOWN = 40


class TextScreen(ConsoleModal[str]):
    """Answers a line of text, or an empty one. A recovery password in it is taken out."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "Input"

    def __init__(self, title: str, placeholder: str, value: str = "") -> None:
        super().__init__()
        self._asks = title, placeholder, value

    def compose(self) -> ComposeResult:
        title, placeholder, value = self._asks
        with Vertical(classes="card"):
            yield Static(Content.assemble((title, "bold $primary")))
            yield Input(value, placeholder=placeholder, max_length=500, select_on_focus=False)
            yield Static(id="error", classes="error")
        yield KeyLine()

    def on_mount(self) -> None:
        # A suggestion is longer than the line: it is read from its beginning.
        self.query_one(Input).cursor_position = 0

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        text, removed = redact(clean_line(self.query_one(Input).value))
        if removed:
            self.query_one(Input).value = text
            said = "A recovery password was taken out: many read this. Enter sends what is left."
            self.query_one("#error", Static).update(Content(said))
        elif text:
            self.dismiss(text)

    def action_cancel_form(self) -> None:
        self.dismiss("")


class ChooseGroupScreen(ConsoleModal[GroupKey | None]):
    """Answers one of several groups."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, groups: Sequence[Group]) -> None:
        super().__init__()
        self._title, self._groups = title, groups

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -tall"):
            yield Static(Content.assemble((self._title, "bold $primary")))
            lines = [f"{len(g.members):5}  {key_words(g.key)} x {trigger_words(g.key)}" for g in self._groups]
            yield RowList(*(Option(Content(line)) for line in lines), markup=False)
        yield KeyLine()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._groups[event.option_index].key)

    def action_submit_form(self) -> None:
        self.query_one(OptionList).action_select()

    def action_cancel_form(self) -> None:
        self.dismiss(None)


class PreviewScreen(ConsoleModal[bool]):
    """Shows what is going to be done and what is left out, and asks."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CONFIRM)

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -tall -danger"), VerticalScroll(can_focus=True):
            yield Static(preview(self._progress))
        yield KeyLine()

    def action_confirm_yes(self) -> None:
        if self._progress.left:
            self.dismiss(True)

    def action_confirm_no(self) -> None:
        self.dismiss(False)


def preview(progress: Progress) -> Content:
    """A plan in words."""
    plan, left = progress.plan, progress.left
    asks = f"{ACTION_WORDS[plan.action]} {len(left)} of {len(plan.steps) + len(plan.left_out)}?  "
    lines = [
        Content.assemble((asks, "bold $warning"), ("y", "bold"), " yes   ", ("n", "bold"), " no")
        if left
        else Content.assemble(("There is nothing to do.  ", "bold $warning"), ("n", "bold"), " back"),
        Content(f"group: {key_words(plan.group)} x {trigger_words(plan.group)}"),
    ]
    if plan.text:
        lines.append(Content(f"text: {plan.text}"))
    if progress.doubtful:
        numbers = ", ".join(step.ticket for step in progress.doubtful[:8])
        lines.append(Content.assemble((f"‼ not repeated, for nobody saw how it ended: {numbers}", "$error")))
    lines += [Content(f"  {step.ticket:11} {step.device}") for step in left[:_SHOWN]]
    if len(left) > _SHOWN:
        lines.append(Content(f"  and {len(left) - _SHOWN} more"))
    reasons: dict[str, list[str]] = {}
    for ticket, why in plan.left_out:
        reasons.setdefault(why, []).append(ticket)
    for why, tickets in reasons.items():
        shown = ", ".join(tickets[:5]) + (" ..." if len(tickets) > 5 else "")
        lines.append(Content.assemble((f"left out, {why}: {len(tickets)} ", "$secondary"), shown))
    return Content("\n").join(lines)


class BatchScreen(ConsoleModal[Progress]):
    """Runs a plan and shows it: how far, what failed, what the service asks for. Escape cancels, then closes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)

    def __init__(self, run: GroupRun, progress: Progress) -> None:
        super().__init__()
        self._run, self._progress = run, progress

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -tall"), VerticalScroll(can_focus=True):
            yield Static(id="batch")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show(self._progress)
        self._work()

    @work(group="batch", exit_on_error=False, description="act on a group")
    async def _work(self) -> None:
        try:
            self._show(await self._run.run(self._progress, self._show))
        except Problem as problem:
            self.shell.report(problem)
            self.dismiss(self._progress)

    def _show(self, progress: Progress) -> None:
        self._progress = progress
        self.query_one("#batch", Static).update(progress_content(progress))

    def action_submit_form(self) -> None:
        self.action_cancel_form()

    def action_cancel_form(self) -> None:
        if self._progress.ended:
            self.dismiss(self._progress)
        else:
            self._run.cancel()


def progress_content(progress: Progress) -> Content:
    """How far a plan has come; refused devices first, then the newest."""
    plan = progress.plan
    done, failed, unknown = progress.count("done"), progress.count("failed"), progress.count("unknown")
    total = len(plan.steps)
    bar = "█" * (20 * (done + failed + unknown) // max(1, total))
    state = f"{progress.ended}; esc closes" if progress.ended else "esc cancels after the device in hand"
    if progress.waiting:
        state = f"the service asks for a pause of {progress.waiting:.0f} s; {state}"
    lines = [
        Content.assemble((f"{ACTION_WORDS[plan.action]} {total} ", "bold $primary"), state),
        Content.assemble((f"{bar:·<20}", "$accent"), f" {done} done, {failed} failed, {unknown} unknown of {total}"),
    ]
    answered = [(step, progress.answers[step_name(step)]) for step in plan.steps if step_name(step) in progress.answers]
    order = {"failed": 0, "unknown": 1, "begun": 2, "done": 3}
    for step, answer in sorted(answered[::-1], key=lambda pair: order[pair[1].state])[:_SHOWN]:
        style = {"failed": "$error", "unknown": "$warning"}.get(answer.state, "")
        lines.append(
            Content.assemble(f"  {step.ticket:11} {step.device:16.16} ", (answer.state, style), f" {answer.detail}")
        )
    return Content("\n").join(lines)
