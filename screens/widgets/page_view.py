"""A page of text that scrolls: the device pane, help, handover."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class PageView(VerticalScroll, can_focus=True):
    """Shows content and keeps its scroll position while it is replaced."""

    def compose(self) -> ComposeResult:
        yield Static(id="page")

    def say(self, content: Content) -> None:
        """Replace what is shown."""
        self.query_one("#page", Static).update(content)


class DevicePane(PageView):
    """What is known of the selected incident's device."""

    DEFAULT_CLASSES = "beside"
