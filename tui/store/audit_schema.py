"""The audit's table, its triggers, and its migrations by `user_version`.

`body` is the row as the chain covers it; the other columns are computed from it and so cannot disagree with it.
"""

import sqlite3

from tui.store.database import Migration

AUDIT_FILE = "audit.db"

TRIGGERS = {
    "audit_no_update": """
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    "audit_no_delete": """
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    # INSERT OR REPLACE removes a row without the DELETE trigger, unless recursive triggers are on.
    "audit_in_order": """
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
}


def create_audit(connection: sqlite3.Connection) -> None:
    """Schema 1."""
    connection.execute("""
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  mac TEXT NOT NULL,
  body TEXT NOT NULL,
  at TEXT AS (json_extract(body, '$.at')),
  event TEXT AS (json_extract(body, '$.event')),
  flow TEXT AS (json_extract(body, '$.flow')),
  key_id TEXT AS (json_extract(body, '$.key_id')),
  operator TEXT AS (coalesce(nullif(json_extract(body, '$.operator.oid'), ''), json_extract(body, '$.operator.upn')))
)""")
    connection.execute("CREATE INDEX audit_at ON audit (at)")
    connection.execute("CREATE INDEX audit_event ON audit (event, at)")
    connection.execute("CREATE INDEX audit_flow ON audit (flow)")
    connection.execute("CREATE INDEX audit_key ON audit (key_id, event)")
    for trigger in TRIGGERS.values():
        connection.execute(trigger)


AUDIT_MIGRATIONS: tuple[Migration, ...] = (create_audit,)
