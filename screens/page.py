"""A page: where one is, one text that scrolls, and the keys."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from screens.shell import ConsoleScreen
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from screens.widgets.status_line import StatusLine


class PageScreen(ConsoleScreen):
    """What the audit, the handover, the rights and the wire log look like."""

    AUTO_FOCUS = "PageView"
    HEADING: ClassVar[str]

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield PageView()
        yield KeyLine()

    def say_head(self, right: Content, *more: tuple[str, str]) -> None:
        """The heading and the tenant at the left, with what else stands there; something else at the right."""
        left = Content.assemble((f"{self.HEADING} ", "bold $primary"), self.desk.tenant, *more)
        self.query_one(StatusLine).say(left, right)

    def say_page(self, content: Content) -> None:
        """Show a text."""
        self.query_one(PageView).say(content)
