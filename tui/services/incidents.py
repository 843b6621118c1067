"""The incident book: what the queue shows, kept in order, patched by id."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tui.diagnosis.ticket_text import read_ticket
from tui.model.incident import Incident, IncidentState, Ticket

SortKey = tuple[bool, int, float, str]


@dataclass(frozen=True, slots=True)
class Diff:
    """What a change of the book did, by incident id."""

    added: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)


def incident_of(source: str, ticket: Ticket) -> Incident:
    """Read a ticket into an incident."""
    return Incident(f"{source}:{ticket.key}", source, ticket, read_ticket(ticket.body, ticket.title))


def sort_key(incident: Incident) -> SortKey:
    """Open before closed, urgent before less urgent, oldest first; the id keeps the order stable."""
    ticket = incident.ticket
    return (ticket.state is IncidentState.CLOSED, ticket.priority, ticket.opened_at.timestamp(), incident.id)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a book begins with."""

    by_id: dict[str, Incident]
    order: list[Incident]
    open_by_assignee: Counter[str]


def arranged(incidents: Iterable[Incident]) -> Arrangement:
    """Incidents by id and in queue order; a hundred thousand belong into a thread."""
    by_id: dict[str, Incident] = {}
    for incident in incidents:
        known = by_id.get(incident.id)
        if known is None or _supersedes(incident, known):
            by_id[incident.id] = incident
    held = (each.ticket.assignee for each in by_id.values() if each.ticket.state is not IncidentState.CLOSED)
    return Arrangement(by_id, sorted(by_id.values(), key=sort_key), Counter(held))


class IncidentBook:
    """All incidents in queue order. Not thread-safe: it belongs to the event loop."""

    def __init__(self) -> None:
        self._by_id: dict[str, Incident] = {}
        self._order: list[Incident] = []
        # The incidents themselves: a hundred thousand sort keys would take 11 MiB.
        self._open: Counter[str] = Counter()

    @property
    def open_count(self) -> int:
        """Incidents that are not closed."""
        return self._open.total()

    def open_of(self, assignee: str) -> int:
        """Open incidents that somebody holds."""
        return self._open[assignee]

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, incident_id: object) -> bool:
        return incident_id in self._by_id

    def at(self, position: int) -> Incident:
        """The incident on a position of the queue."""
        return self._order[position]

    def get(self, incident_id: str) -> Incident | None:
        """An incident by its id."""
        return self._by_id.get(incident_id)

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands in the queue."""
        incident = self._by_id.get(incident_id)
        return None if incident is None else bisect_left(self._order, sort_key(incident), key=sort_key)

    def all(self) -> Iterable[Incident]:
        """Every incident, in queue order."""
        return iter(self._order)

    def apply(self, incidents: Sequence[Incident]) -> Diff:
        """Take in new and changed incidents; what did not change, or is older than what is known, is passed over."""
        if not self._by_id:
            return self.begin(arranged(incidents))
        added: list[str] = []
        changed: list[str] = []
        for incident in incidents:
            known = self._by_id.get(incident.id)
            if known is None:
                added.append(incident.id)
            elif _supersedes(incident, known):
                changed.append(incident.id)
                del self._order[bisect_left(self._order, sort_key(known), key=sort_key)]
                self._count(known, -1)
            else:
                continue
            self._by_id[incident.id] = incident
            insort(self._order, incident, key=sort_key)
            self._count(incident, 1)
        return Diff(tuple(added), tuple(changed))

    def begin(self, start: Arrangement) -> Diff:
        """Begin with what was arranged elsewhere; only an empty book does."""
        if self._by_id:
            raise ValueError("the book has begun")
        self._by_id, self._order, self._open = start.by_id, start.order, start.open_by_assignee
        return Diff(tuple(self._by_id), ())

    def _count(self, incident: Incident, step: int) -> None:
        if incident.ticket.state is not IncidentState.CLOSED:
            self._open[incident.ticket.assignee] += step


def _supersedes(new: Incident, known: Incident) -> bool:
    return new != known and new.ticket.updated_at >= known.ticket.updated_at


def matcher(words: str) -> Callable[[Incident], bool]:
    """A filter: every word must stand somewhere in the incident's fields or in its ticket's text, in any case."""
    wanted = words.lower().split()

    def matches(incident: Incident) -> bool:
        text = search_text(incident)
        left = [word for word in wanted if word not in text]
        if not left:
            return True
        # The longest text comes last: most words stand in a field.
        body = incident.ticket.body.lower()
        return all(word in body for word in left)

    return matches


def search_text(incident: Incident) -> str:
    """An incident's fields, lower case: what the queue shows, and what was read out of the text."""
    ticket, reading = incident.ticket, incident.reading
    parts = (
        ticket.number,
        ticket.title,
        ticket.caller,
        ticket.device_name,
        ticket.state,
        ticket.assignee,
        ticket.parent,
        incident.source,
        f"p{ticket.priority}{' vip' if ticket.vip else ''}",
        reading.cause.code,
        *reading.kbs,
        *reading.key_id_prefixes,
        *reading.error_codes,
        *reading.devices,
    )
    return " ".join(parts).lower()
