"""The queue's use cases: paint from the cache, sync with the ticket sources, claim and write through the outbox."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.fact import SourceHealth, SourceState
from tui.model.incident import Incident, IncidentState, Ticket
from tui.ports import IncidentCache, TicketBatch, TicketSource
from tui.services.incidents import Diff, IncidentBook, arranged, incident_of, open_elsewhere
from tui.services.outbox import OPEN, Outbox, UnkeptOutbox, WriteKind, WriteState
from tui.services.queue_filter import QueueFilter
from tui.services.source_offers import Recognising, Sweepable
from tui.services.ticket_texts import TicketTexts
from tui.services.writes import WriteService

LOOKED_AT = 50
"""Tickets asked for one by one after the open ones were compared with the book."""
AT_ONCE = 500
"""Tickets that enter the book in one go."""
_FEW = 20

OnDiff = Callable[[Diff], None]

_NOTHING = Diff((), ())
_STATES = {
    ProblemKind.THROTTLED: SourceState.THROTTLED,
    ProblemKind.FORBIDDEN: SourceState.FORBIDDEN,
    ProblemKind.NOT_FOUND: SourceState.NOT_FOUND,
}


class QueueService:
    """Keeps the book in step with the ticket sources. A source that fails does not stop the others."""

    def __init__(
        self, sources: Sequence[TicketSource], cache: IncidentCache, clock: Clock, outbox: Outbox | None = None
    ) -> None:
        self.book = IncidentBook()
        self.health: dict[str, SourceHealth] = {}
        self._sources = {source.name: source for source in sources}
        self._cache = cache
        self._clock = clock
        self._watermarks: dict[str, str] = {}
        self._not_before: dict[str, datetime] = {}
        self._swept_at: dict[str, datetime] = {}
        self._looked_at: dict[str, set[str]] = {}
        self._unkept: dict[str, set[str]] = {}
        """Ids that the cache could not take, by source; they go with the next ones."""
        self._listeners: list[OnDiff] = []
        self.texts = TicketTexts(self.book, cache, self._sources)
        self.filter = QueueFilter(self.book, cache)
        self.writes = WriteService(self._sources, outbox or UnkeptOutbox(), clock, self._on_ticket)

    @property
    def source_names(self) -> tuple[str, ...]:
        """The ticket sources, as configured."""
        return tuple(self._sources)

    def on_diff(self, listener: OnDiff) -> Callable[[], None]:
        """Call the listener after each change of the book; returns what takes it away again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def load_cached(self) -> datetime | None:
        """Fill the book from the cache, and take up writes that an earlier run left; answers how old the cache is."""
        kept = await self._cache.load()
        self.book.begin(await asyncio.to_thread(arranged, kept))
        ages: list[datetime] = []
        for name in self._sources:
            self._watermarks[name], kept_at = await self._cache.watermark(name)
            if kept_at is not None:
                ages.append(kept_at)
                self.health[name] = SourceHealth(SourceState.OFF, kept_at, "from the local cache")
        await self.writes.load()
        return min(ages) if ages else None

    async def sync(self, name: str) -> Diff:
        """Send what waits for a source, then ask it once what changed.

        A source's failure becomes its health. Raises nothing but cancellation.
        """
        await self._send_waiting(name)
        not_before = self._not_before.get(name)
        if not_before is not None and self._clock.now() < not_before:
            return _NOTHING
        try:
            batch = await self._sources[name].changed_since(self._watermarks.get(name, ""))
            diff = await self._take_batch(name, batch)
            return _both(diff, await self._sweep(name))
        except Problem as problem:
            self._say_failure(name, problem)
            return _NOTHING

    async def reread(self, incident_id: str) -> Incident | None:
        """The incident as its source has it now; None when it is there no more. Raises `Problem`."""
        shown = self._require(incident_id)
        try:
            ticket = await self._sources[shown.source].get(shown.ticket.key)
        except Problem as problem:
            if problem.kind is ProblemKind.NOT_FOUND:
                return None
            raise
        now = incident_of(shown.source, ticket)
        await self._take(now)
        return now

    async def claim(self, incident_id: str, assignee: str) -> Incident:
        """Assign an incident; raises `Problem` when somebody else holds it, the source refuses, or it has to wait."""
        await self._write(incident_id, WriteKind.CLAIM, assignee, assignee)
        return self._require(incident_id)

    async def note(self, incident_id: str, text: str, actor: str = "") -> None:
        """Add a work note; raises `Problem` when it holds digits of a key, is refused, or has to wait."""
        await self._write(incident_id, WriteKind.NOTE, text, actor)

    async def set_state(self, incident_id: str, state: IncidentState, actor: str = "") -> Incident:
        """Move an incident on; raises `Problem` when somebody else did meanwhile, or it has to wait."""
        await self._write(incident_id, WriteKind.STATE, state.value, actor)
        return self._require(incident_id)

    async def link(self, incident_id: str, parent: str, actor: str = "") -> Incident:
        """Hang an incident on a problem or a parent ticket."""
        await self._write(incident_id, WriteKind.LINK, parent, actor)
        return self._require(incident_id)

    async def recognise(self, name: str) -> None:
        """Tell the sources who sits here; one that does not know the name shows its own."""
        for source in self._sources.values():
            if isinstance(source, Recognising):
                with contextlib.suppress(Problem):
                    await source.recognise(name)

    async def close(self) -> None:
        """Let go of every source's connections."""
        for source in self._sources.values():
            await source.close()

    async def _write(self, incident_id: str, kind: WriteKind, value: str, actor: str) -> None:
        incident = self._require(incident_id)
        write = await self.writes.submit(incident, kind, value, actor)
        ended = await self.writes.deliver(write.id)
        if ended.state in (WriteState.SENT, WriteState.CONFIRMED):
            return
        problem = self.writes.problem(ended)
        if ended.state not in OPEN:
            # It is said right here, to the one who asked for it.
            await self.writes.acknowledge(ended.id)
        raise problem

    async def _send_waiting(self, name: str) -> None:
        try:
            await self.writes.drain(name)
        except Problem as problem:
            self._say_failure(name, problem)

    def _say_failure(self, name: str, problem: Problem) -> None:
        before = self.health.get(name)
        state = _STATES.get(problem.kind, SourceState.UNREACHABLE)
        self.health[name] = SourceHealth(state, before.observed_at if before else None, str(problem))
        if problem.retry_after is not None:
            self._not_before[name] = self._clock.now() + timedelta(seconds=problem.retry_after)

    async def _take_batch(self, name: str, batch: TicketBatch) -> Diff:
        # What comes again unchanged is not read again: reading a text costs more than comparing it.
        news = [ticket for ticket in batch.tickets if not self.book.is_known(f"{name}:{ticket.key}", ticket)]
        incidents: list[Incident] = []
        whole = _NOTHING
        for start in range(0, len(news), AT_ONCE):
            part = news[start : start + AT_ONCE]
            # A first poll can bring a hundred thousand texts; keys and paints must get their turn meanwhile.
            read = await asyncio.to_thread(_read, name, part) if len(news) > _FEW else _read(name, part)
            diff = self.book.apply(read)
            self._publish(diff)
            incidents += read
            whole = _both(whole, diff)
        await self._keep(name, [incident.id for incident in incidents], batch.watermark)
        return whole

    async def _sweep(self, name: str) -> Diff:
        """Find what was deleted, and what a list of changes has missed."""
        source, now = self._sources[name], self._clock.now()
        if not isinstance(source, Sweepable):
            return _NOTHING
        last = self._swept_at.get(name)
        if last is not None and now - last < timedelta(seconds=source.sweep_seconds):
            return _NOTHING
        lines = self.book.lines()
        present = await source.open_keys()
        if present is None:
            return _NOTHING
        looked_at = self._looked_at.setdefault(name, set())
        # Looking at a hundred thousand lines would hold the event loop.
        doubtful = await asyncio.to_thread(open_elsewhere, name, lines, present, looked_at, LOOKED_AT)
        looked_at.update(doubtful)
        found = [incident for key in doubtful if (incident := await self._look(name, key)) is not None]
        diff = self.book.apply(found)
        if found:
            await self._keep(name, [each.id for each in found], self._watermarks.get(name, ""))
        if len(doubtful) < LOOKED_AT:
            looked_at.clear()
            self._swept_at[name] = now
        self._publish(diff)
        return diff

    async def _look(self, name: str, key: str) -> Incident | None:
        """An incident as it is now; one that is gone is closed here."""
        try:
            return incident_of(name, await self._sources[name].get(key))
        except Problem as problem:
            if problem.kind is ProblemKind.FORBIDDEN:
                return None
            if problem.kind is not ProblemKind.NOT_FOUND:
                raise
        known = self.book.get(f"{name}:{key}")
        return replace(known, ticket=replace(known.ticket, state=IncidentState.CLOSED)) if known else None

    async def _on_ticket(self, name: str, ticket: Ticket) -> None:
        await self._take(incident_of(name, ticket))

    async def _take(self, incident: Incident) -> None:
        diff = self.book.apply([incident])
        name = incident.source
        await self._save(name, [incident.id], self._watermarks.get(name, ""))
        self._publish(diff)

    async def _keep(self, name: str, incident_ids: Sequence[str], watermark: str) -> None:
        now = self._clock.now()
        try:
            await self._save(name, incident_ids, watermark)
        except Problem as problem:
            self.health[name] = SourceHealth(SourceState.OK, now, f"not cached: {problem}")
        else:
            self.health[name] = SourceHealth(SourceState.OK, now)
        self._watermarks[name] = watermark

    async def _save(self, name: str, incident_ids: Sequence[str], watermark: str) -> None:
        """Keep incidents as the book has them; their texts stay in the book until the cache has them for sure."""
        unkept = self._unkept.setdefault(name, set())
        unkept.update(incident_ids)
        taken = frozenset(unkept)
        incidents = [self._require(incident_id) for incident_id in sorted(taken)]
        forgotten = await self._cache.save(name, incidents, watermark)
        self.book.shelve(incident for incident in incidents if incident.id not in forgotten)
        unkept -= taken

    def _publish(self, diff: Diff) -> None:
        if diff:
            for listener in tuple(self._listeners):
                listener(diff)

    def _require(self, incident_id: str) -> Incident:
        incident = self.book.get(incident_id)
        if incident is None:
            raise KeyError(incident_id)
        return incident


def _read(name: str, tickets: Sequence[Ticket]) -> list[Incident]:
    return [incident_of(name, ticket) for ticket in tickets]


def _both(one: Diff, other: Diff) -> Diff:
    return Diff((*one.added, *other.added), tuple(dict.fromkeys((*one.changed, *other.changed))))
