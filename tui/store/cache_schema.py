"""The cache's tables and migrations by `user_version`."""

import sqlite3

import msgspec
from msgspec.structs import replace

from tui.diagnosis.redact import redact
from tui.model.incident import Incident
from tui.store import incident_cache, ticket_texts
from tui.store.database import Migration
from tui.store.first_rows import CACHE_SCHEMA

_AT_ONCE = 1_000


def create_cache(connection: sqlite3.Connection) -> None:
    """Schema 1."""
    connection.execute("""
CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  closed INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  opened_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  body BLOB NOT NULL
)""")
    connection.execute("CREATE INDEX incidents_order ON incidents (closed, priority, opened_at)")
    connection.execute(
        "CREATE TABLE watermarks (source TEXT PRIMARY KEY, watermark TEXT NOT NULL, kept_at TEXT NOT NULL)"
    )
    # The key is the lookup: a prefix is a range of it.
    connection.execute("""
CREATE TABLE keys (
  tenant TEXT NOT NULL,
  digits TEXT NOT NULL,
  device_id TEXT NOT NULL,
  created TEXT,
  volume TEXT NOT NULL,
  escrow TEXT NOT NULL,
  status TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  PRIMARY KEY (tenant, digits)
) WITHOUT ROWID""")
    connection.execute("CREATE TABLE key_passes (tenant TEXT PRIMARY KEY, ended_at TEXT NOT NULL)")
    connection.execute("CREATE TABLE view_state (name TEXT PRIMARY KEY, value TEXT NOT NULL)")


def part_texts(connection: sqlite3.Connection) -> None:
    """Schema 2: texts of tickets in a table of their own, and of an incident one line without its text."""
    connection.execute("ALTER TABLE incidents RENAME TO whole_incidents")
    connection.execute("DROP INDEX incidents_order")
    connection.execute("""
CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  closed INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  opened_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  line TEXT NOT NULL
)""")
    connection.execute("CREATE INDEX incidents_order ON incidents (closed, priority, opened_at)")
    ticket_texts.create_texts(connection)
    decoder = msgspec.json.Decoder(Incident)
    oldest = "SELECT rowid, body FROM whole_incidents ORDER BY rowid LIMIT ?"
    while rows := connection.execute(oldest, (_AT_ONCE,)).fetchall():
        # Their pages take the next ones, so that the file hardly grows.
        connection.execute("DELETE FROM whole_incidents WHERE rowid <= ?", (rows[-1][0],))
        part = [_without_passwords(decoder.decode(body)) for _, body in rows]
        connection.executemany(incident_cache.KEEP, [incident_cache.row_of(each) for each in part])
        ticket_texts.save(connection, [(each.id, each.ticket.body) for each in part])
    connection.execute("DROP TABLE whole_incidents")


def _without_passwords(incident: Incident) -> Incident:
    """Schema 1 kept texts with the recovery passwords that people had pasted into them."""
    ticket = incident.ticket
    cut = replace(ticket, title=redact(ticket.title)[0], body=redact(ticket.body)[0])
    return replace(incident, ticket=cut)


CACHE_MIGRATIONS: tuple[Migration, ...] = (create_cache, part_texts)
assert len(CACHE_MIGRATIONS) == CACHE_SCHEMA
