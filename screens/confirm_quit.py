"""Leaving while keys are owed a rotation."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from tui.actions import Scope


class QuitScreen(ConsoleModal[bool]):
    """Answers whether to leave all the same."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CONFIRM)

    def __init__(self, owed: int) -> None:
        super().__init__()
        self._owed = owed

    def compose(self) -> ComposeResult:
        keys = "key is" if self._owed == 1 else "keys are"
        with Vertical(classes="card -danger"):
            yield Static(
                Content.assemble(
                    (f"{self._owed} disclosed {keys} not proven rotated. ", "bold $warning"),
                    "They stay in the audit and in the handover (4).\n\nLeave?  ",
                    ("y", "bold"),
                    " yes   ",
                    ("n", "bold"),
                    " no",
                )
            )
        yield KeyLine()

    def action_confirm_yes(self) -> None:
        self.dismiss(True)

    def action_confirm_no(self) -> None:
        self.dismiss(False)
