"""The reason code of a disclosure: up and down choose, whatever field has the focus."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.services.intake_text import REASONS, Reason


class ReasonChoice(Widget):
    """One code with its meaning; `place` is that of the list of reasons."""

    DEFAULT_CSS = "ReasonChoice { height: 1; width: 1fr; padding: 0 1; }"
    place = reactive(0)

    def __init__(self, first: Reason) -> None:
        super().__init__()
        self.set_reactive(ReasonChoice.place, REASONS.index(first))

    @property
    def reason(self) -> Reason:
        """The code that is chosen."""
        return REASONS[self.place]

    def step(self, by: int) -> None:
        """Go on in the list, round its ends."""
        self.place = (self.place + by) % len(REASONS)

    def render(self) -> Content:
        return Content.assemble((self.reason.code, "bold"), f"  {self.reason.words}  ", ("↑↓", "$secondary"))
