"""The cache's tables and migrations by `user_version`."""

import sqlite3

from tui.store.database import Migration
from tui.store.first_rows import CACHE_SCHEMA


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


CACHE_MIGRATIONS: tuple[Migration, ...] = (create_cache,)
assert len(CACHE_MIGRATIONS) == CACHE_SCHEMA
