"""The cache: what the console last saw. Losing it costs a sync and nothing else."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tui.clock import Clock, SystemClock
from tui.errors import Problem, ProblemKind
from tui.model.incident import Incident
from tui.model.incident_line import Line
from tui.model.recovery_key import RecoveryKey
from tui.store import incident_cache, key_cache, ticket_texts
from tui.store.cache_schema import CACHE_MIGRATIONS
from tui.store.database import Database, migrate, open_database, primary_code, schema_version, transaction, why_failed
from tui.store.first_rows import CACHE_FILE

T = TypeVar("T")


_SAYS_DAMAGE = ("Could not decode to UTF-8", "no such column", "no such table")
"""A text column as Python complains about it, without a code of SQLite's; and a schema that has rotted."""


class _Unreadable(Exception):
    """A cache of a newer Reseal, or one that cannot be brought up to date."""


async def open_cache(directory: Path, clock: Clock | None = None) -> "CacheStore":
    """Open the cache in a private directory; a damaged one is moved aside. Raises `Problem(LOCAL)`."""
    cache = CacheStore(directory / CACHE_FILE, clock or SystemClock())
    await cache.open()
    return cache


class CacheStore:
    """`ports.IncidentCache` and `ports.KeyIndex` over `cache.db`, and a little memory for the views.

    One tenant name holds the keys of one escrow: a full pass drops the keys that it did not see.
    """

    notice: str = ""
    """One line for the engineer when the cache had to be started anew."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._database: Database | None = None
        self._pass_began: dict[str, datetime] = {}
        self._last_time: datetime | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Open the file, anew when it is damaged or a newer Reseal's; raises `Problem(LOCAL)`."""
        try:
            try:
                await self._connect()
            except (sqlite3.DatabaseError, UnicodeDecodeError, _Unreadable) as error:
                if not _is_damage(error):
                    raise
                await self._start_anew()
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._problem("opened", error) from error

    async def close(self) -> None:
        """Let go of the file; safe to call twice."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> Collection[str]:
        """Keep incidents, their texts and the watermark of their source, in one transaction.

        Answers the ids of what was closed too long ago to be kept.
        """
        work = partial(incident_cache.save, source=source, incidents=incidents, watermark=watermark, now=self._now())
        return await self._run(work)

    async def load(self) -> Sequence[Line]:
        """The line of every incident that is kept, in queue order."""
        return await self._run(incident_cache.load)

    async def texts(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        """Texts of tickets by incident id, of those that have one."""
        return await self._run(partial(ticket_texts.fetch, incident_ids=incident_ids))

    async def texts_with(self, words: Sequence[str]) -> AsyncIterator[Sequence[tuple[str, frozenset[str]]]]:
        """Ids of incidents with those of the lower-case words that their texts hold, part by part."""
        last = await self._run(ticket_texts.last_place)
        for after in range(0, last, ticket_texts.SLICE):
            yield await self._run(partial(ticket_texts.search, words=words, after=after))

    async def watermark(self, source: str) -> tuple[str, datetime | None]:
        """The watermark of a source and when it was kept."""
        return await self._run(partial(incident_cache.watermark, source=source))

    async def save_keys(self, tenant: str, keys: Sequence[RecoveryKey], *, complete: bool) -> None:
        """Keep a page; `complete` marks the end of a full pass."""
        now = self._now()
        if tenant not in self._pass_began:
            self._pass_began[tenant] = await self._run(partial(key_cache.begin_pass, tenant=tenant, now=now))
        began = self._pass_began[tenant]
        if not complete:
            await self._run(partial(key_cache.save, tenant=tenant, keys=keys, seen_at=now))
            return
        await self._run(partial(key_cache.finish_pass, tenant=tenant, keys=keys, began_at=began, ended_at=now))
        del self._pass_began[tenant]

    async def keys_with_prefix(self, tenant: str, digits: str) -> Sequence[RecoveryKey]:
        """Keys whose ID begins with these hex digits (lower case, no dashes)."""
        return await self._run(partial(key_cache.with_prefix, tenant=tenant, digits=digits))

    async def indexed_at(self, tenant: str) -> datetime | None:
        """When the last full pass ended; None when there was none."""
        return await self._run(partial(key_cache.indexed_at, tenant=tenant))

    async def remember(self, name: str, value: str) -> None:
        """Keep a view's state, such as the last filter; never anything secret."""
        await self._run(partial(_remember, name=name, value=value))

    async def recall(self, name: str) -> str:
        """A view's state; empty when there is none."""
        return await self._run(partial(_recall, name=name))

    def _now(self) -> datetime:
        """Time that does not go back, so that a clock that is set cannot make fresh keys look old."""
        now = self._clock.now()
        self._last_time = now if self._last_time is None else max(now, self._last_time)
        return self._last_time

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            try:
                return await self._connected().run(work)
            except (sqlite3.DatabaseError, ValueError) as error:
                if not _is_damage(error):
                    raise
                await self._start_anew()
                return await self._connected().run(work)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise self._problem("used", error) from error

    def _connected(self) -> Database:
        if self._database is None:
            raise sqlite3.ProgrammingError("it is closed")
        return self._database

    async def _connect(self) -> None:
        self._database = await open_database(self._path, "NORMAL")
        try:
            await self._database.run(_prepare)
        except BaseException:
            await self.close()
            raise

    async def _start_anew(self) -> None:
        await self.close()
        aside = self._path.with_name(f"{CACHE_FILE}.damaged")
        # A log left behind would be played into the new file.
        for suffix in ("-wal", "-shm"):
            self._path.with_name(f"{CACHE_FILE}{suffix}").unlink(missing_ok=True)
        self._path.replace(aside)
        self._pass_began.clear()
        self.notice = f"The cache could not be read and starts anew; the old file is {aside}"
        await self._connect()

    def _problem(self, verb: str, error: Exception) -> Problem:
        step = f"Free space, or move {self._path} away: it is only a cache"
        return Problem(ProblemKind.LOCAL, f"The cache cannot be {verb}", why_failed(error, self._path), step)


def _is_damage(error: Exception) -> bool:
    """The file holds what it cannot hold: pages that do not fit, or a value that is no word or date of ours."""
    if isinstance(error, ValueError):
        # A text that cannot be written is the caller's, not the file's.
        return not isinstance(error, UnicodeEncodeError)
    if isinstance(error, sqlite3.OperationalError) and str(error).startswith(_SAYS_DAMAGE):
        return True
    return isinstance(error, _Unreadable) or primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _prepare(connection: sqlite3.Connection) -> None:
    if schema_version(connection) > len(CACHE_MIGRATIONS):
        raise _Unreadable
    try:
        migrate(connection, CACHE_MIGRATIONS, CACHE_FILE)
    except (ValueError, TypeError) as error:
        # An incident of another shape.
        raise _Unreadable from error


def _remember(connection: sqlite3.Connection, name: str, value: str) -> None:
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO view_state VALUES (?, ?)", (name, value))


def _recall(connection: sqlite3.Connection, name: str) -> str:
    found = connection.execute("SELECT value FROM view_state WHERE name = ?", (name,)).fetchone()
    return str(found[0]) if found else ""
