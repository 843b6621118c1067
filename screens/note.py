"""A work note for one incident or for all marked ones."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.diagnosis.redact import redact
from tui.text import clean_line


class NoteScreen(ConsoleModal[str]):
    """Answers the note, or an empty text. A recovery password in it is taken out, and that is said."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "Input"

    def __init__(self, numbers: tuple[str, ...]) -> None:
        super().__init__()
        self._numbers = numbers

    def compose(self) -> ComposeResult:
        whom = self._numbers[0] if len(self._numbers) == 1 else f"{len(self._numbers)} incidents"
        with Vertical(classes="card"):
            yield Static(Content.assemble(("Work note  ", "bold $primary"), whom))
            yield Input(placeholder="what the next engineer should know; callers do not see it", max_length=500)
            yield Static(id="error", classes="error")
        yield KeyLine()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        field = self.query_one(Input)
        text, removed = redact(clean_line(field.value))
        if removed:
            field.value = text
            said = "A recovery password was taken out: notes are read by many. Enter sends what is left."
            self.query_one("#error", Static).update(Content(said))
        elif text:
            self.dismiss(text)

    def action_cancel_form(self) -> None:
        self.dismiss("")
