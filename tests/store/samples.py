"""Invented entries, incidents and keys, and a clock to turn."""

import stat
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Match, Operator, Proof
from tui.model.incident import Incident, IncidentState, Ticket, TicketReading
from tui.model.incident_line import Line, line_of
from tui.model.recovery_key import RecoveryKey, Volume
from tui.store.audit import open_audit

NOON = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)
ENGINEER = Operator(upn="engineer@contoso.example", oid="00000000-0000-4000-8000-000000000001")


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOON
        self.boot = 0

    def now(self) -> datetime:
        return self.at

    def monotonic_ns(self) -> int:
        return self.boot

    def boottime_ns(self) -> int:
        return self.boot

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.boot += round(seconds * 1e9)


def modes(state: Path) -> dict[str, int]:
    """Permissions of a state directory and of what lies in it, by name."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (state, *state.iterdir())}


def entry(event: AuditEvent, flow: str = "flow-1", *, key_id: str = "", device: str = "", note: str = "") -> AuditEntry:
    return AuditEntry(
        event=event,
        flow=flow,
        operator=ENGINEER,
        ticket="INC0001",
        proof=Proof("call-back", "ref-1"),
        reason="locked out after an update; Größe, 漢字",
        device=DeviceRef(device, "LT-1"),
        key_id=key_id,
        match=Match("4a2b9c1d", "prefix"),
        note=note,
    )


def incident(number: int, *, state: IncidentState = IncidentState.NEW, priority: int = 3, age: int = 0) -> Incident:
    at = NOON - timedelta(minutes=age)
    ticket = Ticket(
        key=f"k{number}",
        number=f"INC{number:07}",
        title="Blue recovery screen",
        body="It asks for a key. " * 20,
        caller="a caller",
        device_name="LT-1",
        state=state,
        priority=priority,
        assignee="",
        vip=False,
        opened_at=at,
        updated_at=at,
    )
    return Incident(id=f"demo:k{number}", source="demo", ticket=ticket, reading=TicketReading(kbs=("KB5083769",)))


def kept(*incidents: Incident) -> list[Line]:
    """Incidents as the cache answers them."""
    return [line_of(each) for each in incidents]


def recovery_key(key_id: str | int, device: str = "d1") -> RecoveryKey:
    canonical = str(uuid.UUID(int=key_id)) if isinstance(key_id, int) else key_id
    return RecoveryKey(canonical, device, NOON, Volume.OPERATING_SYSTEM)


async def written(directory: Path, count: int) -> None:
    """A closed audit with this many rows, in reveals of three rows each."""
    events = (AuditEvent.INTENT, AuditEvent.DRAW, AuditEvent.OUTCOME)
    async with await open_audit(directory) as audit:
        for number in range(count):
            await audit.append(entry(events[number % 3], f"flow-{number // 3}", key_id=f"key-{number // 3}"))
