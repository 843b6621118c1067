"""What is done with many incidents, and what became of the writes that it led to."""

from collections.abc import Callable

from textual import work

from screens.group_forms import TextScreen
from screens.incident_work import IncidentWork
from screens.write_words import write_sign
from tui.errors import Problem
from tui.model.group import GroupKey
from tui.model.incident import Incident
from tui.services.outbox import Write


class BulkWork(IncidentWork):
    """The part of the queue screen that keeps writes in sight and puts marked incidents into a group."""

    _deaf: Callable[[], None]

    def on_mount(self) -> None:
        self.table.sign_of = lambda incident_id: write_sign(self.desk.queue.writes.pending(incident_id))
        self._deaf = self.desk.queue.writes.on_write(self._on_write)

    def on_unmount(self) -> None:
        self._deaf()

    def _on_write(self, write: Write) -> None:
        self.table.patch([write.incident_id])
        if write.incident_id == self.table.selected:
            self.show_device()

    def action_acknowledge_writes(self) -> None:
        self._acknowledge(self.table.selected)

    @work(group="acknowledge", exit_on_error=False, description="take note of a write's end")
    async def _acknowledge(self, incident_id: str) -> None:
        for write in self.desk.queue.writes.pending(incident_id):
            await self.desk.queue.writes.acknowledge(write.id)
        self.table.patch([incident_id])
        self.show_device()

    def action_group_incidents(self) -> None:
        self._group_incidents(self.chosen())

    @work(group="group", exclusive=True, exit_on_error=False, description="group incidents")
    async def _group_incidents(self, incidents: tuple[Incident, ...]) -> None:
        mass = self.desk.mass
        name = await self.app.push_screen_wait(TextScreen(f"{len(incidents)} incidents in a group named", "docked"))
        if not name:
            return
        try:
            await mass.catch_up()
            parts: dict[GroupKey, list[str]] = {}
            for incident in incidents:
                key = mass.book.key_of(incident.id)
                if key is not None:
                    parts.setdefault(key, []).append(incident.id)
            for key, members in parts.items():
                await mass.split(key, tuple(members), name)
        except Problem as problem:
            self.shell.report(problem)
            return
        self.table.unmark_all()
        count = f" ({len(parts)} causes, a group for each)" if len(parts) > 1 else ""
        self.notify(f"{len(incidents)} incidents are in {name}{count}", markup=False)

    def action_refresh_queue(self) -> None:
        self._refresh()

    @work(group="refresh", exclusive=True, exit_on_error=False, description="ask the ticket sources")
    async def _refresh(self) -> None:
        for name in self.desk.queue.source_names:
            await self.desk.queue.sync(name)
