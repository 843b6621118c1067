"""Mass incidents: groups by cause and KB, as a list and as a matrix."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from screens.render import age, cause_words
from screens.shell import ConsoleScreen, bindings
from screens.widgets.page_view import PageView
from screens.widgets.status_line import StatusLine
from tui.actions import Scope
from tui.model.cause import Cause
from tui.model.group import Group, GroupKey
from tui.services.incidents import Diff


class MassScreen(ConsoleScreen):
    """One line a group: what it is, how many, since when, and why it is thought to be one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.MASS)
    AUTO_FOCUS = "OptionList"

    class GroupChosen(Message):
        """The engineer wants to see a group's incidents."""

        def __init__(self, key: GroupKey) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__()
        self._groups: tuple[Group, ...] = ()
        self._stale = False

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield OptionList(id="groups", markup=False)
        yield PageView()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._unlisten = self.desk.queue.on_diff(self._on_diff)
        self.set_interval(1.0, self._regroup_if_stale)

    def on_unmount(self) -> None:
        self._unlisten()

    def on_screen_resume(self) -> None:
        self._regroup()

    def _on_diff(self, _: Diff) -> None:
        self._stale = True

    def _regroup_if_stale(self) -> None:
        if self._stale and self.is_current:
            self._regroup()

    def _regroup(self) -> None:
        self._stale = False
        self._groups = self.desk.groups()
        now = self.desk.clock.now()
        options = self.query_one("#groups", OptionList)
        kept = options.highlighted or 0
        options.set_options([Option(group_line(group, now)) for group in self._groups])
        options.highlighted = min(kept, len(self._groups) - 1) if self._groups else None
        count = sum(group.open_count for group in self._groups)
        left = Content.assemble(("Mass incidents ", "bold $primary"), self.desk.tenant)
        self.query_one(StatusLine).say(left, Content(f"{len(self._groups)} groups, {count} open incidents"))
        self._describe()

    @on(OptionList.OptionHighlighted, "#groups")
    def _describe(self) -> None:
        place = self.query_one("#groups", OptionList).highlighted
        group = self._groups[place] if place is not None and place < len(self._groups) else None
        parts = [group_content(group, self.desk.clock.now())] if group else []
        self.query_one(PageView).say(Content("\n").join([*parts, matrix(self._groups)]))

    @on(OptionList.OptionSelected, "#groups")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.app.post_message(self.GroupChosen(self._groups[event.option_index].key))

    def action_open_group(self) -> None:
        self.query_one("#groups", OptionList).action_select()


def key_words(key: GroupKey) -> str:
    """What a group is, in a few words."""
    return cause_words(Cause(key.cause, key.pcr if key.pcr >= 0 else None))


def group_line(group: Group, now: datetime) -> Content:
    """A group in the list."""
    return Content.assemble(
        (f"{group.open_count:5} open ", "bold"),
        f"of {len(group.members):5}  ",
        (f"{key_words(group.key):24}", "$accent"),
        f"{group.key.kb or 'no KB named':12} since {age(group.first_seen, now)}, last {age(group.last_seen, now)}",
    )


def group_content(group: Group, now: datetime) -> Content:
    """A group's page."""
    lines = [
        Content.assemble((f"{key_words(group.key)} x {group.key.kb or 'no KB'}", "bold $primary")),
        Content(f"{len(group.members)} incidents, {group.open_count} open, the first {age(group.first_seen, now)} ago"),
    ]
    lines += [Content(f"  because {reason}") for reason in group.because]
    if not group.because:
        lines.append(Content("  no deciding fact is known: ask for the code behind Alt on the recovery screen"))
    lines.append(Content("A group never authorises a key: each disclosure stays per device.\n"))
    return Content("\n").join(lines)


def matrix(groups: Sequence[Group]) -> Content:
    """KB by cause, open incidents; numbers, so that it reads without colour."""
    if not groups:
        return Content("No incidents.")
    cells: Counter[tuple[str, str]] = Counter()
    for group in groups:
        cells[(group.key.kb or "no KB", key_words(group.key))] += group.open_count
    causes = [cause for cause, _ in _totals(cells, 1)][:4]
    lines = [Content.assemble((f"{'KB x cause':12}" + "".join(f"{cause[:14]:>16}" for cause in causes), "$secondary"))]
    for kb, _ in _totals(cells, 0)[:10]:
        lines.append(Content(f"{kb:12}" + "".join(f"{cells[(kb, cause)] or '·':>16}" for cause in causes)))
    return Content("\n").join(lines)


def _totals(cells: Counter[tuple[str, str]], part: int) -> list[tuple[str, int]]:
    totals: Counter[str] = Counter()
    for key, count in cells.items():
        totals[key[part]] += count
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))
