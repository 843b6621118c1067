"""One SQLite file behind one connection and one thread, and what both stores need of it.

Work is a plain function over `sqlite3.Connection` and runs in one hop on the connection's own thread. So a
transaction is never cut in half by a cancelled task, never waits for the event loop while it holds the lock, and no
other task sees its rows before they are committed.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import aiosqlite

from tui.errors import Problem, ProblemKind
from tui.paths import check_private, guard_directory, guard_file

LOCK_WAIT_SECONDS = 2.0
"""How long another process may hold the file before a statement fails."""

T = TypeVar("T")
Migration = Callable[[sqlite3.Connection], None]


class Database(aiosqlite.Connection):
    """An open file. Its one owner closes it in a `finally`; a forgotten one does not keep the process alive."""

    def __init__(self, path: Path, synchronous: Literal["FULL", "NORMAL"]) -> None:
        super().__init__(partial(_connect, path, synchronous), iter_chunk_size=64)
        # The library's thread is not a daemon, and one that nobody stopped would hang the process at exit.
        self._thread.daemon = True

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work to its end, even when the waiting task is cancelled; raises what it raises, or `ValueError`
        when the file is closed."""
        execute: Callable[..., Awaitable[T]] = self._execute
        return await execute(work, self._conn)

    def join(self) -> None:
        """Wait for the thread of a file that could not be opened."""
        self._thread.join()


async def open_database(path: Path, synchronous: Literal["FULL", "NORMAL"]) -> Database:
    """Open a private file, made when there is none; raises `Problem(LOCAL)` and `sqlite3.Error`."""
    guard_directory(path.parent)
    guard_file(path)
    for side in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if side.is_symlink() or side.exists():
            check_private(side)
    database = Database(path, synchronous)
    try:
        await database
    except BaseException:
        # The thread still answers to this loop, so the loop must outlive it.
        await asyncio.to_thread(database.join)
        raise
    return database


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    # mode=rw: the guard has made the file, and SQLite shall not make another with other rights.
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=LOCK_WAIT_SECONDS, isolation_level=None)
    try:
        _enter_wal(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA secure_delete=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Two processes that enter WAL at once can refuse each other without waiting, so the waiting is done here."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock from the first statement on, commit at the end, roll back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration], name: str) -> None:
    """Bring a file up to date, each step in a transaction of its own; raises `Problem(LOCAL)` on a newer file."""
    for number, step in enumerate(steps, 1):
        if schema_version(connection) < number:
            with transaction(connection):
                if schema_version(connection) < number:
                    step(connection)
                    connection.execute(f"PRAGMA user_version={number}")
    found = schema_version(connection)
    if found > len(steps):
        raise Problem(
            ProblemKind.LOCAL,
            f"{name} was written by a newer Reseal",
            f"Its schema is {found}, and this one knows {len(steps)}",
            "Start the newer one, or set RESEAL_STATE to another directory",
        )


def schema_version(connection: sqlite3.Connection) -> int:
    """`user_version` of the file; 0 when it is new."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def primary_code(error: Exception) -> int:
    """SQLite's primary result code, without the extension; 0 when the error is not SQLite's own."""
    if isinstance(error, UnicodeDecodeError):
        # What Python makes of SQLite's message when a damaged name stands in it.
        return sqlite3.SQLITE_CORRUPT
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def why_failed(error: Exception, path: Path) -> str:
    """A database error in words."""
    reasons = {
        sqlite3.SQLITE_BUSY: f"Another process has held {path} for {LOCK_WAIT_SECONDS:.0f} seconds",
        sqlite3.SQLITE_FULL: f"The disk of {path.parent} is full",
        sqlite3.SQLITE_READONLY: f"{path} cannot be written",
        sqlite3.SQLITE_IOERR: f"The disk of {path.parent} fails or is full",
        sqlite3.SQLITE_CORRUPT: f"{path} is damaged",
        sqlite3.SQLITE_NOTADB: f"{path} is not a database, or is damaged",
        sqlite3.SQLITE_CANTOPEN: f"{path} cannot be opened",
    }
    return reasons.get(primary_code(error), f"{path}: {error}")
