"""The top of the cached queue, read for the first frame: with sqlite3 alone, because that frame waits for imports."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tui.model.incident import Incident
from tui.model.incident_line import incident_in

CACHE_FILE = "cache.db"
CACHE_SCHEMA = 2
"""`user_version` of a cache that is up to date."""

IN_ORDER = "SELECT line FROM incidents ORDER BY closed, priority, opened_at, id LIMIT ?"
"""Queue order: open ones first, then by priority, then the oldest. A limit of -1 is none."""


def first_incidents(directory: Path, limit: int) -> tuple[Incident, ...]:
    """The top of the queue as last seen: reads only, and answers nothing rather than failing."""
    path = directory / CACHE_FILE
    if not path.exists():
        return ()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.1)) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (CACHE_SCHEMA,):
                return ()
            return tuple(incident_in(line) for (line,) in connection.execute(IN_ORDER, (limit,)))
    except (sqlite3.Error, ValueError, TypeError):
        return ()
