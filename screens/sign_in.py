"""The device code, inside the console and nowhere else."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from screens.shell import ConsoleModal, bindings
from tui.actions import Scope
from tui.ports import SignInPrompt


class SignInScreen(ConsoleModal[bool]):
    """Shows where to enter the code. Answers False when the engineer gives up; the app dismisses it on success."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)

    def __init__(self, prompt: SignInPrompt) -> None:
        super().__init__()
        self._prompt = prompt

    def compose(self) -> ComposeResult:
        prompt = self._prompt
        with Vertical(classes="card"):
            yield Static(
                Content.assemble(
                    ("Sign in\n\n", "bold $primary"),
                    "On a device that you trust open\n",
                    (prompt.uri, "bold"),
                    "\nand enter the code\n",
                    (prompt.code, "bold $accent"),
                    f"\n\nIt is good until {prompt.expires_at:%H:%M} UTC. Enter it only if you started this yourself.",
                )
            )
        yield Footer(show_command_palette=False)

    def action_cancel_form(self) -> None:
        self.dismiss(False)

    def action_submit_form(self) -> None:
        """Nothing to submit: the sign-in ends elsewhere."""
