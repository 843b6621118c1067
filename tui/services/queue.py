"""The queue's use cases: paint from the cache, sync with the ticket sources, claim."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.fact import SourceHealth, SourceState
from tui.model.incident import Incident, IncidentState
from tui.ports import IncidentCache, TicketSource
from tui.services.incidents import Diff, IncidentBook, incident_of

OnDiff = Callable[[Diff], None]


class QueueService:
    """Keeps the book in step with the ticket sources. A source that fails does not stop the others."""

    def __init__(self, sources: Sequence[TicketSource], cache: IncidentCache, clock: Clock) -> None:
        self.book = IncidentBook()
        self.health: dict[str, SourceHealth] = {}
        self._sources = {source.name: source for source in sources}
        self._cache = cache
        self._clock = clock
        self._watermarks: dict[str, str] = {}
        self._listeners: list[OnDiff] = []

    @property
    def source_names(self) -> tuple[str, ...]:
        """The ticket sources, as configured."""
        return tuple(self._sources)

    def on_diff(self, listener: OnDiff) -> Callable[[], None]:
        """Call the listener after each change of the book; returns what takes it away again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def load_cached(self) -> datetime | None:
        """Fill the book from the cache; answers how old it is."""
        self._publish(self.book.apply(await self._cache.load()))
        ages: list[datetime] = []
        for name in self._sources:
            self._watermarks[name], kept_at = await self._cache.watermark(name)
            if kept_at is not None:
                ages.append(kept_at)
                self.health[name] = SourceHealth(SourceState.OFF, kept_at, "from the local cache")
        return min(ages) if ages else None

    async def sync(self, name: str) -> Diff:
        """Ask one source what changed, once. Its failure becomes its health; raises nothing but cancellation."""
        source = self._sources[name]
        try:
            batch = await source.changed_since(self._watermarks.get(name, ""))
        except Problem as problem:
            before = self.health.get(name)
            seen = before.observed_at if before else None
            self.health[name] = SourceHealth(SourceState.UNREACHABLE, seen, str(problem))
            return Diff((), ())
        incidents = [incident_of(name, ticket) for ticket in batch.tickets]
        diff = self.book.apply(incidents)
        await self._keep(name, [self._known(incident) for incident in incidents], batch.watermark)
        self._publish(diff)
        return diff

    async def claim(self, incident_id: str, assignee: str) -> Incident:
        """Assign an incident; raises `Problem` when somebody else holds it or the source refuses."""
        incident = self._require(incident_id)
        source = self._sources[incident.source]
        ticket = await source.assign(incident.ticket.key, assignee)
        if ticket.state is IncidentState.NEW:
            ticket = await source.set_state(ticket.key, IncidentState.CLAIMED)
        return await self._take(incident_of(incident.source, ticket))

    async def reread(self, incident_id: str) -> Incident | None:
        """The incident as its source has it now; None when the source has it no more. Raises `Problem`."""
        incident = self._require(incident_id)
        try:
            ticket = await self._sources[incident.source].get(incident.ticket.key)
        except Problem as problem:
            if problem.kind is ProblemKind.NOT_FOUND:
                return None
            raise
        return await self._take(incident_of(incident.source, ticket))

    async def close_ticket(self, incident_id: str) -> Incident:
        """Close an incident at its source; whether it may be closed is asked before (`services.closing`)."""
        incident = self._require(incident_id)
        ticket = await self._sources[incident.source].set_state(incident.ticket.key, IncidentState.CLOSED)
        return await self._take(incident_of(incident.source, ticket))

    async def note(self, incident_id: str, text: str) -> None:
        """Add a work note to the incident's ticket."""
        incident = self._require(incident_id)
        await self._sources[incident.source].add_note(incident.ticket.key, text)

    async def close(self) -> None:
        """Let go of every source's connections."""
        for source in self._sources.values():
            await source.close()

    def _known(self, incident: Incident) -> Incident:
        return self.book.get(incident.id) or incident

    async def _take(self, incident: Incident) -> Incident:
        diff = self.book.apply([incident])
        await self._cache.save(incident.source, [incident], self._watermarks.get(incident.source, ""))
        self._publish(diff)
        return incident

    async def _keep(self, name: str, incidents: Sequence[Incident], watermark: str) -> None:
        now = self._clock.now()
        try:
            await self._cache.save(name, incidents, watermark)
        except Problem as problem:
            self.health[name] = SourceHealth(SourceState.OK, now, f"not cached: {problem}")
        else:
            self.health[name] = SourceHealth(SourceState.OK, now)
        self._watermarks[name] = watermark

    def _publish(self, diff: Diff) -> None:
        if diff:
            for listener in tuple(self._listeners):
                listener(diff)

    def _require(self, incident_id: str) -> Incident:
        incident = self.book.get(incident_id)
        if incident is None:
            raise KeyError(incident_id)
        return incident
