"""The shift's handover, computed."""

from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.content import Content

from screens.page import PageScreen
from screens.render import heading
from screens.shell import bindings
from tui.actions import Scope
from tui.errors import Problem
from tui.services.handover import Handover, sections_of


class HandoverScreen(PageScreen):
    """What the next shift has to know."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.HANDOVER)
    HEADING = "Handover"

    def on_screen_resume(self) -> None:
        self._compute()

    @work(group="handover", exclusive=True, exit_on_error=False, description="compute the handover")
    async def _compute(self) -> None:
        try:
            handover = await self.desk.handover()
        except Problem as problem:
            self.shell.report(problem)
            return
        self.say_head(Content(f"{len(handover.debts)} rotations owed, s saves it as Markdown"))
        self.say_page(handover_content(handover))

    def action_save_handover(self) -> None:
        self._save()

    @work(group="handover-save", exclusive=True, exit_on_error=False, description="save the handover")
    async def _save(self) -> None:
        try:
            path = await self.desk.save_handover()
        except Problem as problem:
            self.shell.report(problem)
        else:
            self.notify(f"Saved as {path}", markup=False)


def handover_content(handover: Handover) -> Content:
    """The sections in words."""
    since = f"{handover.since:%H:%M}" if handover.since else "the beginning"
    parts = [Content.assemble((f"Shift from {since} to {handover.until:%H:%M} UTC", "bold"))]
    for section in sections_of(handover):
        parts.append(heading(f"{section.title} ({len(section.lines)})"))
        parts += [Content(f"  {line}") for line in section.lines] or [Content("  none")]
    return Content("\n").join(parts)
