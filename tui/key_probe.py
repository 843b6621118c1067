"""Shows what each key press arrives as in this terminal."""

from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import RichLog


class KeyProbe(App[None]):
    """A page of key names; q twice leaves."""

    ENABLE_COMMAND_PALETTE = False
    _last = ""

    def compose(self) -> ComposeResult:
        yield RichLog(markup=False)

    def on_mount(self) -> None:
        self.query_one(RichLog).write("Press keys; q twice leaves.")

    def on_key(self, event: events.Key) -> None:
        event.prevent_default()
        if event.key == "q" == self._last:
            self.exit()
        self._last = event.key
        printable = event.character if event.is_printable else ""
        self.query_one(RichLog).write(Content(f"{event.key}  {printable or ''}").plain)
