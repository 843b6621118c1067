"""Incidents in the cache, each over a plain connection."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from tui.model.incident import Incident, IncidentState
from tui.store.chain import timestamp
from tui.store.database import transaction
from tui.store.first_rows import IN_ORDER

KEEP_CLOSED = timedelta(days=30)
"""How long a closed incident stays, counted from its last change."""

_DECODER = msgspec.json.Decoder(Incident)


def save(
    connection: sqlite3.Connection, source: str, incidents: Sequence[Incident], watermark: str, now: datetime
) -> None:
    """Keep incidents and their source's watermark in one transaction, and forget what was closed long ago."""
    rows = [
        (
            incident.id,
            incident.ticket.state is IncidentState.CLOSED,
            incident.ticket.priority,
            timestamp(incident.ticket.opened_at),
            timestamp(incident.ticket.updated_at),
            msgspec.json.encode(incident),
        )
        for incident in incidents
    ]
    with transaction(connection):
        connection.executemany("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("INSERT OR REPLACE INTO watermarks VALUES (?, ?, ?)", (source, watermark, timestamp(now)))
        if rows:
            # A poll that brings nothing is not to read every row; `closed = 1` is what the index knows.
            cutoff = timestamp(now - KEEP_CLOSED)
            connection.execute("DELETE FROM incidents WHERE closed = 1 AND updated_at < ?", (cutoff,))


def load(connection: sqlite3.Connection, limit: int = -1) -> tuple[Incident, ...]:
    """Incidents in queue order: open ones first, then by priority, then the oldest. A limit of -1 is none."""
    return tuple(_DECODER.decode(body) for (body,) in connection.execute(IN_ORDER, (limit,)))


def watermark(connection: sqlite3.Connection, source: str) -> tuple[str, datetime | None]:
    """A source's watermark and when it was kept; empty and None when there is none."""
    query = "SELECT watermark, kept_at FROM watermarks WHERE source = ?"
    found = connection.execute(query, (source,)).fetchone()
    return (found[0], datetime.fromisoformat(found[1])) if found else ("", None)
