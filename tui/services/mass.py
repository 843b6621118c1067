"""Mass incidents, kept in step with the queue: groups, surges, and what engineers decide about them."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, Operator
from tui.model.group import Group, GroupKey
from tui.model.incident import Incident
from tui.model.incident_line import Line, id_in, incident_in, opened_in
from tui.ports import AuditTrail
from tui.services.evidence_rows import evidence_entry, evidence_of_rows
from tui.services.fleet import Fleet, filled
from tui.services.forecast import Forecast, forecast
from tui.services.group_edits import NO_EDITS, Edit, Edits, edit_entry, edits_of, may_merge, new_edit_id
from tui.services.group_keys import group_key
from tui.services.groups import GroupBook
from tui.services.incident_evidence import Facets, IncidentEvidence, with_collected
from tui.services.incidents import Diff
from tui.services.known_issues import Theory, theories_of
from tui.services.queue import QueueService
from tui.services.surge import Surge, SurgeWatch, shares_of
from tui.services.surge_baseline import learn

SLICE = 400
"""Incidents taken in before the event loop gets its turn: about ten milliseconds."""

LOOK_BACK = timedelta(hours=24)
"""What is newer than this is watched for surges; what is older teaches the baseline."""


class MassService:
    """The one place that knows the groups. Screens call `catch_up` first, so that many incidents never block them."""

    fleet: Fleet = Fleet()
    """The inventory; `keep_inventory` reads it in the background."""

    def __init__(
        self,
        queue: QueueService,
        audit: AuditTrail,
        clock: Clock,
        operator: Callable[[], Operator],
        evidence: MutableMapping[str, IncidentEvidence],
    ) -> None:
        self._queue = queue
        self._audit = audit
        self._clock = clock
        self._operator = operator
        self._evidence = evidence
        self._waiting: dict[str, None] = {}
        self._begun = False
        self._listens = False
        """What changes is noted, because the look back has begun."""
        self._known: set[str] = set()
        self._collected: dict[str, IncidentEvidence] = {}
        self._edits = NO_EDITS
        self.book = GroupBook()
        self.theories: tuple[Theory, ...] = ()
        self.watch: SurgeWatch | None = None
        queue.on_diff(self._on_diff)

    @property
    def edits(self) -> Edits:
        """The decisions in force, as far as `load` or a decision has read them."""
        return self._edits

    @property
    def behind(self) -> bool:
        """Incidents have come or changed that the groups do not know yet."""
        return bool(self._waiting) or not self._begun

    def now(self) -> datetime:
        """The desk's clock."""
        return self._clock.now()

    def groups(self) -> tuple[Group, ...]:
        """All groups now; takes in at once what is waiting."""
        self._begin()
        self._take_all(list(self._waiting))
        self._waiting.clear()
        return self.book.groups()

    async def catch_up(self) -> tuple[Group, ...]:
        """All groups, taking in what is waiting slice by slice."""
        await self._begin_aside()
        while self._waiting:
            part = list(islice(self._waiting, SLICE))
            for incident_id in part:
                del self._waiting[incident_id]
            self._take_all(part)
            await asyncio.sleep(0)
        return self.book.groups()

    def learn(self, incident_id: str, evidence: IncidentEvidence) -> None:
        """Take in what was found out about an incident."""
        self._evidence[incident_id] = evidence
        self._waiting[incident_id] = None

    async def remember(self, incident: Incident, read: str, collected: IncidentEvidence) -> None:
        """Take in what was collected from an incident's device, and keep it; raises `Problem` when that fails."""
        entry = evidence_entry(incident.id, incident.ticket.number, read, collected, self._operator())
        await self._audit.append(entry)
        self._collected[incident.id] = collected
        self.learn(incident.id, with_collected(self.known(incident.id), collected))

    def known(self, incident_id: str) -> IncidentEvidence | None:
        """What is known of an incident beyond its ticket."""
        return self._evidence.get(incident_id)

    def surges(self) -> list[Surge]:
        """Surges that stand, the newest first; lets time pass, so that ended ones end."""
        if self.watch is None:
            return []
        self.watch.tick(self._clock.now())
        return self.watch.standing()[::-1]

    def incidents(self, group: Group) -> list[Incident]:
        """A group's members that the queue still has, oldest first."""
        found = (self.book.incident(member) for member in group.members)
        return [incident for incident in found if incident is not None]

    def facets(self, group: Group) -> tuple[list[Facets], list[Facets]]:
        """Facets of the members, and of what they are compared with: the inventory, else all other incidents."""
        inside = set(group.members)
        members = [self._facets_of(member) for member in group.members]
        if self.fleet.known:
            return members, [device.facets for device in self.fleet.devices]
        return members, [known.facets for name, known in self._evidence.items() if name not in inside]

    def show_fleet(self, fleet: Fleet) -> None:
        """Take in a newer inventory; forecasts, counter-examples and shares are of it from now on."""
        self.fleet = fleet

    def names(self, group: Group) -> list[str]:
        """Device names of a group's members, as their tickets have them."""
        return [name for incident in self.incidents(group) if (name := device_name(incident))]

    def forecast(self, group: Group) -> Forecast:
        """What is still to come of a group. Takes some milliseconds for a hundred thousand devices."""
        return forecast(group, self.fleet, self.names(group), self.now())

    async def load(self) -> None:
        """Read the decisions and the evidence that the audit holds; raises `Problem`."""
        rows = await self._audit.rows_of({AuditEvent.REVIEW})
        for incident_id, collected in evidence_of_rows(rows).items():
            if self._collected.get(incident_id) != collected:
                self._collected[incident_id] = collected
                self.learn(incident_id, with_collected(self.known(incident_id), collected))
        self._edits, self.theories = edits_of(rows), theories_of(rows)
        self.book.set_edits(self._edits)

    async def merge(self, one: GroupKey, into: GroupKey) -> Edit:
        """Show one group as part of another. Raises `Problem` for what must stay apart."""
        if not may_merge(one, into):
            raise Problem(
                ProblemKind.POLICY,
                "These groups are not merged",
                "WinRE, Network Unlock, clones and what is no BitLocker never join a group of another kind",
                "Take single incidents out of their group instead.",
            )
        return await self._decide(Edit("merge", new_edit_id(), group=one, into=into))

    async def split(self, group: GroupKey, members: tuple[str, ...], name: str) -> Edit:
        """Show some members as a group of their own."""
        return await self._decide(Edit("split", new_edit_id(), group=group, members=members, name=name))

    async def deny(self, group: GroupKey, incident_id: str) -> Edit:
        """Not this one: take an incident out, until its evidence names another group."""
        return await self._decide(Edit("not-this-one", new_edit_id(), group=group, members=(incident_id,)))

    async def theorise(self, group: GroupKey, text: str) -> Edit:
        """Write down a working theory for tonight."""
        return await self._decide(Edit("theory", new_edit_id(), group=group, name=text))

    async def close(self, group: Group) -> Edit:
        """Close a group; raises `Problem` while a member is open."""
        if group.open_count:
            raise Problem(
                ProblemKind.POLICY,
                f"{group.open_count} members are still open",
                "A group closes when all of its members are closed, each by its own work",
                "Work the members off first.",
            )
        return await self._decide(Edit("close", new_edit_id(), group=group.key))

    async def undo(self, edit: Edit) -> None:
        """Take a decision back."""
        await self._decide(Edit("undo", new_edit_id(), undoes=edit.id))

    def is_closed(self, group: Group) -> bool:
        """Closed by hand, and no member is open since."""
        closed = {edit.group for edit in self._edits.standing if edit.do == "close"}
        return group.key in closed and group.open_count == 0

    async def _decide(self, edit: Edit) -> Edit:
        await self._audit.append(replace(edit_entry(edit), operator=self._operator()))
        await self.load()
        return edit

    def _facets_of(self, incident_id: str) -> Facets:
        known, incident = self._evidence.get(incident_id), self.book.incident(incident_id)
        facets = known.facets if known is not None else Facets()
        return filled(facets, self.fleet.named(device_name(incident))) if incident is not None else facets

    def _on_diff(self, diff: Diff) -> None:
        if self._listens:
            self._waiting |= dict.fromkeys((*diff.added, *diff.changed))

    def _begin(self) -> None:
        if not self._begun:
            self._begin_with(self._beginning(self._queue.book.lines()))

    async def _begin_aside(self) -> None:
        """The same in a thread: looking back over a hundred thousand would hold the event loop."""
        if self._begun:
            return
        self._listens = True
        start = await asyncio.to_thread(self._beginning, self._queue.book.lines())
        if not self._begun:
            self._begin_with(start)

    def _begin_with(self, start: "_Beginning") -> None:
        self._begun = self._listens = True
        self.watch = start.watch
        self._waiting = start.waiting | self._waiting

    def _beginning(self, lines: Sequence[Line]) -> "_Beginning":
        everything = sorted(lines, key=opened_in)
        now = self._clock.now()
        old = everything[: bisect_left(everything, now - LOOK_BACK, key=opened_in)]
        if old:
            moments = [opened_in(line) for line in old]
            baseline = learn(moments, moments[0], now - LOOK_BACK)
        else:
            baseline = learn([], now, now)
        watch = SurgeWatch(baseline, shares_of(self._key_of(incident_in(line)) for line in old[-20_000:]))
        return _Beginning(watch, {id_in(line): None for line in everything})

    def _key_of(self, incident: Incident) -> GroupKey:
        return group_key(incident, self._evidence.get(incident.id))

    def _take_all(self, incident_ids: list[str]) -> None:
        found = [incident for name in incident_ids if (incident := self._queue.book.get(name)) is not None]
        new_since = self._clock.now() - LOOK_BACK
        for incident in sorted(found, key=_opened):
            self.book.put(incident, self._evidence.get(incident.id), self._queue.book.line(incident.id))
            if incident.id in self._known:
                continue
            self._known.add(incident.id)
            key = self.book.key_of(incident.id)
            if self.watch is not None and key is not None and _opened(incident) >= new_since:
                self.watch.arrive(_opened(incident), key, incident.id)


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What the past says of the present, and whom the groups are to take in."""

    watch: SurgeWatch
    waiting: dict[str, None]


def device_name(incident: Incident) -> str:
    """The device that a ticket is about: its own field, else the only device that its text names."""
    named = incident.reading.devices
    return incident.ticket.device_name or (named[0] if len(named) == 1 else "")


def _opened(incident: Incident) -> datetime:
    return incident.ticket.opened_at
