"""Mass incidents: groups with their arrivals, surges on top, and the shift as a matrix or a timeline."""

import asyncio
from datetime import datetime
from typing import ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.group import GroupScreen
from screens.group_forms import BatchScreen, PreviewScreen
from screens.group_page import sentence
from screens.mass_words import (
    GRADE_WORDS,
    HEADER,
    SHIFT,
    SPARK_SPAN,
    group_line,
    matrix,
    surge_line,
    timeline,
)
from screens.shell import ConsoleScreen, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from screens.widgets.row_list import RowList
from screens.widgets.status_line import StatusLine
from tui.actions import Scope
from tui.errors import Problem
from tui.model.audit import AuditEvent
from tui.model.group import Group, GroupKey
from tui.services.fleet import Fleet
from tui.services.forecast import Forecast, forecast_words, growth_words
from tui.services.group_keys import missing_facts
from tui.services.group_plans import unfinished
from tui.services.incidents import Diff
from tui.services.surge import Surge

View = Literal["group", "matrix", "timeline"]
SHOWN = 200
"""Groups in the list; a shift has some dozen."""


class MassScreen(ConsoleScreen):
    """One line a group: how many, how they come, what it is, what brought it, and what that rests on."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.MASS)
    AUTO_FOCUS = "OptionList"
    DEFAULT_CSS = """
    MassScreen #surges { height: auto; max-height: 3; padding: 0 1; background: $error 15%; display: none; }
    MassScreen.-surge #surges { display: block; }
    MassScreen #groups { height: 2fr; border: none; padding: 0; background: $background; }
    MassScreen #groups:focus { border: none; }
    MassScreen #header { height: 1; }
    MassScreen.-chart #groups { height: 1fr; }
    MassScreen PageView { height: 3fr; border-top: solid $primary 40%; }
    """

    class GroupChosen(Message):
        """The engineer wants to see a group's incidents in the queue."""

        def __init__(self, key: GroupKey) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__()
        self._groups: tuple[Group, ...] = ()
        self._view: View = "group"
        self._words = False
        self._chosen: GroupKey | None = None
        self._fleet = Fleet()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield Static(id="surges")
        yield Static(Content.assemble((HEADER, "$secondary")), id="header")
        yield RowList(id="groups", markup=False)
        yield PageView()
        yield KeyLine()

    def on_mount(self) -> None:
        self._stale = True
        self._unlisten = self.desk.queue.on_diff(self._on_diff)
        self._said_unfinished = False
        self.set_interval(1.0, self._regroup_if_stale)

    def on_unmount(self) -> None:
        self._unlisten()

    def on_screen_resume(self) -> None:
        self._read_decisions()

    def _on_diff(self, _: Diff) -> None:
        self._stale = True

    def _regroup_if_stale(self) -> None:
        if self.is_current and (self._stale or self.desk.mass.behind or self._fleet is not self.desk.mass.fleet):
            self._regroup()

    @work(group="decisions", exclusive=True, exit_on_error=False, description="read the decisions about groups")
    async def _read_decisions(self) -> None:
        try:
            await self.desk.mass.load()
            rows = await self.desk.audit.rows_of({AuditEvent.REVIEW})
        except Problem as problem:
            self.shell.report(problem)
            return
        if (left := unfinished(rows)) and not self._said_unfinished:
            self._said_unfinished = True
            self.notify(f"{len(left)} group action was cut off; P goes on with it", markup=False, timeout=15)
        self._regroup()

    @work(group="regroup", exclusive=True, exit_on_error=False, description="group the incidents")
    async def _regroup(self) -> None:
        self._stale = False
        mass = self.desk.mass
        self._groups = tuple(group for group in await mass.catch_up() if not mass.is_closed(group))[:SHOWN]
        self._show_list()

    def _show_list(self) -> None:
        now, mass = self.desk.clock.now(), self.desk.mass
        self._fleet = mass.fleet
        surges = sorted(mass.surges(), key=_most_telling)
        surging = {mass.edits.root(surge.key) for surge in surges if surge.key is not None}
        options = self.query_one("#groups", OptionList)
        lines = [
            group_line(group, self._arrivals(group), now, surging=group.key in surging, words=self._words)
            for group in self._groups
        ]
        keys = [group.key for group in self._groups]
        place = keys.index(self._chosen) if self._chosen in keys else 0 if keys else None
        with self.prevent(OptionList.OptionHighlighted):
            options.set_options([Option(line) for line in lines])
            options.highlighted = place
        self.set_class(bool(surges), "-surge")
        self.query_one("#surges", Static).update(Content("\n").join([surge_line(each, now) for each in surges[:3]]))
        count = sum(group.open_count for group in self._groups)
        left = Content.assemble(("Mass incidents ", "bold $primary"), self.desk.tenant)
        right = f"{len(self._groups)} groups, {count} open" + (f", {len(surges)} surging" if surges else "")
        self.query_one(StatusLine).say(left, Content(right))
        self._describe()

    def _arrivals(self, group: Group) -> list[datetime]:
        return self.desk.mass.book.opened_since(self.desk.clock.now() - SPARK_SPAN, group)

    @property
    def _group(self) -> Group | None:
        place = self.query_one("#groups", OptionList).highlighted
        return self._groups[place] if place is not None and place < len(self._groups) else None

    @on(OptionList.OptionHighlighted, "#groups")
    def _highlighted(self) -> None:
        if (group := self._group) is not None:
            self._chosen = group.key
        self._describe()

    def _describe(self) -> None:
        now = self.desk.clock.now()
        if self._view == "matrix":
            content = matrix(self._groups, words=self._words)
        elif self._view == "timeline":
            moments = self.desk.mass.book.opened_since(now - SHIFT)
            baseline = self.desk.mass.watch.baseline if self.desk.mass.watch is not None else None
            content = timeline(moments, now, baseline, words=self._words)
        else:
            self._summarise()
            return
        self.query_one(PageView).say(content)

    @work(group="summary", exclusive=True, exit_on_error=False, description="sum a group up")
    async def _summarise(self) -> None:
        group, mass = self._group, self.desk.mass
        if group is None:
            self.query_one(PageView).say(Content("No incidents."))
            return
        # Looking through a large fleet takes longer than the loop may be held.
        coming = await asyncio.to_thread(mass.forecast, group)
        if self._view == "group":
            self.query_one(PageView).say(self._summary(group, coming, self.desk.clock.now()))

    def _summary(self, group: Group, coming: Forecast, now: datetime) -> Content:
        lines = [Content.assemble((sentence(group), "bold $primary"))]
        lines.append(Content(f"{GRADE_WORDS[group.key.grade]}: " + ("; ".join(group.because[:3]) or "no fact decides")))
        lines.append(Content(growth_words(self._arrivals(group), now)))
        lines.append(Content(forecast_words(coming, self.desk.mass.fleet, now)))
        lines += [Content.assemble(("would decide: ", "$warning"), each.fact) for each in missing_facts(group.key)]
        lines.append(Content("enter opens its page with everything that can be done"))
        return Content("\n").join(lines)

    @on(OptionList.OptionSelected, "#groups")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        key = self._groups[event.option_index].key
        self._chosen = key
        self.app.push_screen(GroupScreen(key, self._show_members))

    def _show_members(self, key: GroupKey) -> None:
        self.app.post_message(self.GroupChosen(key))

    def action_open_group(self) -> None:
        self.query_one("#groups", OptionList).action_select()

    def action_show_matrix(self) -> None:
        self._switch("matrix")

    def action_show_timeline(self) -> None:
        self._switch("timeline")

    def _switch(self, view: View) -> None:
        self._view = "group" if self._view == view else view
        self.set_class(self._view != "group", "-chart")
        self._describe()

    def action_switch_words(self) -> None:
        self._words = not self._words
        self._show_list()

    def action_resume_batches(self) -> None:
        self._resume()

    @work(group="resume", exclusive=True, exit_on_error=False, description="go on with a group action")
    async def _resume(self) -> None:
        try:
            left = unfinished(await self.desk.audit.rows_of({AuditEvent.REVIEW}))
            if not left:
                self.notify("No group action was cut off", markup=False)
            for progress in left:
                if await self.app.push_screen_wait(PreviewScreen(progress)):
                    await self.app.push_screen_wait(BatchScreen(self.desk.group_run(), progress))
        except Problem as problem:
            self.shell.report(problem)


def _most_telling(surge: Surge) -> tuple[int, int]:
    """A group with a cause before all tickets together, and what claims nothing last; of each the largest first."""
    return (1 if surge.key is None else 0 if surge.key.claims else 2, -surge.observed)
