"""The cause of a recovery: up and down choose, whatever field has the focus."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.queue_row import cause_words
from tui.model.cause import Cause, CauseCode

CAUSES = tuple(CauseCode)


class CauseChoice(Widget):
    """One cause in words and as its code; `place` is that in the list of causes."""

    DEFAULT_CSS = "CauseChoice { height: 1; width: 1fr; padding: 0 1; }"
    place = reactive(0)

    def __init__(self, first: CauseCode) -> None:
        super().__init__()
        self.set_reactive(CauseChoice.place, CAUSES.index(first))

    @property
    def cause(self) -> CauseCode:
        """The cause that is chosen."""
        return CAUSES[self.place]

    def step(self, by: int) -> None:
        """Go on in the list, round its ends."""
        self.place = (self.place + by) % len(CAUSES)

    def render(self) -> Content:
        return Content.assemble((cause_words(Cause(self.cause)), "bold"), f"  {self.cause}  ", ("↑↓", "$secondary"))
