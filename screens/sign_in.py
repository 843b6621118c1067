"""The device code, inside the console and nowhere else."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.ports import SignInPrompt


class SignInScreen(ConsoleModal[None]):
    """Shows where to enter the code, until whoever pushed it ends it; `give_up` is called when the engineer does.

    `label` names the tenant where there are several.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.SIGN_IN)

    def __init__(self, prompt: SignInPrompt, give_up: Callable[[], None], label: str = "") -> None:
        super().__init__()
        self._prompt = prompt
        self._give_up = give_up
        self._label = label
        self._over = self._left = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield Static(_words(self._prompt, self._label))
        yield KeyLine()

    def end(self) -> None:
        """The sign-in is over: go away, at once or when what lies over this has gone."""
        self._over = True
        self._leave()

    def on_screen_resume(self) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._over and not self._left and self.is_running and self.is_current:
            self._left = True
            self.dismiss()

    def action_give_up_sign_in(self) -> None:
        self._give_up()


def _words(prompt: SignInPrompt, label: str) -> Content:
    until = f"{prompt.expires_at:%H:%M} UTC"
    if prompt.code:
        steps = Content.assemble(
            "On a device that you trust open\n",
            (prompt.uri, "bold"),
            "\nand enter the code\n",
            (prompt.code, "bold $accent"),
            f"\n\nIt is good until {until}. Enter it only if you started this yourself.",
        )
    else:
        steps = Content.assemble(
            "A browser has opened on this machine, for\n", (prompt.uri, "bold"), f"\nSign in there, until {until}."
        )
    title = Content.assemble((f"{label}Sign in\n\n", "bold $primary"))
    return title + steps + Content("\nThis closes by itself when you are signed in.")
