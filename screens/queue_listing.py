"""What the queue shows of the incidents: filtered, sorted, of one group, in chosen columns; and how it follows them."""

import asyncio
from dataclasses import replace

from textual import on, work
from textual.timer import Timer
from textual.widgets import Input

from screens.bulk_work import BulkWork
from screens.views import ViewScreen
from screens.widgets.listed_rows import ListedRows
from tui.errors import Problem
from tui.model.group import GroupKey
from tui.model.incident_line import id_in
from tui.services.views import QUEUE_ORDER, View, next_sort, sorted_lines

LISTING_PAUSE_SECONDS = 1.0
"""A filtered or sorted view follows new tickets at most this often."""

PATIENCE_SECONDS = 3.0
"""How long keys wait for other rows; a filter over a hundred thousand texts takes half a second."""


class QueueListing(BulkWork):
    """The part of the queue screen that chooses rows and columns."""

    def __init__(self) -> None:
        super().__init__()
        self._view = View()
        self._stale = False
        self._group: GroupKey | None = None
        self._patience: Timer | None = None
        self.awaits_rows = False
        """Other rows were asked for and are not shown yet: a key that is for the table has to wait for them."""

    def on_mount(self) -> None:
        self.set_interval(LISTING_PAUSE_SECONDS, self._list_if_stale)

    def say_status(self) -> None:
        """Write the status line anew."""
        raise NotImplementedError

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
        self.awaits_rows = True
        if self._patience is not None:
            self._patience.stop()
        self._patience = self.set_timer(PATIENCE_SECONDS, self._rows_came)
        self._list(anew=True)
        self.say_status()

    def _rows_came(self) -> None:
        if self.awaits_rows:
            self.awaits_rows = False
            self.shell.let_keys_go()

    def _list_if_stale(self) -> None:
        # It would cut off the list that was asked for, and what that one shows is no older.
        if self._stale and not self.awaits_rows:
            self._list(anew=False)

    @work(group="list", exclusive=True, exit_on_error=False, description="list the queue")
    async def _list(self, *, anew: bool) -> None:
        """`anew`: the engineer has asked for other rows. Else they follow the queue, and the cursor keeps its line."""
        self._stale = False
        book, view = self.desk.queue.book, self._view
        if not self._is_listing:
            self.table.show(book)
            self._rows_came()
            return
        if self._group is not None:
            await self.desk.mass.catch_up()
        try:
            plain = anew and self._group is None and view.sort == QUEUE_ORDER
            begun = plain and await self._begin_list(view.words)
            found = await self.desk.queue.filter.matching(view.words)
        except Problem as problem:
            self._rows_came()
            self.shell.report(problem)
            return
        if self._group is not None:
            found = [line for line in found if self._in_group(id_in(line))]
        if view.sort != QUEUE_ORDER:
            found = await asyncio.to_thread(sorted_lines, found, view)
        (self.table.show if anew and not begun else self.table.follow)(ListedRows(book, found))
        self._rows_came()

    async def _begin_list(self, words: str) -> bool:
        """Show the first matches while the others are looked for; answers whether there were any."""
        first = await self.desk.queue.filter.first(words, self.table.selected)
        if first:
            self.table.show(ListedRows(self.desk.queue.book, first))
            self._rows_came()
        return bool(first)

    def _in_group(self, incident_id: str) -> bool:
        mass = self.desk.mass
        return self._group is None or mass.book.key_of(incident_id) == mass.edits.root(self._group)
