"""The queue: incidents on the left, the selected one's device on the right or, on narrow terminals, behind enter."""

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Input, Static

from screens.bulk_work import BulkWork
from screens.collect import CollectScreen
from screens.look_up import LookUpScreen
from screens.queue_status import QueueCounts, queue_status, source_status
from screens.render import dossier_content
from screens.runbook import RunbookScreen
from screens.shell import bindings, fit_to_width
from screens.views import ViewScreen
from screens.widgets.incident_table import IncidentTable
from screens.widgets.listed_rows import ListedRows
from screens.widgets.page_view import DevicePane
from screens.widgets.status_line import StatusLine
from screens.write_words import write_lines
from tui.actions import Scope
from tui.errors import Problem
from tui.model.dossier import Dossier
from tui.model.group import GroupKey
from tui.model.incident import Incident
from tui.model.incident_line import id_in
from tui.services.collection import Collection, joined
from tui.services.desk import query_of
from tui.services.incidents import Diff
from tui.services.views import QUEUE_ORDER, View, next_sort, sorted_lines

AGES_SECONDS = 20.0
"""How often the ages in the rows are looked at; only what changed of them reaches the terminal."""

LISTING_PAUSE_SECONDS = 1.0
"""A filtered or sorted view follows new tickets at most this often."""


