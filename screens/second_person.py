"""On the approver's console: a colleague's request is pasted, read, and answered with one's own key."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, Static, TextArea

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.services.approval import ApprovalRequest, Word
from tui.services.intake_text import secret_in
from tui.services.second_person import request_lines


class SecondPersonScreen(ConsoleModal[None]):
    """Nothing is sent from here: the answer is shown, to be copied."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM, Scope.SECOND_PERSON)
    DEFAULT_CSS = """
    SecondPersonScreen #pasted { height: 4; border: none; padding: 0 1; background: $panel; }
    SecondPersonScreen #word { display: none; height: auto; }
    SecondPersonScreen #answer { height: auto; background: $panel; padding: 0 1; display: none; }
    """
    AUTO_FOCUS = "TextArea"

    def __init__(self) -> None:
        super().__init__()
        self._request: ApprovalRequest | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield Static(
                Content.assemble(("A second person's word  ", "bold $primary"), "paste the request, then ctrl+j")
            )
            yield TextArea(id="pasted", soft_wrap=True, show_line_numbers=False)
            with VerticalScroll(can_focus=False):
                yield Static(id="asked")
            with Vertical(id="word"):
                with Horizontal(classes="field"):
                    yield Label("note")
                    yield Input(id="note", placeholder="such as: spoke with the caller", max_length=200)
                with Horizontal(classes="field"):
                    yield Label("passphrase")
                    yield Input(id="passphrase", password=True, max_length=200, placeholder="of your key")
                yield Static("ctrl+y approves, ctrl+n denies", classes="hint", markup=False)
            yield Static(id="answer")
            yield Static(id="error", classes="error")
        yield KeyLine()

    def action_submit_form(self) -> None:
        """Read what was pasted."""
        self._say("")
        if self._request is not None:
            self._say("ctrl+y approves, ctrl+n denies.")
            return
        try:
            self._request = self.desk.safeguards.second.read(self.query_one(TextArea).text)
        except Problem as problem:
            self._say(str(problem))
            return
        lines = [
            Content.assemble((f"{name:10}", "$secondary"), (value, "bold"))
            for name, value in request_lines(self._request)
        ]
        self.query_one("#asked", Static).update(Content("\n").join(lines))
        self.query_one(TextArea).display = False
        self.query_one("#word").display = True
        self.query_one("#note", Input).focus()

    @on(Input.Submitted, "#note")
    def _noted(self) -> None:
        self.query_one("#passphrase", Input).focus()

    def action_approve_request(self) -> None:
        self._answer("approve")

    def action_deny_request(self) -> None:
        self._answer("deny")

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    @work(group="answer", exclusive=True, exit_on_error=False, description="answer a request")
    async def _answer(self, word: Word) -> None:
        request, field = self._request, self.query_one("#passphrase", Input)
        if request is None:
            return
        passphrase, field.value = field.value, ""
        note = self.query_one("#note", Input).value
        if secret := secret_in(note):
            self._say(f"The note holds {secret}: take it out.")
            return
        try:
            text = await self.desk.safeguards.second.answer(request, word, passphrase, note)
        except Problem as problem:
            self._say(str(problem))
            return
        self.query_one("#word").display = False
        shown = self.query_one("#answer", Static)
        shown.update(Content(text))
        shown.display = True
        self._request = None
        self._say("")

    def _say(self, words: str) -> None:
        self.query_one("#error", Static).update(Content(words))
