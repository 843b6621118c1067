"""Questions to the audit, each over a plain connection."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tui.model.audit import AuditEvent, AuditRow
from tui.store.chain import read_row, timestamp

_ROW = "SELECT CAST(body AS BLOB), mac FROM audit"


@dataclass(frozen=True, slots=True)
class OpenFlow:
    """An INTENT without an OUTCOME: whether digits were, or were about to be, on the screen (a DRAW or DELIVER row is
    there), and whether the run that wrote it is still alive."""

    intent: AuditRow
    drawn: bool
    alive: bool


_OF_TENANT = "(?1 = '' OR json_extract(body, '$.tenant') IN ('', ?1))"
"""The rows of one tenant, and those of none, such as a change of the catalogue; all rows for an empty ID."""


def newest(connection: sqlite3.Connection, limit: int, before: int | None, tenant: str = "") -> list[AuditRow]:
    """Rows, newest first, below a sequence number."""
    bound = 2**62 if before is None else before
    return _rows(connection, f"WHERE seq < ?2 AND {_OF_TENANT} ORDER BY seq DESC LIMIT ?3", tenant, bound, limit)


def of_events(
    connection: sqlite3.Connection, events: Collection[AuditEvent], since: datetime | None, tenant: str = ""
) -> list[AuditRow]:
    """Rows of some events, oldest first."""
    marks = ",".join(f"?{place}" for place in range(3, 3 + len(events)))
    start = timestamp(since) if since else ""
    condition = f"WHERE event IN ({marks}) AND at >= ?2 AND {_OF_TENANT} ORDER BY seq"
    return _rows(connection, condition, tenant, start, *events)


def open_intents(connection: sqlite3.Connection) -> list[tuple[AuditRow, bool]]:
    """INTENT rows that no OUTCOME of their flow follows, oldest first, and whether a disclosure was recorded."""
    intents = _rows(
        connection,
        "AS i WHERE event = 'intent' AND NOT EXISTS "
        "(SELECT 1 FROM audit AS o WHERE o.flow = i.flow AND o.event = 'outcome' AND o.seq > i.seq) ORDER BY seq",
    )
    drawn = "SELECT EXISTS (SELECT 1 FROM audit WHERE flow = ? AND event IN ('draw', 'deliver') AND seq > ?)"
    return [(row, bool(connection.execute(drawn, (row.entry.flow, row.seq)).fetchone()[0])) for row in intents]


def _rows(connection: sqlite3.Connection, condition: str, *values: object) -> list[AuditRow]:
    return [read_row(body, mac) for body, mac in connection.execute(f"{_ROW} {condition}", values)]