class QueueScreen(BulkWork):
    """The first screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.QUEUE, Scope.DEVICE)
    AUTO_FOCUS = "IncidentTable"

    def __init__(self) -> None:
        super().__init__()
        self._dossier: Dossier | None = None
        self._dossier_of = ""
        self._collected: dict[str, Collection] = {}
        self._new = 0
        self._view = View()
        self._stale = False
        self._group: GroupKey | None = None

    def compose(self) -> ComposeResult:
        fit_to_width(self)
        yield StatusLine(id="status")
        yield Static(id="notice")
        with Horizontal(id="work"):
            yield IncidentTable(self.desk.queue.book, self.desk.clock.now)
            yield DevicePane()
        yield Input(placeholder="filter: words that must all occur", id="filter")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._unlisten = self.desk.queue.on_diff(self._on_diff)
        self.set_interval(1.0, self._tick)
        self.set_interval(AGES_SECONDS, self.table.refresh)
        self.set_interval(LISTING_PAUSE_SECONDS, self._list_if_stale)
        self._select_first()
        self.call_after_refresh(self._tick)
        self.show_device()

    def on_unmount(self) -> None:
        self._unlisten()

    def stand_on(self, front: IncidentTable) -> None:
        """Go on where the first frame's table was left."""
        self.table.select(front.selected)
        self.call_after_refresh(self.table.scroll_to, y=front.scroll_offset.y, animate=False, force=True)

    def jump_to(self, incident_id: str) -> None:
        """Put the cursor on an incident; what hides it is taken away."""
        if self.table.rows.position(incident_id) is None:
            self.show_group(None)
            self._open_view(View())
            self.table.show(self.desk.queue.book)
        self.table.select(incident_id)
        self.table.focus()

    def show_only(self, words: str) -> None:
        """Filter the queue, as if the words had been typed."""
        self.query_one("#filter", Input).value = words
        self.set_class(bool(words), "-filtering")
        self.table.focus()

    def show_group(self, key: GroupKey | None) -> None:
        """List the members of a group, by incident ID, and follow it; None lists everything again."""
        self._group = key
        self.show_only("")
        self._open_view(self._view)

    def say_notice(self, text: str) -> None:
        """Show one line above the queue until escape is pressed."""
        self.query_one("#notice", Static).update(Content(text))
        self.add_class("-notice")

    def _on_diff(self, diff: Diff) -> None:
        if self._is_listing:
            self._stale = True
        else:
            self.table.patch(diff.changed)
        self._new += len(diff.added) if self.table.selected else 0
        self._select_first()
        if self.table.selected in diff.changed:
            self.show_device()
        self._tick()

    def _select_first(self) -> None:
        if not self.table.selected and len(self.table.rows):
            self.table.select(self.table.rows.at(0).id)

    @on(IncidentTable.Marked)
    def _tick(self) -> None:
        desk, now = self.desk, self.desk.clock.now()
        me = desk.engineer.user.upn
        if me != self.table.me:
            self.table.me = me
            self.table.refresh()
        counts = QueueCounts(self._new, len(self.table.marked))
        left = queue_status(desk, self._view, self._group, counts, now)
        self.query_one(StatusLine).say(left, source_status(desk, now))

    @on(IncidentTable.Selected)
    def _selected(self, message: IncidentTable.Selected) -> None:
        self._new = 0
        if message.incident_id != self._dossier_of:
            self._dossier, self._dossier_of = None, ""
        self.show_device()

    def show_device(self) -> None:
        dossier = self._dossier if self._dossier_of == self.table.selected else None
        collected = self._collected.get(self.table.selected)
        if dossier is not None and collected is not None:
            dossier = joined(dossier, collected)
        now = self.desk.clock.now()
        writes = write_lines(self.desk.queue.writes.pending(self.table.selected), now)
        told = dossier_content(self.incident, dossier, now, self.text)
        self.query_one(DevicePane).say(Content("\n").join([*writes, told]))

    def action_open_device(self) -> None:
        incident = self.incident
        if incident is None:
            return
        self.add_class("-device")
        self._dossier_of = incident.id
        if self.has_class("-narrow"):
            self.query_one(DevicePane).focus()
        self._join(incident)

    @work(group="dossier", exclusive=True, exit_on_error=False, description="join a device's sources")
    async def _join(self, incident: Incident) -> None:
        def show(dossier: Dossier) -> None:
            if self._dossier_of == incident.id:
                self._dossier = dossier
                self.show_device()

        try:
            show(await self.desk.open_dossier(query_of(incident), show))
        except Problem as problem:
            self.shell.report(problem)

    def action_collect_facts(self) -> None:
        incident = self.incident
        if incident is not None:
            self._collect(incident, self._dossier if self._dossier_of == incident.id else None)

    @work(group="collect", exclusive=True, exit_on_error=False, description="collect from a device")
    async def _collect(self, incident: Incident, dossier: Dossier | None) -> None:
        collection = await self.app.push_screen_wait(CollectScreen(self.desk.collection, incident, dossier))
        if collection is not None:
            self._collected[incident.id] = collection
            self.show_device()
            try:
                read = f"{collection.way} {collection.sha256[:12]}"
                await self.desk.mass.remember(incident, read, collection.evidence)
            except Problem as problem:
                self.shell.report(problem)

    def action_open_runbook(self) -> None:
        incident = self.incident
        if incident is not None:
            self._open_runbook(incident, self._dossier if self._dossier_of == incident.id else None)

    @work(group="runbook", exclusive=True, exit_on_error=False, description="compute the runbook")
    async def _open_runbook(self, incident: Incident, dossier: Dossier | None) -> None:
        try:
            steps = await self.desk.runbook(incident, dossier)
        except Problem as problem:
            self.shell.report(problem)
        else:
            self.app.push_screen(RunbookScreen(incident.ticket.number, steps))

    def action_go_back(self) -> None:
        if self.has_class("-device"):
            self.remove_class("-device")
            self.table.focus()
        elif self.has_class("-filtering"):
            self.show_only("")
        elif self._group is not None:
            self.show_group(None)
        elif self.table.marked:
            self.table.unmark_all()
        self.remove_class("-notice")

    def action_filter_queue(self) -> None:
        self.add_class("-filtering")
        self.query_one("#filter", Input).focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._open_view(replace(self._view, words=event.value.strip()))

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.set_class(bool(self._view.words), "-filtering")
        self.table.focus()

    def action_sort_next(self) -> None:
        self._open_view(next_sort(self._view))

    def action_sort_reverse(self) -> None:
        if self._view.sort:
            self._open_view(replace(self._view, reverse=not self._view.reverse))

    def action_choose_view(self) -> None:
        self._choose_view()

    @work(group="views", exclusive=True, exit_on_error=False, description="choose a view")
    async def _choose_view(self) -> None:
        saved = await self.desk.saved_views()
        chosen = await self.app.push_screen_wait(ViewScreen(self._view, saved))
        if chosen is None:
            return
        view, kept = chosen
        if kept != saved:
            await self.desk.save_views(kept)
        self.query_one("#filter", Input).value = view.words
        self.set_class(bool(view.words), "-filtering")
        self._open_view(view)

    @property
    def _is_listing(self) -> bool:
        return bool(self._view.words) or self._view.sort != QUEUE_ORDER or self._group is not None

    def _open_view(self, view: View) -> None:
        self._view = view
        self.table.columns, self.table.sizes = view.columns, dict(view.widths)
        self._list()
        self._tick()

    def _list_if_stale(self) -> None:
        if self._stale:
            self._list()

    @work(group="list", exclusive=True, exit_on_error=False, description="list the queue")
    async def _list(self) -> None:
        self._stale = False
        book, view = self.desk.queue.book, self._view
        if not self._is_listing:
            self.table.show(book)
            return
        if self._group is not None:
            await self.desk.mass.catch_up()
        try:
            begun = self._group is None and view.sort == QUEUE_ORDER and await self._begin_list(view.words)
            found = await self.desk.queue.filter.matching(view.words)
        except Problem as problem:
            self.shell.report(problem)
            return
        if self._group is not None:
            found = [line for line in found if self._in_group(id_in(line))]
        if view.sort != QUEUE_ORDER:
            found = await asyncio.to_thread(sorted_lines, found, view)
        (self.table.grow if begun else self.table.show)(ListedRows(book, found))

    async def _begin_list(self, words: str) -> bool:
        """Show the first matches while the others are looked for; answers whether there were any."""
        first = await self.desk.queue.filter.first(words, self.table.selected)
        if first:
            self.table.show(ListedRows(self.desk.queue.book, first))
        return bool(first)

    def _in_group(self, incident_id: str) -> bool:
        mass = self.desk.mass
        return self._group is None or mass.book.key_of(incident_id) == mass.edits.root(self._group)

    def action_look_up(self) -> None:
        self.app.push_screen(LookUpScreen())
