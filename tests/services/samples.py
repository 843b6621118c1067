"""Invented tickets, clocks and stand-ins for what services need."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.support.values import replace
from tui.errors import Problem, ProblemKind
from tui.model.audit import AppRef, AuditEntry, AuditEvent, AuditRow, Session
from tui.model.incident import Incident, IncidentState, Ticket
from tui.services.incidents import incident_of

MORNING = datetime(2026, 4, 15, 7, 10, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that stands until it is turned."""

    at: datetime = MORNING

    def now(self) -> datetime:
        return self.at

    def monotonic_ns(self) -> int:
        return int(self.at.timestamp() * 1e9)

    def boottime_ns(self) -> int:
        return self.monotonic_ns()

    def go(self, seconds: float) -> None:
        """Turn it on."""
        self.at += timedelta(seconds=seconds)


def ticket(
    key: str, minutes: int = 0, *, priority: int = 3, state: IncidentState = IncidentState.NEW, **rest: str
) -> Ticket:
    """A ticket opened so many minutes after the morning began."""
    opened = MORNING + timedelta(minutes=minutes)
    plain = Ticket(
        key=key,
        number=f"INC{key}",
        title="BitLocker",
        body="asks for a key",
        caller="ada@demo.example",
        device_name=f"DEMO-{key}",
        state=state,
        priority=priority,
        assignee="",
        vip=False,
        opened_at=opened,
        updated_at=opened,
    )
    return replace(plain, **rest)


def incident(key: str, minutes: int = 0, **rest: object) -> Incident:
    """An incident of the source `desk`."""
    return incident_of("desk", ticket(key, minutes, **rest))  # type: ignore[arg-type]


@dataclass
class ListedAudit:
    """An audit in a list, which can be made to fail; the real one has tests of its own."""

    clock: SetClock
    written: list[AuditRow] = field(default_factory=list)
    fails_on: frozenset[AuditEvent] = frozenset()

    async def append(self, entry: AuditEntry) -> AuditRow:
        if entry.event in self.fails_on:
            raise Problem(ProblemKind.POLICY, "The audit could not be written")
        row = AuditRow(
            seq=len(self.written) + 1, prev="", mac="", epoch=1, at=self.clock.now(), monotonic_ns=0, boot_id="",
            session=Session(), app=AppRef(), tenant="t", version="0", config_hash="", entry=entry,
        )  # fmt: skip
        self.written.append(row)
        return row

    async def rows(self, *, limit: int = 500, before: int | None = None) -> Sequence[AuditRow]:
        return [row for row in reversed(self.written) if before is None or row.seq < before][:limit]

    async def rows_of(self, events: Collection[AuditEvent], since: datetime | None = None) -> Sequence[AuditRow]:
        return [row for row in self.written if row.entry.event in events and (since is None or row.at >= since)]

    @property
    def events(self) -> list[str]:
        """What was written, in order."""
        return [row.entry.event.value for row in self.written]


def sort_key(incident: Incident) -> tuple[bool, int, float, str]:
    """The queue's order in plain words: open before closed, urgent before less urgent, oldest first."""
    ticket = incident.ticket
    return (ticket.state is IncidentState.CLOSED, ticket.priority, ticket.opened_at.timestamp(), incident.id)
