"""The top line: where one is, what waits, and how old each source's answer is."""

from textual.content import Content
from textual.widgets import Static


class StatusLine(Static):
    """One line; repainted only when its words change, so that a clock costs nothing when nothing moved."""

    ALLOW_SELECT = False

    def say(self, left: Content, right: Content) -> None:
        """Put one part at each end."""
        room = max(1, self.size.width - 2 - left.cell_length - right.cell_length)
        line = Content.assemble(left, " " * room, right)
        if line.markup != self._said:
            self._said = line.markup
            self.update(line, layout=False)

    _said = ""
