"""How old the key index may be before its silence proves nothing."""

from datetime import datetime, timedelta

INDEX_OLD = timedelta(hours=2)
"""An index older than this does not prove that a key is not there."""


def index_is_old(indexed_at: datetime | None, now: datetime) -> bool:
    """The index is missing or hours old."""
    return indexed_at is None or now - indexed_at > INDEX_OLD
