"""What stands side by side."""

from textual.containers import Horizontal


class Panes(Horizontal):
    """Panes that cover it whole, so that it has no lines of its own to paint."""

    BLANK = True
    DEFAULT_CSS = "Panes { height: 1fr; }"
