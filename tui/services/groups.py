"""Mass incidents: incidents with one cause and one trigger, from evidence and not from text likeness. Pure.

The book of groups takes incidents one by one and answers the same as if all had come at once, in any order.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tui.model.group import Group, GroupKey
from tui.model.incident import Incident, IncidentState
from tui.model.incident_line import Line, seen_in
from tui.services.group_edits import NO_EDITS, Edits
from tui.services.group_keys import group_key
from tui.services.incident_evidence import IncidentEvidence

__all__ = ["GroupBook", "IncidentEvidence", "group_incidents", "group_key"]

_REASONS = 5
_REASONS_READ = 50
"""Members whose reasons a header reads: the oldest; the page reads all."""


@dataclass(slots=True)
class _Bucket:
    """Members of one key, oldest first, in two lists of one order."""

    order: list[tuple[float, str]] = field(default_factory=list)
    states: Counter[IncidentState] = field(default_factory=Counter)

    def add(self, incident: Incident) -> None:
        insort(self.order, _place(incident))
        self.states[incident.ticket.state] += 1

    def remove(self, incident: Incident) -> None:
        place = _place(incident)
        at = bisect_left(self.order, place)
        assert self.order[at] == place
        del self.order[at]
        self.states[incident.ticket.state] -= 1


def _place(incident: Incident) -> tuple[float, str]:
    return (incident.ticket.opened_at.timestamp(), incident.id)


class GroupBook:
    """All groups, kept in step with incidents, their evidence, and what engineers have merged or set apart."""

    def __init__(self, edits: Edits = NO_EDITS) -> None:
        self._incidents: dict[str, Incident | Line] = {}
        self._evidence: dict[str, IncidentEvidence] = {}
        self._key_of: dict[str, GroupKey] = {}
        self._buckets: dict[GroupKey, _Bucket] = {}
        self._edits = edits
        self._groups: dict[GroupKey, Group] = {}

    def __len__(self) -> int:
        return len(self._incidents)

    def put(self, incident: Incident, evidence: IncidentEvidence | None = None, line: Line | None = None) -> None:
        """Take in a new or changed incident; evidence that is left out stays as it was.

        Its line is kept in its stead where there is one: it takes a third of the memory, and the queue has it anyway.
        """
        if incident.id in self._incidents:
            self._take_out(incident.id)
        if evidence is not None:
            self._evidence[incident.id] = evidence
        self._incidents[incident.id] = incident if line is None else line
        key = self._key_for(incident)
        self._key_of[incident.id] = key
        self._buckets.setdefault(key, _Bucket()).add(incident)
        self._groups.pop(self._edits.root(key), None)

    def fill(self, incidents: Iterable[Incident], evidence: Mapping[str, IncidentEvidence]) -> None:
        """Start from many incidents at once."""
        given = {incident.id: incident for incident in incidents}
        self._incidents = dict(given)
        self._evidence = {name: known for name, known in evidence.items() if name in self._incidents}
        self._key_of.clear()
        self._groups.clear()
        buckets: dict[GroupKey, list[Incident]] = {}
        for incident in given.values():
            key = self._key_for(incident)
            self._key_of[incident.id] = key
            buckets.setdefault(key, []).append(incident)
        self._buckets = {key: _bucket(found) for key, found in buckets.items()}

    def set_edits(self, edits: Edits) -> None:
        """Apply what engineers decided; only incidents that the decisions name are placed anew."""
        touched = (self._edits.named | edits.named) & self._incidents.keys()
        self._edits = edits
        self._groups.clear()
        for incident_id in touched:
            kept = self._incidents[incident_id]
            self.put(self._known(incident_id), line=kept if isinstance(kept, str) else None)

    def evidence(self, incident_id: str) -> IncidentEvidence | None:
        """What is known of an incident beyond its ticket."""
        return self._evidence.get(incident_id)

    def incident(self, incident_id: str) -> Incident | None:
        """An incident of the book."""
        return self._known(incident_id) if incident_id in self._incidents else None

    def key_of(self, incident_id: str) -> GroupKey | None:
        """The group that an incident stands in."""
        key = self._key_of.get(incident_id)
        return None if key is None else self._edits.root(key)

    def get(self, key: GroupKey) -> Group | None:
        """A group by its key, also by one that was merged away."""
        return self._found(self._edits.root(key), self._roots())

    def groups(self) -> tuple[Group, ...]:
        """All groups: those that claim a cause before undetermined ones of the same size, the largest open first."""
        roots = self._roots()
        found = [group for root in roots if (group := self._found(root, roots)) is not None]
        return tuple(
            sorted(found, key=lambda each: (-each.open_count, -len(each.members), not each.key.claims, each.key))
        )

    def opened_since(self, since: datetime, group: Group | None = None) -> list[datetime]:
        """When tickets of a group, or all of them, were opened since a time, in order; older ones cost nothing."""
        first = (since.timestamp(), "")
        keys = self._buckets.keys() if group is None else (group.key, *group.merged)
        found = sorted(
            place[0]
            for key in keys
            if (bucket := self._buckets.get(key)) is not None
            for place in bucket.order[bisect_left(bucket.order, first) :]
        )
        return [datetime.fromtimestamp(moment, UTC) for moment in found]

    def _key_for(self, incident: Incident) -> GroupKey:
        key = group_key(incident, self._evidence.get(incident.id))
        return self._edits.place(incident.id, key) if self._edits.named else key

    def _take_out(self, incident_id: str) -> None:
        key = self._key_of.pop(incident_id)
        self._buckets[key].remove(self._known(incident_id))
        if not self._buckets[key].order:
            del self._buckets[key]
        self._groups.pop(self._edits.root(key), None)

    def _roots(self) -> dict[GroupKey, list[GroupKey]]:
        roots: dict[GroupKey, list[GroupKey]] = {}
        for key in self._buckets:
            roots.setdefault(self._edits.root(key), []).append(key)
        return roots

    def _found(self, root: GroupKey, roots: Mapping[GroupKey, list[GroupKey]]) -> Group | None:
        if root not in roots:
            return None
        if root not in self._groups:
            self._groups[root] = self._group(root, sorted(roots[root]))
        return self._groups[root]

    def _group(self, root: GroupKey, keys: list[GroupKey]) -> Group:
        buckets = [self._buckets[key] for key in keys]
        order = buckets[0].order if len(buckets) == 1 else sorted(each for bucket in buckets for each in bucket.order)
        states: Counter[IncidentState] = sum((bucket.states for bucket in buckets), Counter())
        members = tuple([place[1] for place in order])
        return Group(
            key=root,
            members=members,
            first_seen=self._opened(members[0]),
            last_seen=self._opened(members[-1]),
            states={state: states[state] for state in IncidentState if states[state]},
            because=self._because(members[:_REASONS_READ]),
            merged=tuple(key for key in keys if key != root),
        )

    def _opened(self, incident_id: str) -> datetime:
        return self._known(incident_id).ticket.opened_at

    def _known(self, incident_id: str) -> Incident:
        known = self._incidents[incident_id]
        return seen_in(known) if isinstance(known, str) else known

    def _because(self, members: Iterable[str]) -> tuple[str, ...]:
        """What decided for most of the oldest members."""
        said: Counter[str] = Counter()
        for incident_id in members:
            evidence = self._evidence.get(incident_id)
            cause = evidence.cause if evidence is not None else None
            said.update((cause or self._known(incident_id).reading.cause).because)
        return tuple(reason for reason, _ in sorted(said.items(), key=lambda item: (-item[1], item[0]))[:_REASONS])


def _bucket(incidents: list[Incident]) -> _Bucket:
    order = sorted([(incident.ticket.opened_at.timestamp(), incident.id) for incident in incidents])
    return _Bucket(order, Counter([incident.ticket.state for incident in incidents]))


def group_incidents(incidents: Iterable[Incident], evidence: Mapping[str, IncidentEvidence]) -> tuple[Group, ...]:
    """All groups at once. The order of the incidents does not matter."""
    book = GroupBook()
    book.fill(incidents, evidence)
    return book.groups()
