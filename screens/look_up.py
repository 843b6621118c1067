"""Look-up of a key ID, device or user that no ticket names."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Input, Static

from screens.render import dossier_content
from screens.shell import ConsoleModal, bindings
from screens.widgets.page_view import PageView
from tui.actions import Scope
from tui.errors import Problem
from tui.services.lookup import look_up


class LookUpScreen(ConsoleModal[None]):
    """A line to type into, and the dossier below. Nothing can be disclosed from here: there is no ticket."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "Input"

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -tall"):
            yield Static(Content.assemble(("Look up", "bold $primary")))
            yield Input(placeholder="key ID or its first 8 characters, device, user, ticket")
            yield PageView()
        yield Footer(show_command_palette=False)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        term = self.query_one(Input).value.strip()
        if term:
            self._look_up(term)

    def action_cancel_form(self) -> None:
        self.dismiss(None)

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
