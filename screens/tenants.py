"""Going from one tenant to another."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.row_list import RowList
from tui.actions import Scope


class TenantScreen(ConsoleModal[str | None]):
    """Answers the name of the tenant to show."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.TENANTS)
    AUTO_FOCUS = "OptionList"

    def __init__(self, names: Sequence[str], shown: str, opened: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self._shown = shown
        self._opened = opened

    def compose(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield Static(
                Content.assemble(("Tenant  ", "bold $primary"), "enter goes there; what runs in the background goes on")
            )
            yield RowList(*(Option(self._words(name)) for name in self._names))
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = list(self._names).index(self._shown)

    def _words(self, name: str) -> Content:
        said = "shown" if name == self._shown else ("open" if name in self._opened else "not opened yet")
        return Content.assemble(name, (f"  {said}", "$secondary"))

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._names[message.option_index])

    def action_close_tenants(self) -> None:
        self.dismiss(None)
