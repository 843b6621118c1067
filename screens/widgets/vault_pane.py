"""A part of the screen that the vault draws into. To this process it shows what the vault leaves when it masks."""

from collections.abc import Iterable

from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.ports import Cell

BULLET = "•"


class VaultPane(Widget, can_focus=False):
    """Cannot be selected or copied, and knows where on the terminal it is."""

    ALLOW_SELECT = False

    class Repainted(Message):
        """The console painted over what the vault drew here, as when a notice came and went."""

    filled = False
    """The vault has drawn here."""

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.filled:
            self.filled = False
            self.post_message(self.Repainted())
        return super().render_lines(crop)

    def get_selection(self, selection: object) -> None:
        """Nothing here can be selected or copied."""

    def in_view(self, cells: Iterable[Cell], width: int) -> bool:
        """Whether runs of so many cells from these on are inside the pane and on the screen."""
        region, screen = self.content_region, self.screen.size
        right, bottom = min(region.right, screen.width), min(region.bottom, screen.height)
        return self.is_on_screen and all(x + width <= right and y < bottom for x, y in cells)

    def sgr(self) -> str:
        """SGR parameters that give drawn digits the widget's own colours."""
        color, background = self.styles.color, self.background_colors[1]
        if self.app.no_color:
            return "1"
        return f"1;38;2;{color.r};{color.g};{color.b};48;2;{background.r};{background.g};{background.b}"

    def line(self, text: str) -> Strip:
        """A line of the pane's width in its own style."""
        from rich.segment import Segment

        width = self.size.width
        return Strip([Segment(text[:width].ljust(width), self.rich_style)], width)
