"""A group's page with its members, and everything that can be done to all of them; disclosing a key is not among it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.group_forms import BatchScreen, ChooseGroupScreen, PreviewScreen, TextScreen
from screens.group_page import GroupView, member_line, page
from screens.mass_words import key_words
from screens.shell import ConsoleScreen, bindings
from screens.widgets.key_line import KeyLine
from screens.widgets.page_view import PageView
from screens.widgets.row_list import RowList
from screens.widgets.status_line import StatusLine
from tui.actions import Scope
from tui.errors import Problem, ProblemKind
from tui.model.group import Group, GroupKey
from tui.services.facets import Share, shares
from tui.services.fleet import Fleet
from tui.services.forecast import Forecast
from tui.services.group_edits import may_merge
from tui.services.group_export import REBOOTS, notice_text
from tui.services.group_keys import question_for
from tui.services.group_plans import GroupAction, plan_for
from tui.services.incidents import Diff
from tui.services.known_issues import issues_of

MEMBERS = 500
"""Members in the list, the newest; the queue shows all of them."""


class GroupScreen(ConsoleScreen):
    """One group: its page above, its members below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.GROUP)
    AUTO_FOCUS = "#members"
    DEFAULT_CSS = """
    GroupScreen PageView { height: 2fr; }
    GroupScreen #members { height: 1fr; border: none; padding: 0; background: $background; border-top: solid $primary 40%; }
    GroupScreen #members:focus { border: none; border-top: solid $primary; }
    """  # noqa: E501

    def __init__(self, key: GroupKey, show_members: Callable[[GroupKey], None]) -> None:
        super().__init__()
        self._key = key
        self._show_in_queue = show_members
        self._marked: set[str] = set()
        self._shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield PageView()
        yield RowList(id="members", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self._unlisten = self.desk.queue.on_diff(self._on_diff)
        self._fleet: Fleet | None = None
        self.set_interval(1.0, self._show_new_fleet)
        self.call_after_refresh(self._show)

    def _show_new_fleet(self) -> None:
        if self._fleet is not None and self._fleet is not self.desk.mass.fleet:
            self._show()

    def on_unmount(self) -> None:
        self._unlisten()

    def _on_diff(self, _: Diff) -> None:
        self._show()

    @property
    def _group(self) -> Group | None:
        return self.desk.mass.book.get(self._key)

    @work(group="group", exclusive=True, exit_on_error=False, description="show a group")
    async def _show(self) -> None:
        await self.desk.mass.catch_up()
        group = self._group
        if group is None:
            self.query_one(PageView).say(Content("This group has no members any more. (esc)"))
            self.query_one("#members", OptionList).clear_options()
            return
        self._key = group.key
        self._show_members(group)
        mass = self.desk.mass
        self._fleet = mass.fleet
        # Counting the facets of thousands of devices takes longer than the loop may be held.
        common = await asyncio.to_thread(shares, *mass.facets(group))
        coming = await asyncio.to_thread(mass.forecast, group)
        self.query_one(PageView).say(page(self._view_of(group, common, coming)))
        left = Content.assemble(("Group ", "bold $primary"), key_words(group.key))
        shown = f", the newest {MEMBERS} below" if len(group.members) > MEMBERS else ""
        self.query_one(StatusLine).say(left, Content(f"{group.open_count} open of {len(group.members)}{shown}"))

    def _show_members(self, group: Group) -> None:
        now, options = self.desk.clock.now(), self.query_one("#members", OptionList)
        incidents = self.desk.mass.incidents(group)[: -MEMBERS - 1 : -1]
        kept = options.highlighted or 0
        self._shown = tuple(incident.id for incident in incidents)
        lines = [member_line(each, marked=each.id in self._marked, now=now) for each in incidents]
        options.set_options([Option(line) for line in lines])
        options.highlighted = min(kept, len(lines) - 1) if lines else None

    def _view_of(self, group: Group, common: Sequence[Share], coming: Forecast) -> GroupView:
        mass = self.desk.mass
        incidents = mass.incidents(group)
        same_update = [
            each
            for each in mass.book.groups()
            if group.key.kb and each.key.kb == group.key.kb and each.key != group.key
        ]
        surging = [each for each in mass.surges() if each.key is not None and mass.edits.root(each.key) == group.key]
        return GroupView(
            group=group,
            incidents=incidents,
            now=self.desk.clock.now(),
            shares=common,
            fleet=mass.fleet,
            forecast=coming,
            others=same_update,
            issues=issues_of(group.key),
            theories=[theory for theory in mass.theories if mass.edits.root(theory.group) == group.key],
            surge=surging[0] if surging else None,
        )

    @property
    def _member(self) -> str:
        place = self.query_one("#members", OptionList).highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else ""

    @on(OptionList.OptionSelected, "#members")
    def _selected(self) -> None:
        self.action_show_members()

    def action_close_group(self) -> None:
        self.dismiss(None)

    def action_show_members(self) -> None:
        self.dismiss(None)
        self._show_in_queue(self._key)

    def action_claim_group(self) -> None:
        self._act(GroupAction.CLAIM)

    def action_join_group(self) -> None:
        self._act(GroupAction.JOIN)

    def action_rotate_group(self) -> None:
        self._act(GroupAction.ROTATE)

    def action_note_group(self) -> None:
        self._act(GroupAction.NOTE, "Note on all open members", "what the next engineer should know")

    def action_link_group(self) -> None:
        self._act(GroupAction.LINK, "Problem record", "PRB0040001")

    def action_ask_group(self) -> None:
        question = question_for(self._key)
        self._act(GroupAction.ASK, "Question for the callers", "one question", question, before="Ask the caller: ")

    def action_notice_group(self) -> None:
        if (group := self._group) is not None:
            self._act(GroupAction.NOTICE, "Notice to owners", "how owners read their key", notice_text(group))

    @work(group="act", exclusive=True, exit_on_error=False, description="act on a group")
    async def _act(
        self, action: GroupAction, title: str = "", placeholder: str = "", value: str = "", before: str = ""
    ) -> None:
        group = self._group
        if group is None:
            return
        text = ""
        if title and not (text := await self.app.push_screen_wait(TextScreen(title, placeholder, value))):
            return
        try:
            me = self.desk.engineer.user.upn
            if not me:
                raise Problem(ProblemKind.SIGNED_OUT, "Nobody is signed in yet", "", "Sign in first; then act.")
            debts = await self.desk.rotation.debts() if action is GroupAction.ROTATE else ()
            allowed = await self._may_read_own() if action is GroupAction.NOTICE else None
            members = self.desk.mass.incidents(group)
            plan = plan_for(action, group.key, members, me=me, text=before + text, debts=debts, notice_allowed=allowed)
            run = self.desk.group_run()
            progress = await run.begin(plan)
            if not plan.steps or not await self.app.push_screen_wait(PreviewScreen(progress)):
                await run.give_up(progress)
                if not plan.steps:
                    await self.app.push_screen_wait(PreviewScreen(progress))
                return
            await self.app.push_screen_wait(BatchScreen(run, progress))
        except Problem as problem:
            self.shell.report(problem)
        self._show()

    async def _may_read_own(self) -> bool | None:
        try:
            return (await (await self.desk.cloud()).policies.self_service()).allowed
        except Problem:
            return None

    def action_export_group(self) -> None:
        self._export()

    @work(group="export", exclusive=True, exit_on_error=False, description="export a group")
    async def _export(self) -> None:
        group = self._group
        if group is None:
            return
        offered = "; ".join(f"{count}: {trade}" for count, trade in REBOOTS.items())
        answer = await self.app.push_screen_wait(TextScreen(f"Restarts to suspend for. {offered}", "1, 2 or 3", "2"))
        if answer not in {str(count) for count in REBOOTS}:
            return
        try:
            done = await self.desk.export_group(group, int(answer))
        except Problem as problem:
            self.shell.report(problem)
            return
        written = ", ".join(path.name for path in done.paths)
        self.notify(f"Written: {written}. {done.left_out}".rstrip(), markup=False, timeout=15)

    def action_theory_group(self) -> None:
        self._theorise()

    @work(group="decide", exit_on_error=False, description="write a working theory down")
    async def _theorise(self) -> None:
        if text := await self.app.push_screen_wait(TextScreen("Tonight's working theory", "what you hold for true")):
            await self._decide(self.desk.mass.theorise(self._key, text))

    def action_merge_group(self) -> None:
        self._merge()

    @work(group="decide", exit_on_error=False, description="merge groups")
    async def _merge(self) -> None:
        others = [each for each in self.desk.mass.book.groups() if may_merge(self._key, each.key)]
        into = await self.app.push_screen_wait(ChooseGroupScreen("Show this group as part of", others))
        if into is not None:
            await self._decide(self.desk.mass.merge(self._key, into))

    def action_mark_member(self) -> None:
        self._marked ^= {self._member} if self._member else set()
        if (group := self._group) is not None:
            self._show_members(group)

    def action_split_group(self) -> None:
        self._split()

    @work(group="decide", exit_on_error=False, description="split a group")
    async def _split(self) -> None:
        marked = tuple(sorted(self._marked & set(self._shown)))
        if not marked:
            self.notify("Mark members with space first", markup=False)
        elif name := await self.app.push_screen_wait(TextScreen(f"{len(marked)} members apart, named", "docked")):
            self._marked.clear()
            await self._decide(self.desk.mass.split(self._key, marked, name))

    def action_deny_member(self) -> None:
        if self._member:
            self._deny(self._member)

    @work(group="decide", exit_on_error=False, description="take an incident out of a group")
    async def _deny(self, incident_id: str) -> None:
        await self._decide(self.desk.mass.deny(self._key, incident_id))

    def action_undo_group(self) -> None:
        self._undo()

    @work(group="decide", exit_on_error=False, description="take a decision back")
    async def _undo(self) -> None:
        mass = self.desk.mass
        mine = [each for each in mass.edits.standing if self._key in (each.group, each.into)]
        if mine:
            await self._decide(mass.undo(mine[-1]))
            self.notify(f"Taken back: {mine[-1].do}", markup=False)
        else:
            self.notify("Nothing was decided about this group", markup=False)

    def action_finish_group(self) -> None:
        self._finish()

    @work(group="decide", exit_on_error=False, description="close a group")
    async def _finish(self) -> None:
        if (group := self._group) is not None and await self._decide(self.desk.mass.close(group)):
            self.dismiss(None)

    async def _decide(self, decision: Awaitable[object]) -> bool:
        try:
            await decision
        except Problem as problem:
            self.shell.report(problem)
            return False
        self._show()
        return True
