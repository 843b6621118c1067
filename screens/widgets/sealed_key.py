"""Where the sealed key appears: ciphertext, as text or as a QR code. The vault writes it."""

from typing import Literal

from textual.strip import Strip

from screens.widgets.vault_pane import VaultPane
from tui.ports import SealRegion

ROWS, WIDTH = 10, 70


class SealedKey(VaultPane):
    """An empty pane for the text; a code is larger, and covers the whole screen down to the footer."""

    DEFAULT_CSS = f"SealedKey {{ height: {ROWS}; width: {WIDTH}; background: $surface; color: $text; }}"

    form: Literal["text", "qr"] = "text"

    def switch(self) -> None:
        """The other form."""
        self.form = "qr" if self.form == "text" else "text"

    def region_for(self, recipient: str) -> SealRegion:
        """What there is of room."""
        screen, own = self.screen.size, self.content_region
        if self.form == "qr":
            return SealRegion((0, 0), screen.width, screen.height - 1, self.sgr(), recipient, self.form)
        return SealRegion((own.x, own.y), own.width, own.height, self.sgr(), recipient, self.form)

    def render_line(self, y: int) -> Strip:
        return self.line("")
