"""Views of the queue: choose columns, save what is on the screen, open what was saved."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Input, SelectionList, Static
from textual.widgets.selection_list import Selection

from screens.shell import ConsoleModal, bindings
from tui.actions import Scope
from tui.services.views import COLUMN_NAMES, View
from tui.text import clean_line


class ViewScreen(ConsoleModal[View | None]):
    """Answers the view to show; one with a name is to be saved. A name that is known opens that view."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "SelectionList"

    def __init__(self, view: View, saved: Sequence[View]) -> None:
        super().__init__()
        self._view = view
        self._saved = {each.name: each for each in saved}

    def compose(self) -> ComposeResult:
        shown = self._view.columns or COLUMN_NAMES
        names = ", ".join(self._saved) or "none yet"
        with Vertical(classes="card"):
            yield Static(
                Content.assemble(("View  ", "bold $primary"), "space chooses, tab goes to the name, enter shows")
            )
            yield SelectionList[str](*(Selection(name, name, name in shown) for name in COLUMN_NAMES))
            yield Static(Content(f"saved: {names}"), classes="hint")
            yield Input(placeholder="name, to save it or to open a saved one", max_length=40)
        yield Footer(show_command_palette=False)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    def action_submit_form(self) -> None:
        name = clean_line(self.query_one(Input).value, 40)
        if name in self._saved:
            self.dismiss(self._saved[name])
            return
        chosen = set(self.query_one(SelectionList).selected)
        columns = tuple(each for each in COLUMN_NAMES if each in chosen)
        self.dismiss(replace(self._view, name=name, columns=() if columns == COLUMN_NAMES else columns))

    def action_cancel_form(self) -> None:
        self.dismiss(None)
