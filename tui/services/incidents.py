"""The incident book: what the queue shows, kept in order, patched by id."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from heapq import nsmallest
from itertools import pairwise

from msgspec.structs import replace

from tui.diagnosis.ticket_text import read_ticket
from tui.keys_first import giving_way
from tui.model.incident import Incident, Ticket
from tui.model.incident_line import (
    Line,
    assignee_in,
    id_in,
    incident_in,
    is_open,
    line_of,
    seen_in,
    text_digest,
)


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


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a book begins with."""

    by_id: dict[str, Line]
    order: list[Line]
    open_by_assignee: Counter[str]


def arranged(lines: Iterable[Line]) -> Arrangement:
    """Lines of incidents by id and in queue order; a hundred thousand belong into a thread."""
    by_id = {id_in(line): line for line in giving_way(lines)}
    order = list(by_id.values())
    # The cache gives them in order. Sorting them all the same would hold every key for ten milliseconds.
    if any(line > following for line, following in giving_way(pairwise(order))):
        order.sort()
    return Arrangement(by_id, order, Counter(assignee_in(line) for line in giving_way(order) if is_open(line)))


def open_elsewhere(source: str, lines: Iterable[Line], present: Set[str], apart_from: Set[str], most: int) -> list[str]:
    """Keys of a source's tickets, the lowest first, that are open in only one of the two: the lines, or `present`."""
    begin = f"{source}:"

    def differing() -> Iterator[str]:
        left = set(present)
        for line in giving_way(lines):
            if is_open(line) and (name := id_in(line)).startswith(begin):
                key = name[len(begin) :]
                if key in left:
                    left.remove(key)
                else:
                    yield key
        yield from left

    return nsmallest(most, (key for key in differing() if key not in apart_from))


class IncidentBook:
    """All incidents in queue order. Not thread-safe: it belongs to the event loop.

    It holds lines, and texts only until `shelve` says that the cache has them: a ticket then has `kept_text`.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Line] = {}
        self._order: list[Line] = []
        self._open: Counter[str] = Counter()
        self._texts: dict[str, str] = {}
        self.revision = 0
        """Goes up with each change, and with each text that goes."""

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
        return self._whole(seen_in(self._order[position]))

    def get(self, incident_id: str) -> Incident | None:
        """An incident by its id."""
        line = self._by_id.get(incident_id)
        return None if line is None else self._whole(seen_in(line))

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands in the queue."""
        line = self._by_id.get(incident_id)
        return None if line is None else bisect_left(self._order, line)

    def all(self) -> Iterator[Incident]:
        """Every incident, in queue order."""
        return (self._whole(incident_in(line)) for line in self._order)

    def lines(self) -> Sequence[Line]:
        """Every incident's line, in queue order, as it stands now."""
        return self._order.copy()

    def line(self, incident_id: str) -> Line | None:
        """An incident's line."""
        return self._by_id.get(incident_id)

    def text(self, incident_id: str) -> str | None:
        """A ticket's text that the cache does not have yet; None when it has it."""
        return self._texts.get(incident_id)

    def is_known(self, incident_id: str, ticket: Ticket) -> bool:
        """The ticket is the one that the book has, text and all."""
        known = self.get(incident_id)
        if known is None:
            return False
        if known.ticket.kept_text:
            ticket = replace(ticket, body="", kept_text=text_digest(ticket))
        return known.ticket == ticket

    def apply(self, incidents: Sequence[Incident]) -> Diff:
        """Take in new and changed incidents; what did not change, or is older than what is known, is passed over."""
        if not self._by_id and len({each.id for each in incidents}) == len(incidents):
            self._texts = {each.id: each.ticket.body for each in incidents if each.ticket.body}
            self.begin(arranged(map(line_of, incidents)))
            return Diff(tuple(each.id for each in incidents), ())
        added: list[str] = []
        changed: list[str] = []
        for incident in incidents:
            line, known = line_of(incident), self._by_id.get(incident.id)
            if known is None:
                added.append(incident.id)
            elif line != known and incident.ticket.updated_at >= incident_in(known).ticket.updated_at:
                changed.append(incident.id)
                del self._order[bisect_left(self._order, known)]
                self._count(known, -1)
            else:
                continue
            self._put(incident, line)
        self.revision += bool(added or changed)
        return Diff(tuple(dict.fromkeys(added)), tuple(dict.fromkeys(changed)))

    def begin(self, start: Arrangement) -> None:
        """Begin with what was arranged elsewhere; only an empty book does."""
        if self._by_id:
            raise ValueError("the book has begun")
        self._by_id, self._order, self._open = start.by_id, start.order, start.open_by_assignee
        self.revision += 1

    def shelve(self, incidents: Iterable[Incident]) -> None:
        """Let go of the texts of incidents that the cache has; a text that is newer stays."""
        for incident in incidents:
            if (text := self._texts.get(incident.id)) is not None and text == incident.ticket.body:
                del self._texts[incident.id]
                self.revision += 1

    def _put(self, incident: Incident, line: Line) -> None:
        self._by_id[id_in(line)] = line
        insort(self._order, line)
        self._count(line, 1)
        if incident.ticket.body:
            self._texts[incident.id] = incident.ticket.body
        elif not incident.ticket.kept_text:
            self._texts.pop(incident.id, None)

    def _count(self, line: Line, step: int) -> None:
        if is_open(line):
            self._open[assignee_in(line)] += step

    def _whole(self, incident: Incident) -> Incident:
        """With the text, as long as it is here."""
        text = self._texts.get(incident.id)
        if text is None:
            return incident
        return replace(incident, ticket=replace(incident.ticket, body=text, kept_text=""))
