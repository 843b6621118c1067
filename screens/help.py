"""Every key and what it does, from the registry."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from tui.actions import Scope, actions_of, key_label


class HelpScreen(ConsoleModal[None]):
    """A page of keys; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.DEVICE)

    def compose(self) -> ComposeResult:
        yield PageView()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(PageView).say(help_content())
        self.query_one(PageView).focus()

    def action_go_back(self) -> None:
        self.dismiss(None)


def help_content() -> Content:
    """The registry as a page."""
    lines: list[Content] = []
    for scope in Scope:
        lines.append(Content.assemble(("\n" if lines else "", ""), (f"On {scope}", "bold $primary")))
        for action in actions_of(scope):
            keys = " ".join(key_label(key) for key in action.keys)
            lines.append(Content.assemble((f"  {keys:14}", "bold"), f"{action.help}"))
    return Content("\n").join(lines)
