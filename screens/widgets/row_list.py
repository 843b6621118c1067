"""A list with a cursor that moves by the same keys as the queue's."""

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import OptionList

from screens.shell import bindings
from tui.actions import Scope


class RowList(OptionList):
    """Rows that are plain words, whatever they hold."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.LIST)
