"""Look-up of a key ID, device or user that no ticket names."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from screens.render import dossier_content
from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from tui.actions import Scope
from tui.errors import Problem
from tui.model.ids import PREFIX_LENGTH, KeyReading, read_key_ids
from tui.services.lookup import look_up
from tui.services.matching import doubt_words


class LookUpScreen(ConsoleModal[None]):
    """A line to type into, and the dossier below. Without a ticket nothing is disclosed, unless the glass is broken.

    `typed` is what was typed or pasted before this screen came up.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM, Scope.GLASS)
    AUTO_FOCUS = "Input"

    class GlassWanted(Message):
        """There is no ticket, and the key is needed all the same."""

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self._typed = " ".join(typed.split())

    def compose(self) -> ComposeResult:
        hint = "key ID or its first 8 characters, device, user, ticket"
        with Vertical(classes="card -tall"):
            yield Static(Content.assemble(("Look up", "bold $primary")))
            yield Input(self._typed, placeholder=hint, select_on_focus=False, max_length=200)
            yield Static(id="doubts", classes="hint")
            yield PageView()
        yield KeyLine()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        """Eight characters of a key ID, or all of it, need no enter."""
        found = read_key_ids(event.value)
        reading = found[0] if len(found) == 1 else None
        self._say_doubts(reading)
        term = reading.term if reading is not None else None
        if term is not None and (term.is_full or len(term.digits) == PREFIX_LENGTH):
            self._look_up(term.digits)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        term = self.query_one(Input).value.strip()
        found = read_key_ids(term)
        if len(found) == 1 and found[0].term is not None:
            term = found[0].term.digits
        if term:
            self._look_up(term)

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    def action_break_glass(self) -> None:
        self.app.post_message(self.GlassWanted())
        self.dismiss(None)

    def _say_doubts(self, reading: KeyReading | None) -> None:
        doubts = reading.blocking if reading is not None else ()
        words = f"as a key ID it is doubtful: {', '.join(doubt_words(doubt) for doubt in doubts)}" if doubts else ""
        self.query_one("#doubts", Static).update(Content(words))

    @work(group="look-up", exclusive=True, exit_on_error=False, description="look a term up")
    async def _look_up(self, term: str) -> None:
        page = self.query_one(PageView)
        page.say(Content("Asking Entra ID and Intune ..."))
        try:
            _, dossier = await look_up(self.desk, term)
        except Problem as problem:
            page.say(Content(str(problem)))
            return
        page.say(dossier_content(None, dossier, self.desk.clock.now()))
