"""The bottom line: which keys work here and now."""

from typing import NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.events import MouseDown, MouseMove
from textual.screen import Screen
from textual.widget import Widget


class Item(NamedTuple):
    """A key as it is shown: `press` is its name to Textual, `text` all that is shown of it."""

    press: str
    label: str
    text: str
    tooltip: str


class KeyLine(Widget):
    """One widget for all keys: mounting one each, as Textual does, took longer than the screen above them."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        width: 1fr;
        height: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[Item, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def render(self) -> RenderResult:
        parts = [((f" {item.label} ", "bold $accent"), f"{item.text} ") for item in self._items]
        return Content.assemble(*(part for pair in parts for part in pair))

    def _bindings_changed(self, screen: Screen[object]) -> None:
        # Without the focus of the terminal the app has no keys at all, and a line that empties says nothing new.
        if screen is not self.screen or not self.app.app_focus:
            return
        items: dict[str, Item] = {}
        for _, binding, _, tooltip in screen.active_bindings.values():
            if binding.show and binding.action not in items:
                label = self.app.get_key_display(binding)
                items[binding.action] = Item(binding.key, label, binding.description, tooltip)
        if tuple(items.values()) != self._items:
            self._items = tuple(items.values())
            self.refresh()

    def on_mouse_down(self, event: MouseDown) -> None:
        item = self._at(event.x)
        if item is not None:
            self.app.simulate_key(item.press)

    def on_mouse_move(self, event: MouseMove) -> None:
        item = self._at(event.x)
        tooltip = item.tooltip if item is not None else None
        if tooltip != self.tooltip:
            self.tooltip = tooltip

    def _at(self, x: int) -> Item | None:
        for item in self._items:
            x -= Content(f" {item.label} {item.text} ").cell_length
            if x < 0:
                return item
        return None
