"""Where the eight blocks of a recovery password appear: to this process they are bullets, always."""

from textual.strip import Strip

from screens.widgets.vault_pane import BULLET, VaultPane
from tui.ports import Cell

BLOCKS = 8
DIGITS = 6
PER_LINE = 4
_STEP = DIGITS + 6
_FIRST_LINE = 1


class KeyBlocks(VaultPane):
    """Eight masked blocks, numbered, in two lines of four; a tick behind those that were read back right."""

    _right: frozenset[int] = frozenset()

    def tick(self, right: set[int]) -> None:
        """Say which blocks were read back right."""
        self._right = frozenset(right)
        self.refresh()

    def cells(self) -> tuple[Cell, ...] | None:
        """Screen cell (column, row) of each block's first digit; None when not all of them are in view."""
        region = self.content_region
        cells = tuple(
            (region.x + 2 + (block % PER_LINE) * _STEP, region.y + _FIRST_LINE + 2 * (block // PER_LINE))
            for block in range(BLOCKS)
        )
        return cells if self.in_view(cells, DIGITS) else None

    def render_line(self, y: int) -> Strip:
        line = y - _FIRST_LINE
        if line not in (0, 2):
            return self.line("")
        first = PER_LINE * (line // 2)
        return self.line("".join(self._block(block).ljust(_STEP) for block in range(first, first + PER_LINE)))

    def _block(self, block: int) -> str:
        return f"{block + 1} {BULLET * DIGITS}{'✓' if block in self._right else ''}"
