"""Questions to the audit, each over a plain connection."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tui.model.audit import AuditEvent, AuditRow, DeviceRef, Operator
from tui.store.chain import read_row, timestamp

_ROW = "SELECT CAST(body AS BLOB), mac FROM audit"


@dataclass(frozen=True, slots=True)
class OpenFlow:
    """An INTENT without an OUTCOME: whether digits were, or were about to be, on the screen (a DRAW or DELIVER row is
    there), and whether the run that wrote it is still alive."""

    intent: AuditRow
    drawn: bool
    alive: bool


@dataclass(frozen=True, slots=True)
class RotationDebt:
    """A key that was disclosed and not proven rotated since: its last disclosure, and the last rotation asked for."""

    key_id: str
    disclosed_at: datetime
    device: DeviceRef
    ticket: str
    requested_at: datetime | None


def newest(connection: sqlite3.Connection, limit: int, before: int | None) -> list[AuditRow]:
    """Rows, newest first, below a sequence number."""
    bound = 2**62 if before is None else before
    return _rows(connection, "WHERE seq < ? ORDER BY seq DESC LIMIT ?", bound, limit)


def of_events(connection: sqlite3.Connection, events: Collection[AuditEvent], since: datetime | None) -> list[AuditRow]:
    """Rows of some events, oldest first."""
    marks = ",".join("?" * len(events))
    start = timestamp(since) if since else ""
    return _rows(connection, f"WHERE event IN ({marks}) AND at >= ? ORDER BY seq", *events, start)


def of_flow(connection: sqlite3.Connection, flow: str) -> list[AuditRow]:
    """Rows of one flow, oldest first."""
    return _rows(connection, "WHERE flow = ? ORDER BY seq", flow)


def since(connection: sqlite3.Connection, start: datetime) -> list[AuditRow]:
    """All rows from a time on, oldest first."""
    return _rows(connection, "WHERE at >= ? ORDER BY seq", timestamp(start))


def open_intents(connection: sqlite3.Connection) -> list[tuple[AuditRow, bool]]:
    """INTENT rows that no OUTCOME of their flow follows, oldest first, and whether a disclosure was recorded."""
    intents = _rows(
        connection,
        "AS i WHERE event = 'intent' AND NOT EXISTS "
        "(SELECT 1 FROM audit AS o WHERE o.flow = i.flow AND o.event = 'outcome' AND o.seq > i.seq) ORDER BY seq",
    )
    drawn = "SELECT EXISTS (SELECT 1 FROM audit WHERE flow = ? AND event IN ('draw', 'deliver') AND seq > ?)"
    return [(row, bool(connection.execute(drawn, (row.entry.flow, row.seq)).fetchone()[0])) for row in intents]


def rotation_debts(connection: sqlite3.Connection) -> list[RotationDebt]:
    """Keys with a DRAW or DELIVER row and no later ROTATE_CONFIRM row for the same key ID, oldest disclosure first."""
    disclosures = _rows(
        connection,
        "WHERE seq IN (SELECT max(seq) FROM audit AS d WHERE event IN ('draw', 'deliver') AND NOT EXISTS "
        "(SELECT 1 FROM audit AS c WHERE c.key_id = d.key_id AND c.event = 'rotate-confirm' AND c.seq > d.seq) "
        "GROUP BY key_id) ORDER BY seq",
    )
    return [
        RotationDebt(row.entry.key_id, row.at, row.entry.device, row.entry.ticket, _requested_after(connection, row))
        for row in disclosures
    ]


def _requested_after(connection: sqlite3.Connection, row: AuditRow) -> datetime | None:
    """Rotation is asked for a device, so a request counts for every key of it."""
    requests = _rows(connection, "WHERE event = 'rotate-request' AND seq > ? ORDER BY seq DESC", row.seq)
    device, key = row.entry.device.id, row.entry.key_id
    fitting = (r.at for r in requests if r.entry.key_id == key or (device and r.entry.device.id == device))
    return next(fitting, None)


def reads_by(connection: sqlite3.Connection, operator: Operator, start: datetime) -> int:
    """Keyed reads that an engineer began since a time. An INTENT counts: the read it announces may have happened."""
    count = "SELECT count(*) FROM audit WHERE event = 'intent' AND at >= ? AND operator = ?"
    (reads,) = connection.execute(count, (timestamp(start), operator.oid or operator.upn)).fetchone()
    return int(reads)


def _rows(connection: sqlite3.Connection, condition: str, *values: object) -> list[AuditRow]:
    return [read_row(body, mac) for body, mac in connection.execute(f"{_ROW} {condition}", values)]
