"""How a device is reached: one digit chooses, and a way that cannot be gone says why."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.services.collection import WAY_WORDS, Way


class WayChoice(Widget, can_focus=True):
    """A line for each way; `value` is the way that was chosen, or None."""

    DEFAULT_CSS: ClassVar[str] = """
    WayChoice { height: 2; width: 1fr; background: $panel; padding: 0 1; }
    WayChoice:focus { background: $primary 30%; }
    """

    value: reactive[Way | None] = reactive(None)
    refusals: reactive[Mapping[Way, str]] = reactive(dict)

    class Chosen(Message):
        """A digit was pressed."""

    def render(self) -> Content:
        lines = []
        for digit, way in enumerate(Way, 1):
            why = self.refusals.get(way, "")
            style = "bold $success" if way is self.value else ("$secondary" if why else "")
            lines.append(
                Content.assemble((f"{digit} {WAY_WORDS[way]}", style), (f": {why}" if why else "", "$warning"))
            )
        return Content("\n").join(lines)

    def on_key(self, event: events.Key) -> None:
        chosen = {str(digit): way for digit, way in enumerate(Way, 1)}.get(event.key)
        if chosen is not None:
            event.stop()
            self.value = chosen
            self.post_message(self.Chosen())
