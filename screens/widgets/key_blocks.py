"""Where the eight blocks of a recovery password appear: to this process they are bullets, always."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

BLOCKS = 8
DIGITS = 6
PER_LINE = 4
BULLET = "•"
_STEP = DIGITS + 6
_FIRST_LINE = 1


class KeyBlocks(Widget, can_focus=False):
    """Eight masked blocks, numbered, in two lines of four. The vault draws over the bullets from outside."""

    ALLOW_SELECT = False

    def get_selection(self, selection: object) -> None:
        """Nothing here can be selected or copied."""

    def cells(self) -> tuple[tuple[int, int], ...] | None:
        """Screen cell (column, row) of each block's first digit; None when not all of them are in view."""
        region = self.content_region
        cells = tuple(
            (region.x + 2 + (block % PER_LINE) * _STEP, region.y + _FIRST_LINE + 2 * (block // PER_LINE))
            for block in range(BLOCKS)
        )
        screen = self.screen.size
        inside = all(
            x + DIGITS <= min(region.right, screen.width) and y < min(region.bottom, screen.height) for x, y in cells
        )
        return cells if inside and self.is_on_screen else None

    def sgr(self) -> str:
        """SGR parameters that give drawn digits the widget's own colours."""
        color, background = self.styles.color, self.background_colors[1]
        if self.app.no_color:
            return "1"
        return f"1;38;2;{color.r};{color.g};{color.b};48;2;{background.r};{background.g};{background.b}"

    def render_line(self, y: int) -> Strip:
        style = self.rich_style
        line = y - _FIRST_LINE
        if line not in (0, 2):
            return Strip.blank(self.size.width, style)
        first = PER_LINE * (line // 2)
        text = "".join(f"{block + 1} {BULLET * DIGITS}".ljust(_STEP) for block in range(first, first + PER_LINE))
        return Strip([Segment(text[: self.size.width].ljust(self.size.width), style + Style())], self.size.width)
