"""Incidents in the cache, each over a plain connection."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from tui.keys_first import giving_way
from tui.model.incident import Incident, IncidentState
from tui.model.incident_line import Line, checked, line_of
from tui.store import ticket_texts
from tui.store.chain import timestamp
from tui.store.database import transaction
from tui.store.first_rows import IN_ORDER

KEEP = """
INSERT INTO incidents (id, closed, priority, opened_at, updated_at, line) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET closed = excluded.closed, priority = excluded.priority, opened_at = excluded.opened_at,
  updated_at = excluded.updated_at, line = excluded.line"""
"""Keeps a row of an incident."""

KEEP_CLOSED = timedelta(days=30)
"""How long a closed incident stays, counted from its last change."""


def save(
    connection: sqlite3.Connection, source: str, incidents: Sequence[Incident], watermark: str, now: datetime
) -> frozenset[str]:
    """Keep incidents, their texts and their source's watermark in one transaction, and forget what was closed long ago.

    A text that is kept already, as the ticket says, stays. Answers the ids of what was forgotten.
    """
    rows = [row_of(incident) for incident in incidents]
    texts = [(incident.id, incident.ticket.body) for incident in incidents if not incident.ticket.kept_text]
    with transaction(connection):
        connection.executemany(KEEP, rows)
        ticket_texts.save(connection, texts)
        connection.execute("INSERT OR REPLACE INTO watermarks VALUES (?, ?, ?)", (source, watermark, timestamp(now)))
        # A poll that brings nothing is not to read every row.
        return _forget_closed(connection, now) if rows else frozenset()


def row_of(incident: Incident) -> tuple[str, bool, int, str, str, str]:
    """An incident as a row of its table."""
    ticket = incident.ticket
    is_closed = ticket.state is IncidentState.CLOSED
    opened, updated = timestamp(ticket.opened_at), timestamp(ticket.updated_at)
    return incident.id, is_closed, ticket.priority, opened, updated, line_of(incident)


def load(connection: sqlite3.Connection, limit: int = -1) -> tuple[Line, ...]:
    """Lines of incidents in queue order. A limit of -1 is none. Raises `ValueError` for what is no line."""
    return tuple(checked(line) for (line,) in giving_way(connection.execute(IN_ORDER, (limit,))))


def _forget_closed(connection: sqlite3.Connection, now: datetime) -> frozenset[str]:
    long_ago = (timestamp(now - KEEP_CLOSED),)
    # `closed = 1` is what the index knows.
    query = "SELECT id FROM incidents WHERE closed = 1 AND updated_at < ?"
    gone = frozenset(name for (name,) in connection.execute(query, long_ago))
    if gone:
        connection.execute("DELETE FROM incidents WHERE closed = 1 AND updated_at < ?", long_ago)
        ticket_texts.forget(connection, gone)
    return gone


def watermark(connection: sqlite3.Connection, source: str) -> tuple[str, datetime | None]:
    """A source's watermark and when it was kept; empty and None when there is none."""
    query = "SELECT watermark, kept_at FROM watermarks WHERE source = ?"
    found = connection.execute(query, (source,)).fetchone()
    return (found[0], datetime.fromisoformat(found[1])) if found else ("", None)
