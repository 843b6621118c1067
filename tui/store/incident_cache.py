"""Incidents in the cache, each over a plain connection."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from tui.model.incident import Incident, IncidentState
from tui.store.cache_schema import CACHE_FILE, CACHE_MIGRATIONS
from tui.store.chain import timestamp
from tui.store.database import schema_version, transaction

KEEP_CLOSED = timedelta(days=30)
"""How long a closed incident stays, counted from its last change."""

_DECODER = msgspec.json.Decoder(Incident)
_IN_ORDER = "SELECT body FROM incidents ORDER BY closed, priority, opened_at, id LIMIT ?"


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
        connection.execute("DELETE FROM incidents WHERE closed AND updated_at < ?", (timestamp(now - KEEP_CLOSED),))


def load(connection: sqlite3.Connection, limit: int = -1) -> tuple[Incident, ...]:
    """Incidents in queue order: open ones first, then by priority, then the oldest. A limit of -1 is none."""
    return tuple(_DECODER.decode(body) for (body,) in connection.execute(_IN_ORDER, (limit,)))


def watermark(connection: sqlite3.Connection, source: str) -> tuple[str, datetime | None]:
    """A source's watermark and when it was kept; empty and None when there is none."""
    query = "SELECT watermark, kept_at FROM watermarks WHERE source = ?"
    found = connection.execute(query, (source,)).fetchone()
    return (found[0], datetime.fromisoformat(found[1])) if found else ("", None)


def first_incidents(directory: Path, limit: int) -> tuple[Incident, ...]:
    """The top of the queue as last seen, for the first paint: reads only, and answers nothing rather than failing."""
    path = directory / CACHE_FILE
    if not path.exists():
        return ()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.1)) as connection:
            return load(connection, limit) if schema_version(connection) == len(CACHE_MIGRATIONS) else ()
    except (sqlite3.Error, ValueError):
        return ()
