"""Views of the queue: choose and size columns, save what is on the screen, open what was saved."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, SelectionList, Static
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from screens.queue_row import COLUMNS
from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.row_list import RowList
from tui.actions import Scope
from tui.services.views import COLUMN_NAMES, View, resized, without
from tui.text import clean_line

Choice = tuple[View, tuple[View, ...]]
"""The view to show, and the saved ones from now on."""

HEAD = "space shows or hides a column, left and right size it, enter shows"


class ColumnList(SelectionList[str]):
    """The queue's columns with their widths."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.VIEW)

    def __init__(self, view: View) -> None:
        shown = view.columns or COLUMN_NAMES
        super().__init__(*(Selection(_row(view, name), name, name in shown) for name in COLUMN_NAMES))
        self.view = view

    def action_narrow_column(self) -> None:
        self._change(-1)

    def action_widen_column(self) -> None:
        self._change(1)

    def _change(self, step: int) -> None:
        if self.highlighted is not None:
            name = COLUMN_NAMES[self.highlighted]
            self.view = resized(self.view, name, _width(self.view, name) + step)
            self.replace_option_prompt_at_index(self.highlighted, _row(self.view, name))


class SavedViews(RowList):
    """The views that were saved, by name."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.SAVED_VIEWS)

    def __init__(self, saved: Sequence[View]) -> None:
        super().__init__(*(Option(Content(each.name)) for each in saved))
        self.saved = tuple(saved)

    def action_forget_view(self) -> None:
        if self.highlighted is not None:
            self.saved = without(self.saved, self.saved[self.highlighted].name)
            self.remove_option_at_index(self.highlighted)


class ViewScreen(ConsoleModal[Choice | None]):
    """Answers the view to show and what is saved; a view with a name replaces the saved one of that name."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "ColumnList"

    def __init__(self, view: View, saved: Sequence[View]) -> None:
        super().__init__()
        self._view = view
        self._saved = saved

    def compose(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield Static(Content.assemble(("View  ", "bold $primary"), HEAD))
            yield ColumnList(self._view)
            yield Static(Content("saved views: enter opens, d drops" if self._saved else "no view is saved yet"))
            yield SavedViews(self._saved)
            yield Input(placeholder="name, to save this view", max_length=40)
        yield KeyLine()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit_form()

    @on(OptionList.OptionSelected, "SavedViews")
    def _opened(self, event: OptionList.OptionSelected) -> None:
        saved = self.query_one(SavedViews).saved
        self.dismiss((saved[event.option_index], saved))

    def action_submit_form(self) -> None:
        columns, saved = self.query_one(ColumnList), self.query_one(SavedViews).saved
        chosen = tuple(each for each in COLUMN_NAMES if each in set(columns.selected))
        name = clean_line(self.query_one(Input).value, 40)
        view = replace(columns.view, name=name, columns=() if chosen == COLUMN_NAMES else chosen)
        self.dismiss((view, (*without(saved, name), view) if name else saved))

    def action_cancel_form(self) -> None:
        self.dismiss(None)


def _width(view: View, name: str) -> int:
    usual = {column: size for column, size, _ in COLUMNS}
    return dict(view.widths).get(name, usual[name])


def _row(view: View, name: str) -> Content:
    return Content(f"{name:<10}{_width(view, name):>3}")
