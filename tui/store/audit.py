"""The audit: append-only, chained, durable before it answers."""

import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from tui.clock import Clock, SystemClock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.store import audit_reading, recovery
from tui.store.audit_reading import OpenFlow
from tui.store.audit_schema import AUDIT_FILE, AUDIT_MIGRATIONS
from tui.store.audit_writing import AuditContext, Chain
from tui.store.chain_key import KEY_FILE, settle_key
from tui.store.database import Database, migrate, open_database, primary_code, transaction, why_failed
from tui.store.process import boot_id, this_session

T = TypeVar("T")

_FAILURES = (sqlite3.Error, OSError, ValueError)
_AFTERWARDS = frozenset({AuditEvent.CLEAR, AuditEvent.OUTCOME})


@dataclass(slots=True)
class _Pending:
    """An entry on its way to the file, and what became of it."""

    entry: AuditEntry
    row: AuditRow | None = None
    error: Exception | None = None


async def open_audit(directory: Path, context: AuditContext | None = None, clock: Clock | None = None) -> "AuditStore":
    """Open the audit in a private directory, made when there is none; raises `Problem(LOCAL)`.

    It is never repaired or started anew by itself: an audit that is damaged, or has lost its key or its file, refuses.
    """
    path = directory / AUDIT_FILE
    if (directory / KEY_FILE).exists() and not path.exists():
        step = "Restore audit.db; or keep audit.key for the auditors, move it away, and start a new audit"
        raise Problem(ProblemKind.LOCAL, f"{path} is gone", "Its chain key is still there, so there was one", step)
    database: Database | None = None
    try:
        database = await open_database(path, "FULL")
        key = await database.run(partial(_prepare, directory))
    except BaseException as error:
        if database is not None:
            await database.close()
        if isinstance(error, _FAILURES):
            step = "Run `reseal audit verify`, or set RESEAL_STATE to another directory"
            raise Problem(ProblemKind.LOCAL, "The audit cannot be opened", why_failed(error, path), step) from error
        raise
    run = context or AuditContext()
    me = this_session()
    session = replace(run.session, pid=me.pid, started=me.started)
    return AuditStore(database, path, Chain(key, replace(run, session=session), clock or SystemClock(), boot_id()))


def _prepare(directory: Path, connection: sqlite3.Connection) -> bytes:
    migrate(connection, AUDIT_MIGRATIONS, AUDIT_FILE)
    # The write lock keeps two first starts from making two keys.
    with transaction(connection):
        (has_rows,) = connection.execute("SELECT EXISTS (SELECT 1 FROM audit)").fetchone()
        return settle_key(directory / KEY_FILE, has_rows=bool(has_rows))


class AuditStore:
    """`ports.AuditTrail` over `audit.db`, and the questions that services ask of it.

    The chain is one; a store that was opened for a tenant writes that tenant's rows and answers from no others.
    """

    def __init__(self, database: Database, path: Path, chain: Chain) -> None:
        self._tenant = chain.context.tenant
        self._database = database
        self._path = path
        self._chain = chain
        self._pending: deque[_Pending] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Write what is on its way, and let go of the file; safe to call twice."""
        await self._database.close()

    async def append(self, entry: AuditEntry) -> AuditRow:
        """Write a row; it is on the disk when this returns. Raises `Problem(POLICY)` when it cannot.

        A task that is cancelled here gets no answer, and the row is written all the same.
        """
        pending = _Pending(entry)
        try:
            # An entry that is no JSON would take down those that share its commit.
            msgspec.json.encode(entry)
            self._pending.append(pending)
            await self._database.run(self._write_pending)
        except _FAILURES as error:
            pending.error = pending.error or error
        if pending.row is None:
            raise self._unwritten(entry.event, pending.error or ValueError("the row was not written"))
        return pending.row

    def _write_pending(self, connection: sqlite3.Connection) -> None:
        """Write everything that waits with one commit: under load, many rows share one fsync."""
        batch: list[_Pending] = []
        while self._pending:
            batch.append(self._pending.popleft())
        if not batch:
            return
        try:
            rows = self._chain.append(connection, [pending.entry for pending in batch])
        except _FAILURES as error:
            for pending in batch:
                pending.error = error
            return
        for pending, row in zip(batch, rows, strict=True):
            pending.row = row

    def _unwritten(self, event: AuditEvent, error: Exception) -> Problem:
        result = (
            f"and the {event} of a disclosure is not recorded" if event in _AFTERWARDS else "so nothing was disclosed"
        )
        steps = {
            sqlite3.SQLITE_BUSY: "Let the other process finish, or end it, and try again",
            sqlite3.SQLITE_FULL: f"Free space for {self._path.parent} and try again",
            sqlite3.SQLITE_READONLY: f"Make {self._path.parent} and its files writable for you and try again",
        }
        return Problem(
            ProblemKind.POLICY,
            f"The audit could not be written, {result}",
            why_failed(error, self._path),
            steps.get(primary_code(error), "Run `reseal audit verify`, and try again when it is clean"),
        )

    async def rows(self, *, limit: int = 500, before: int | None = None) -> Sequence[AuditRow]:
        """Rows, newest first, below a sequence number; raises `Problem(LOCAL)`, as do all questions below."""
        return await self._ask(partial(audit_reading.newest, limit=limit, before=before, tenant=self._tenant))

    async def rows_of(self, events: Collection[AuditEvent], since: datetime | None = None) -> Sequence[AuditRow]:
        """Rows of some events, oldest first, from a time on or from the beginning."""
        return await self._ask(partial(audit_reading.of_events, events=events, since=since, tenant=self._tenant))

    async def open_flows(self) -> Sequence[OpenFlow]:
        """Every INTENT without an OUTCOME, oldest first, of all tenants."""
        return await self._ask(recovery.open_flows)

    async def recover(self) -> Sequence[OpenFlow]:
        """At start: close INTENTs of runs that have ended with OUTCOME `unknown`, and return them to be said.

        Those of other tenants too, each under its own: nobody may open that tenant for days.

        Raises `Problem(POLICY)` when the rows cannot be written.
        """
        try:
            return await self._database.run(partial(recovery.recover, chain=self._chain))
        except _FAILURES as error:
            raise self._unwritten(AuditEvent.OUTCOME, error) from error

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._database.run(question)
        except _FAILURES as error:
            step = "Run `reseal audit verify`"
            raise Problem(
                ProblemKind.LOCAL, "The audit could not be read", why_failed(error, self._path), step
            ) from error
