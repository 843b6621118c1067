"""Key metadata in the cache, each over a plain connection."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from tui.model.ids import format_key_id
from tui.model.recovery_key import Escrow, KeyStatus, RecoveryKey, Volume
from tui.store.chain import timestamp
from tui.store.database import transaction

_BEHIND_HEX = "g"
"""Sorts behind every hex digit, so `prefix + g` ends the range of a prefix."""
_BEGAN = "key-pass-began:"
"""Where the beginning of an unfinished pass is kept, before the tenant's id."""


def begin_pass(connection: sqlite3.Connection, tenant: str, now: datetime) -> datetime:
    """When the pass began that is under way: now, or when the one began that another run left unfinished.

    What that one saw counts as seen, so that a pass which is taken up again drops nothing of it.
    """
    with transaction(connection):
        connection.execute("INSERT OR IGNORE INTO view_state VALUES (?, ?)", (_BEGAN + tenant, timestamp(now)))
        found = connection.execute("SELECT value FROM view_state WHERE name = ?", (_BEGAN + tenant,)).fetchone()
    return min(datetime.fromisoformat(found[0]), now)


def save(connection: sqlite3.Connection, tenant: str, keys: Sequence[RecoveryKey], seen_at: datetime) -> None:
    """Keep a page of keys."""
    with transaction(connection):
        _put(connection, tenant, keys, seen_at)


def finish_pass(
    connection: sqlite3.Connection, tenant: str, keys: Sequence[RecoveryKey], began_at: datetime, ended_at: datetime
) -> None:
    """Keep the last page, and drop keys that no pass has seen since this one began: the tenant has them no more.

    It goes by time, so a second console that pages at the same moment loses nothing.
    """
    with transaction(connection):
        _put(connection, tenant, keys, ended_at)
        connection.execute("DELETE FROM keys WHERE tenant = ? AND seen_at < ?", (tenant, timestamp(began_at)))
        connection.execute("DELETE FROM view_state WHERE name = ?", (_BEGAN + tenant,))
        connection.execute("INSERT OR REPLACE INTO key_passes VALUES (?, ?)", (tenant, timestamp(ended_at)))


def _put(connection: sqlite3.Connection, tenant: str, keys: Sequence[RecoveryKey], seen_at: datetime) -> None:
    seen = timestamp(seen_at)
    rows = (
        (
            tenant,
            key.id.replace("-", ""),
            key.device_id,
            timestamp(key.created) if key.created else None,
            key.volume,
            key.escrow,
            key.status,
            seen,
        )
        for key in keys
    )
    connection.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def with_prefix(connection: sqlite3.Connection, tenant: str, digits: str) -> tuple[RecoveryKey, ...]:
    """Keys whose ID begins with these hex digits, in the order of their IDs."""
    query = (
        "SELECT digits, device_id, created, volume, escrow, status FROM keys "
        "WHERE tenant = ? AND digits >= ? AND digits < ? ORDER BY digits"
    )
    return tuple(
        RecoveryKey(
            id=format_key_id(found),
            device_id=device_id,
            created=datetime.fromisoformat(created) if created else None,
            volume=Volume(volume),
            escrow=Escrow(escrow),
            status=KeyStatus(status),
        )
        for found, device_id, created, volume, escrow, status in connection.execute(
            query, (tenant, digits, digits + _BEHIND_HEX)
        )
    )


def indexed_at(connection: sqlite3.Connection, tenant: str) -> datetime | None:
    """When the last full pass over a tenant's keys ended."""
    found = connection.execute("SELECT ended_at FROM key_passes WHERE tenant = ?", (tenant,)).fetchone()
    return datetime.fromisoformat(found[0]) if found else None
