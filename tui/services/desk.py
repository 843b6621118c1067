"""The desk: every use case that a screen may call, in one value. Wiring fills it, screens receive it."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, Operator, Session
from tui.model.device import User
from tui.model.dossier import Dossier, Query
from tui.model.group import Group
from tui.model.ids import parse_key_term
from tui.model.incident import Incident
from tui.ports import AuditTrail
from tui.services.dossier import CloudSources, DossierJoin, OnUpdate
from tui.services.groups import IncidentEvidence, group_incidents
from tui.services.handover import Handover, compute_handover, to_markdown
from tui.services.queue import QueueService
from tui.services.reveal import RevealService
from tui.services.rotation import RotationService

SHIFT = timedelta(hours=12)
"""How far back a handover looks when nobody says otherwise."""


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
    clock: Clock
    engineer: Engineer
    session: Session
    queue: QueueService
    reveal: RevealService
    rotation: RotationService
    audit: AuditTrail
    check_audit: Callable[[], Awaitable[AuditCheck]]
    cloud: Callable[[], Awaitable[CloudSources]]
    reports: Path
    """Where exports go."""
    evidence: dict[str, IncidentEvidence] = field(default_factory=dict)

    async def open_dossier(self, query: Query, on_update: OnUpdate) -> Dossier:
        """Join the sources for a query; the view is recorded."""
        dossier = await DossierJoin(await self.cloud(), self.clock, query, on_update).run()
        event = AuditEvent.VIEW if query.incident_id else AuditEvent.SEARCH
        device = dossier.evidence.device
        await self.audit.append(
            AuditEntry(
                event=event,
                operator=self.engineer.operator,
                ticket=self._ticket(query.incident_id),
                note=f"{query.term or query.device_name or query.user}: {dossier.verdict}"
                + (f" {device.device_id}" if device else ""),
            )
        )
        return dossier

    def groups(self) -> tuple[Group, ...]:
        """Today's groups by cause and KB."""
        return group_incidents(self.queue.book.all(), self.evidence)

    async def handover(self, since: datetime | None = None, until: datetime | None = None) -> Handover:
        """The handover of the shift that ends now."""
        end = until or self.clock.now()
        start = since or end - SHIFT
        rows = await self.audit.rows_of({AuditEvent.DRAW, AuditEvent.OUTCOME, AuditEvent.DENY}, start)
        return compute_handover(
            incidents=list(self.queue.book.all()),
            groups=self.groups(),
            rows=rows,
            debts=await self.rotation.debts(),
            sources=self.queue.health,
            since=start,
            until=end,
        )

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
        device_name=ticket.device_name or (reading.devices[0] if len(reading.devices) == 1 else ""),
        user=ticket.caller,
        incident_id=incident.id,
        not_bitlocker=reading.bitlocker is False,
    )
