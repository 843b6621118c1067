"""The text that lets a user read the key alone, to be copied, with what has to hold for it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.services.self_service import Offer


class SelfServiceScreen(ConsoleModal[None]):
    """Shows an offer; nothing is sent from here."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.DEVICE)

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self._offer = offer

    def compose(self) -> ComposeResult:
        needs = "\n".join(f"- {each}" for each in self._offer.preconditions)
        with Vertical(classes="card"), VerticalScroll(can_focus=True):
            yield Static(Content.assemble(("Self-service first  ", "bold $primary"), self._offer.words))
            yield Static(Content(f"it needs:\n{needs}\n"), classes="hint")
            yield Static(Content(self._offer.text))
        yield KeyLine()

    def action_go_back(self) -> None:
        self.dismiss(None)
