"""The desk: every use case that a screen may call, in one value. Wiring fills it, screens receive it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, Operator, Session
from tui.model.device import User
from tui.model.dossier import Dossier, Query
from tui.model.finding import Finding
from tui.model.group import Group
from tui.model.ids import parse_key_term
from tui.model.incident import Incident, IncidentState
from tui.model.incident_line import incident_in, is_open
from tui.ports import AuditTrail, Memory
from tui.services.closing import ClosingService
from tui.services.collection import CollectionService
from tui.services.dossier import CloudSources, DossierJoin, OnUpdate
from tui.services.foresight import Foresight
from tui.services.group_actions import GroupRun, deeds
from tui.services.group_export import Exported, export_group
from tui.services.group_plans import Step as GroupStep
from tui.services.groups import IncidentEvidence
from tui.services.handover import Handover, compute_handover, to_markdown
from tui.services.incident_evidence import with_dossier
from tui.services.indexing import IndexProgress
from tui.services.mass import MassService, device_name
from tui.services.mass_join import MassJoin, MassRow, OnRows, Target
from tui.services.own_findings import REPEAT, own_findings
from tui.services.queue import QueueService
from tui.services.reveal import RevealService
from tui.services.rights import RightsService
from tui.services.rotation import RotationService
from tui.services.runbook import Situation, Step, runbook
from tui.services.safeguards import Safeguards
from tui.services.views import View, decode_views, encode_views
from tui.services.wire_log import WireLog
from tui.services.work_notes import disclosure_note

SHIFT = timedelta(hours=12)
"""How far back a handover looks when nobody says otherwise."""

AHEAD = 100
"""Incidents from the top of the queue whose devices are learned ahead; more than a shift opens in an hour."""


@dataclass(slots=True)
class Engineer:
    """Who sits here, as far as the sign-in has told; empty until then."""

    user: User = field(default_factory=lambda: User("", "", ""))
    roles: tuple[str, ...] = ()

    @property
    def operator(self) -> Operator:
        """The engineer as audit rows name them."""
        return Operator(self.user.upn, self.user.id)


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """The answer of a check of the whole audit: `fault` is empty when the chain holds."""

    rows: int
    fault: str


@dataclass(slots=True, kw_only=True)
class Desk:
    """What the console can do. `cloud` waits for the Graph client, which is loaded after the first paint."""

    tenant: str
    """Its name."""
    colour: str = ""
    """Of the name in the header; empty where there is no other tenant to take it for."""
    clock: Clock
    engineer: Engineer
    session: Session
    queue: QueueService
    reveal: RevealService
    rotation: RotationService
    audit: AuditTrail
    check_audit: Callable[[], Awaitable[AuditCheck]]
    cloud: Callable[[], Awaitable[CloudSources]]
    memory: Memory
    rights: RightsService
    safeguards: Safeguards
    wire: WireLog
    collection: CollectionService
    reports: Path
    """Where exports go."""
    evidence: dict[str, IncidentEvidence] = field(default_factory=dict)
    index: IndexProgress = field(default_factory=IndexProgress)
    """How far the key metadata is paged in."""
    signed_out: Callable[[], bool] = lambda: False
    """Nobody is signed in, and nothing signs in by itself."""

    mass: MassService = field(init=False)
    """Mass incidents: groups, surges, decisions."""
    _foresight: Foresight = field(init=False)

    closing: ClosingService = field(init=False)

    def __post_init__(self) -> None:
        self._foresight = Foresight(self.cloud)
        self.mass = MassService(self.queue, self.audit, self.clock, lambda: self.engineer.operator, self.evidence)
        self.closing = ClosingService(
            self.audit, self.clock, lambda: self.engineer.operator, self.queue, self.rotation.blocking
        )

    async def open_dossier(self, query: Query, on_update: OnUpdate) -> Dossier:
        """Join the sources for a query; the view is recorded."""
        ticket = self._ticket(query.incident_id)
        dossier = await DossierJoin(
            await self.cloud(),
            self.clock,
            query,
            on_update,
            local=lambda device_id: self._own_findings(device_id, ticket),
            rights=self.rights.current,
            known_rights=self.rights.known,
            contact=self.rights.contact,
        ).run()
        event = AuditEvent.VIEW if query.incident_id else AuditEvent.SEARCH
        device = dossier.evidence.device
        await self.audit.append(
            AuditEntry(
                event=event,
                operator=self.engineer.operator,
                ticket=ticket,
                note=f"{query.term or query.device_name or query.user}: {dossier.verdict}"
                + (f" {device.device_id}" if device else ""),
            )
        )
        if query.incident_id:
            self.mass.learn(query.incident_id, with_dossier(self.mass.known(query.incident_id), dossier))
        return dossier

    async def _own_findings(self, device_id: str, ticket: str) -> Sequence[Finding]:
        now = self.clock.now()
        rows = await self.audit.rows_of({AuditEvent.DRAW}, now - REPEAT)
        return own_findings(device_id, ticket, rows, await self.rotation.debts(), now)

    async def runbook(self, incident: Incident, dossier: Dossier | None) -> tuple[Step, ...]:
        """The guide's steps for an incident, as facts and audit rows have them."""
        ticket = incident.ticket.number
        rows = [row for row in await self.audit.rows_of(set(AuditEvent)) if row.entry.ticket == ticket]
        debts = await self.rotation.debts()
        situation = Situation(incident=incident, dossier=dossier, rows=rows, debts=debts, rights=self.rights.known)
        return runbook(situation)

    async def join_many(self, incidents: Sequence[Incident], on_rows: OnRows) -> Sequence[MassRow]:
        """Join the devices of many incidents at once; cancelling ends it."""
        targets = [Target(each.id, device_name=query_of(each).device_name) for each in incidents]
        mass = (await self.cloud()).mass
        if mass is None:
            return ()
        join = MassJoin(mass, on_rows)
        return await join.run([target for target in targets if target.device_name])

    async def look_ahead(self) -> None:
        """Learn in the background where the dossiers of the queue's next incidents will have to ask."""
        book = self.queue.book
        first = (book.at(place) for place in range(min(len(book), AHEAD)))
        await self._foresight.look_ahead(
            [query_of(each) for each in first if each.ticket.state is not IncidentState.CLOSED]
        )

    def groups(self) -> tuple[Group, ...]:
        """Today's groups by cause and trigger."""
        return self.mass.groups()

    def group_run(self) -> GroupRun:
        """Acts on the members of a group, one by one; there is no action that discloses a key."""
        me = self.engineer
        done = deeds(self.queue, self.rotation, lambda: me.user.upn, self._join_member)
        return GroupRun(self.audit, lambda: me.operator, done)

    async def export_group(self, group: Group, reboots: int) -> Exported:
        """Write the group's devices, those still to come, and the script that suspends them; raises `Problem`."""
        return await export_group(self.mass, self.audit, self.engineer.operator, self.reports, group, reboots)

    async def _join_member(self, step: GroupStep, _: str) -> str:
        incident = self.queue.book.get(step.incident_id)
        if incident is None:
            return "no longer in the queue"
        return str((await self.open_dossier(query_of(incident), lambda _: None)).verdict)

    async def handover(self, since: datetime | None = None, until: datetime | None = None) -> Handover:
        """The handover of the shift that ends now."""
        end = until or self.clock.now()
        start = since or end - SHIFT
        rows = await self.audit.rows_of(
            {AuditEvent.DRAW, AuditEvent.DELIVER, AuditEvent.OUTCOME, AuditEvent.DENY}, start
        )
        open_lines = [line for line in self.queue.book.lines() if is_open(line)]
        return compute_handover(
            incidents=await asyncio.to_thread(lambda: list(map(incident_in, open_lines))),
            groups=self.groups(),
            rows=rows,
            debts=await self.rotation.debts(),
            sources=self.queue.health,
            since=start,
            until=end,
            glasses=await self.safeguards.glasses.all(),
        )

    async def note_disclosure(self, incident_id: str, key_id: str, device: str) -> None:
        """Leave the key's ID and the audit's number of its disclosure on the ticket; raises `Problem`."""
        rows = await self.audit.rows_of({AuditEvent.DRAW, AuditEvent.DELIVER}, self.clock.now() - SHIFT)
        row = next((row for row in reversed(rows) if row.entry.key_id == key_id), None)
        if row is not None:
            note = disclosure_note(key_id, row.seq, device)
            await self.queue.note(incident_id, note, self.engineer.user.upn)

    async def last_shown(self, ticket: str) -> datetime | None:
        """When a key of this ticket was last taken off the screen; None when none was shown."""
        rows = await self.audit.rows_of({AuditEvent.OUTCOME}, self.clock.now() - SHIFT)
        return next((row.at for row in reversed(rows) if row.entry.ticket == ticket and row.entry.shown_ms), None)

    async def save_handover(self) -> Path:
        """Write the handover as Markdown into the reports folder; raises `Problem` when that fails."""
        handover = await self.handover()
        path = self.reports / f"handover-{handover.until:%Y%m%d-%H%M%S}.md"
        try:
            self.reports.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(to_markdown(handover))
        except OSError as error:
            raise Problem(
                ProblemKind.LOCAL, f"The handover was not saved to {path}", error.strerror or "", "Free the disk."
            ) from error
        await self.audit.append(
            AuditEntry(event=AuditEvent.EXPORT, operator=self.engineer.operator, note=f"handover {path.name}")
        )
        return path

    async def saved_views(self) -> tuple[View, ...]:
        """The queue's saved views."""
        return decode_views(await self.memory.recall("views"))

    async def save_views(self, views: Sequence[View]) -> None:
        """Keep the queue's views."""
        await self.memory.remember("views", encode_views(views))

    async def newest_rows(self, limit: int) -> tuple[AuditRow, ...]:
        """The audit's newest rows."""
        return tuple(await self.audit.rows(limit=limit))

    def _ticket(self, incident_id: str) -> str:
        incident = self.queue.book.get(incident_id)
        return incident.ticket.number if incident else ""


def query_of(incident: Incident) -> Query:
    """What an incident's ticket lets one look for."""
    ticket, reading = incident.ticket, incident.reading
    terms = [term for prefix in reading.key_id_prefixes if (term := parse_key_term(prefix))]
    distinct = {term.digits for term in terms}
    return Query(
        term=terms[0] if len(distinct) == 1 else None,
        device_name=device_name(incident),
        user=ticket.caller,
        incident_id=incident.id,
        not_bitlocker=reading.bitlocker is False,
    )
