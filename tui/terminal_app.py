"""How the console meets its terminal: frames through the painter, keys in order, output held while the vault draws."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from rich.console import RenderableType
from textual import events
from textual._compositor import CompositorUpdate
from textual.screen import Screen
from textual.widgets import Input

import themes
from tui.driver import ConsoleDriver
from tui.painting import PaintedUpdate, Painter
from tui.shut_doors import ShutDoors
from tui.type_ahead import TypeAhead

if TYPE_CHECKING:
    from tui.hex_keys import HexKeys

PLAIN_PAINTING = "RESEAL_PLAIN_PAINTING"
"""Environment variable that lets Textual write its frames itself, for a terminal that the painter misjudges."""


ERASING = ("xterm", "alacritty", "foot", "ghostty", "kitty", "rxvt", "wezterm")
"""Terminals whose terminfo has `bce`. tmux is none of them, and draws what leaves it by itself."""


class TerminalApp(ShutDoors):
    """Nothing here knows what the console is for."""

    CSS_PATH = themes.FRONT
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(driver_class=ConsoleDriver)
        self._type_ahead = TypeAhead(self, self._press)
        self._hex_keys: HexKeys | None = None
        self._painter = (
            None if os.environ.get(PLAIN_PAINTING) else Painter(erases=os.environ.get("TERM", "").startswith(ERASING))
        )
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK.name
        self.stylesheet.set_variables(self.get_css_variables())
        self._coloured_by = self.theme

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything by another theme."""
        # Textual also asks for it when a mode is shown first, and would parse every stylesheet anew.
        if self.theme != self._coloured_by:
            self._coloured_by = self.theme
            super().refresh_css(animate)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Paste) and self._hex_keys is not None and self._hex_keys.take_paste(event.text):
            return
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._type_ahead.admit(event):
            if not self._may_act(event):
                self._type_ahead.hold(event)
                return
            for key in (event,) if self._hex_keys is None else self._hex_keys.admit(event):
                await super().on_event(key)
            self._type_ahead.handled()

    def _may_act(self, key: events.Key) -> bool:
        """Whether a key acts now; if not, it and all after it are kept until `let_keys_go`."""
        # What is typed behind a filter is meant for what it finds, not for the row that is still under the cursor.
        return isinstance(self.focused, Input) or not getattr(self.screen, "awaits_rows", False)

    def let_keys_go(self) -> None:
        """What kept keys from acting is over."""
        self._type_ahead.let_go()

    def _press(self, key: events.Key) -> None:
        self.post_message(key)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self._painter is not None and isinstance(renderable, CompositorUpdate):
            self._painter.fit(*self.size)
            renderable = PaintedUpdate(renderable, self._painter)
        super()._display(screen, renderable)

    def action_redraw(self) -> None:
        """Write every cell anew, whatever the terminal has become."""
        if self._painter is not None:
            self._painter.forget()
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    @asynccontextmanager
    async def hold_output(self) -> AsyncIterator[None]:
        """Flush and hold the console's own output, so that the vault can draw."""
        if isinstance(self._driver, ConsoleDriver):
            try:
                async with self._driver.hold_output():
                    yield
            finally:
                if self._painter is not None:
                    self._painter.forget()
        else:
            yield
