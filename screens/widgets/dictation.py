"""Where one block is read aloud and typed as it is read back. The digits and their words come from the vault."""

from textual.strip import Strip

from screens.widgets.vault_pane import BULLET, VaultPane
from tui.ports import DictationRegion

LANGUAGE_NAMES = {"en": "English", "de": "Deutsch", "fr": "français", "pl": "polski", "es": "español"}
WORDS_WIDTH = 34
TITLE_WIDTH = 40
_INDENT = 4
_FIELD = "    reads back  "


class DictationPane(VaultPane):
    """A title, two lines of three digits with their words, and the field of the caller's six digits."""

    DEFAULT_CSS = "DictationPane { height: 6; width: 47; background: $surface; color: $accent; }"

    def __init__(self) -> None:
        super().__init__()
        self.block = -1
        self.language = "en"

    @property
    def title(self) -> str:
        """Which block it is. The vault writes it too: a repaint of this pane would wipe what the vault drew."""
        if self.block < 0:
            return ""
        return f"Block {self.block + 1} of 8, {LANGUAGE_NAMES[self.language]}".ljust(TITLE_WIDTH)

    def region_for(self, mask_after_ms: int) -> DictationRegion | None:
        """Where the vault writes the current block; None when not all of it is in view."""
        region = self.content_region
        upper, lower = ((region.x + _INDENT, region.y + row) for row in (1, 2))
        heading, field = (region.x, region.y), (region.x + len(_FIELD), region.y + 4)
        if not (self.in_view((upper, lower), WORDS_WIDTH) and self.in_view((field,), 6)):
            return None
        return DictationRegion(
            heading=heading,
            title=self.title,
            lines=(upper, lower),
            width=WORDS_WIDTH,
            field=field,
            sgr=self.sgr(),
            block=self.block,
            language=self.language,
            mask_after_ms=mask_after_ms,
        )

    def render_line(self, y: int) -> Strip:
        texts = {
            0: self.title or "a: read a block aloud, and hear it back",
            1: " " * _INDENT + BULLET * 3,
            2: " " * _INDENT + BULLET * 3,
            4: f"{_FIELD}______",
        }
        return self.line(texts.get(y, ""))
