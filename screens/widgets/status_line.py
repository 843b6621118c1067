"""The top line: in which tenant and where one is, what waits, and how old each source's answer is."""

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

from screens.tenant_badge import with_badge

if TYPE_CHECKING:
    from screens.shell import ConsoleScreen


class StatusLine(Static):
    """One line; repainted only when its words change, so that a clock costs nothing when nothing moved."""

    ALLOW_SELECT = False

    def say(self, left: Content, right: Content) -> None:
        """Put one part at each end; the tenant's name has its colour where there are several."""
        left = with_badge(left, cast("ConsoleScreen", self.screen).desk)
        room = max(1, self.size.width - 2 - left.cell_length - right.cell_length)
        line = Content.assemble(left, " " * room, right)
        if line.markup != self._said:
            self._said = line.markup
            self.update(line, layout=False)

    _said = ""
