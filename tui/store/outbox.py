"""The outbox: writes to ticket systems that are not confirmed, each durable before it is sent."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from tui.clock import Clock, SystemClock
from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState
from tui.services.outbox import Write, WriteState
from tui.store.chain import timestamp
from tui.store.database import Database, migrate, open_database, transaction, why_failed

OUTBOX_FILE = "outbox.db"
LOCK_FILE = "outbox.lock"
KEEP_CONFIRMED = timedelta(days=30)

T = TypeVar("T")
_DECODER = msgspec.json.Decoder(Write)


async def open_outbox(directory: Path, clock: Clock | None = None) -> "OutboxStore":
    """Open the outbox in a private directory; raises `Problem(LOCAL)`."""
    outbox = OutboxStore(directory / OUTBOX_FILE, clock or SystemClock())
    await outbox.open()
    return outbox


class OutboxStore:
    """`services.outbox.Outbox` over `outbox.db`. One process at a time sends: the one that holds the lock file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._database: Database | None = None
        self._lock: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Open the file, and forget what was confirmed long ago; raises `Problem(LOCAL)`."""
        try:
            self._database = await open_database(self._path, "FULL")
        except (sqlite3.Error, OSError) as error:
            raise self._problem(error) from error
        limit = timestamp(self._clock.now() - KEEP_CONFIRMED)
        try:
            await self._run(partial(_prepare, limit=limit))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the file and of the lock; safe to call twice."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    async def keep(self, write: Write) -> None:
        """Keep a new write, or how far a known one is."""
        await self._run(partial(_keep, write=write))

    async def rebase(self, incident_id: str, assignee: str, state: IncidentState) -> None:
        """What later writes of the same incident were made on has changed by our own doing."""
        await self._run(partial(_rebase, incident_id=incident_id, assignee=assignee, state=state))

    async def unfinished(self) -> Sequence[Write]:
        """Every write that is not confirmed, oldest first."""
        return await self._run(_unfinished)

    async def forget(self, write_id: str) -> None:
        """Drop a write."""
        await self._run(partial(_forget, write_id=write_id))

    async def may_send(self) -> bool:
        """This process sends; False while another console on the same state does. The lock dies with its process."""
        if self._lock is not None:
            return True
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path.with_name(LOCK_FILE), flags, 0o600)
        except OSError as error:
            raise self._problem(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._database is None:
                raise sqlite3.ProgrammingError("it is closed")
            return await self._database.run(work)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> Problem:
        what = "The outbox of ticket writes cannot be used, so nothing was sent"
        step = f"Free space, or look at {self._path}: writes that were not confirmed are in it"
        return Problem(ProblemKind.LOCAL, what, why_failed(error, self._path), step)


def _create(connection: sqlite3.Connection) -> None:
    """Schema 1."""
    connection.execute("""
CREATE TABLE writes (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  incident_id TEXT NOT NULL,
  state TEXT NOT NULL,
  queued_at TEXT NOT NULL,
  body BLOB NOT NULL
)""")
    connection.execute("CREATE INDEX writes_unfinished ON writes (place) WHERE state <> 'confirmed'")


def _prepare(connection: sqlite3.Connection, limit: str) -> None:
    migrate(connection, (_create,), OUTBOX_FILE)
    with transaction(connection):
        done = WriteState.CONFIRMED
        connection.execute("DELETE FROM writes WHERE state = ? AND queued_at < ?", (done, limit))


def _keep(connection: sqlite3.Connection, write: Write) -> None:
    row = (write.id, write.incident_id, write.state, timestamp(write.queued_at), msgspec.json.encode(write))
    with transaction(connection):
        connection.execute(
            "INSERT INTO writes (id, incident_id, state, queued_at, body) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
            row,
        )


def _unfinished(connection: sqlite3.Connection) -> tuple[Write, ...]:
    query = "SELECT body FROM writes WHERE state <> 'confirmed' ORDER BY place"
    return tuple(_DECODER.decode(body) for (body,) in connection.execute(query))


def _rebase(connection: sqlite3.Connection, incident_id: str, assignee: str, state: IncidentState) -> None:
    query = "SELECT id, body FROM writes WHERE incident_id = ? AND state = 'queued'"
    with transaction(connection):
        for write_id, body in connection.execute(query, (incident_id,)).fetchall():
            rebased = replace(_DECODER.decode(body), seen_assignee=assignee, seen_state=state)
            connection.execute("UPDATE writes SET body = ? WHERE id = ?", (msgspec.json.encode(rebased), write_id))


def _forget(connection: sqlite3.Connection, write_id: str) -> None:
    with transaction(connection):
        connection.execute("DELETE FROM writes WHERE id = ?", (write_id,))
