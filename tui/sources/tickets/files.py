"""Tickets from exports: a file or a folder that is looked at again at each poll. Nothing is written back."""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import structs

from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState, Ticket
from tui.ports import TicketBatch
from tui.sources.tickets.exports import SUFFIXES, Row, Unfinished, fold, rows
from tui.sources.tickets.profile import Columns
from tui.sources.tickets.records import kept_text, priority_of
from tui.text import clean_line

SETTLED_SECONDS = 2.0
"""A file that has not changed for so long is taken as finished."""
FILE_LIMIT = 256 * 2**20
_FILES = 1_000
_YES = {"true", "yes", "1", "y", "x", "vip"}


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells one version of a file from another."""

    inode: int
    size: int
    changed_ns: int

    @property
    def time(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC)


@dataclass(frozen=True, slots=True)
class _Reading:
    version: _Version
    tickets: tuple[Ticket, ...]
    whole: bool
    """It was finished when it was read."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What all files say together, whether all were finished, and what could not be read."""

    tickets: dict[str, Ticket]
    open_keys: frozenset[str]
    whole: bool
    faults: list[Problem]


class FileTickets:
    """A `TicketSource` that reads exports. It keeps what it has read, and answers with what changed since."""

    sweep_seconds = 0.0

    def __init__(self, columns: Columns, path: Path, *, name: str = "") -> None:
        self.name = name or columns.name
        self._path = path
        self._columns = {field: [fold(each) for each in names] for field, names in columns.columns.items()}
        self._states = {fold(word): IncidentState(state) for state, words in columns.states.items() for word in words}
        self._priorities = {word.casefold(): value for word, value in columns.priorities.items()}
        self._times = tuple(columns.times)
        self._zone: tzinfo = UTC if columns.zone == "UTC" else ZoneInfo(columns.zone)
        self._readings: dict[Path, _Reading] = {}
        self._seen: dict[Path, tuple[_Version, float]] = {}
        """Since when a version has been there, on this machine's own clock: a share's clock may be ahead."""
        self._told: dict[str, Ticket] = {}
        self._last: _Look | None = None
        self._lock = asyncio.Lock()

    async def changed_since(self, watermark: str) -> TicketBatch:
        """What changed since the last call; everything, when the watermark is empty or this is the first call."""
        found = await self._looked()
        return await asyncio.to_thread(self._news, found, watermark)

    async def open_keys(self) -> frozenset[str] | None:
        """Keys of all open tickets; None while a file is not finished, because one might be in it."""
        found = await self._looked()
        return found.open_keys if found.whole else None

    async def get(self, key: str) -> Ticket:
        """One ticket as its newest export has it."""
        found = (await self._looked()).tickets.get(key)
        if found is None:
            why = f"No export in {self._path} holds {clean_line(key, 80)}"
            raise Problem(ProblemKind.NOT_FOUND, "There is no such ticket", why, "Export it, or look there")
        return found

    async def assign(self, key: str, assignee: str) -> Ticket:
        """Refused: exports are read only."""
        raise self._read_only("claim the ticket")

    async def add_note(self, key: str, text: str, marker: str = "") -> None:
        """Refused: exports are read only."""
        raise self._read_only("write the note")

    async def set_state(self, key: str, state: IncidentState) -> Ticket:
        """Refused: exports are read only."""
        raise self._read_only("change the state")

    async def close(self) -> None:
        """Nothing is held."""

    async def _looked(self) -> _Look:
        async with self._lock:
            return await asyncio.to_thread(self._look)

    def _news(self, found: _Look, watermark: str) -> TicketBatch:
        news = tuple(each for key, each in found.tickets.items() if not watermark or self._told.get(key) != each)
        if found.faults and not news:
            raise found.faults[0]
        self._told = found.tickets
        newest = max((each.updated_at for each in found.tickets.values()), default=None)
        return TicketBatch(news, newest.isoformat() if newest else watermark)

    def _look(self) -> _Look:
        """Read what changed since the last look."""
        present, faults, before = self._present(), list[Problem](), dict(self._readings)
        for path in set(self._readings) - set(present):
            del self._readings[path]
        for path, version in present.items():
            known = self._readings.get(path)
            if known is None or known.version != version or not known.whole:
                faults += self._read_again(path, version, known)
        whole = not faults and all(path in self._readings and self._readings[path].whole for path in present)
        if self._readings != before or self._last is None:
            tickets = self._newest()
            still_open = frozenset(key for key, each in tickets.items() if each.state is not IncidentState.CLOSED)
            self._last = _Look(tickets, still_open, whole, faults)
        self._last = replace(self._last, whole=whole, faults=faults)
        return self._last

    def _read_again(self, path: Path, version: _Version, known: _Reading | None) -> list[Problem]:
        """Read a file; what was read before stands until the new version is whole."""
        try:
            self._readings[path] = self._read(path, version)
        except Unfinished as error:
            if known is not None:
                self._readings[path] = replace(known, whole=False)
            if self._settled(path, version):
                return [self._problem(f"{path.name} is not whole", str(error), "Export it again")]
        except (OSError, ValueError) as error:
            why = clean_line(str(error), 200)
            return [self._problem(f"{path.name} cannot be read", why, "Look at the file, and export it again")]
        return []

    def _present(self) -> dict[Path, _Version]:
        try:
            if self._path.is_dir():
                paths = [each for each in self._path.iterdir() if each.suffix.lower() in SUFFIXES]
                paths = [each for each in paths if not each.name.startswith((".", "~"))]
            else:
                paths = [self._path]
            found = {path: _version(path) for path in sorted(paths)[:_FILES]}
        except OSError as error:
            raise Problem(
                ProblemKind.UNREACHABLE,
                f"The exports in {self._path} cannot be reached",
                error.strerror or "",
                "Look whether the folder is there and can be read",
            ) from None
        now = time.monotonic()
        self._seen = {
            path: known if (known := self._seen.get(path)) and known[0] == version else (version, now)
            for path, version in found.items()
        }
        return found

    def _settled(self, path: Path, version: _Version) -> bool:
        return (
            time.time() - version.changed_ns / 1e9 >= SETTLED_SECONDS
            or time.monotonic() - self._seen[path][1] >= SETTLED_SECONDS
        )

    def _read(self, path: Path, version: _Version) -> _Reading:
        if version.size > FILE_LIMIT:
            raise ValueError(f"It is larger than {FILE_LIMIT // 2**20} MB")
        settled = self._settled(path, version)
        data = path.read_bytes()
        if _version(path) != version:
            raise Unfinished("It changed while it was read")
        found = [self._ticket(row, version) for row in rows(data, path.suffix.lower(), settled=settled)]
        return _Reading(version, tuple(each for each in found if each), settled)

    def _newest(self) -> dict[str, Ticket]:
        """A ticket's newest version over all files; of equal ones, that of the file that changed last."""
        found: dict[str, Ticket] = {}
        for reading in sorted(self._readings.values(), key=lambda each: each.version.changed_ns):
            for ticket in reading.tickets:
                ticket = self._timed(ticket, reading)
                known = found.get(ticket.key)
                if known is None or ticket.updated_at >= known.updated_at:
                    found[ticket.key] = ticket
        return found

    def _timed(self, ticket: Ticket, reading: _Reading) -> Ticket:
        """A row without times has those of its export; exporting it again unchanged does not make it newer."""
        before = self._last.tickets.get(ticket.key) if self._last else None
        if before is None or not ticket.opened_at == ticket.updated_at == reading.version.time:
            return ticket
        same = structs.replace(ticket, opened_at=before.opened_at, updated_at=before.updated_at) == before
        return before if same else structs.replace(ticket, opened_at=before.opened_at)

    def _ticket(self, row: Row, version: _Version) -> Ticket | None:
        def text(field: str) -> str:
            return next((value for name in self._columns.get(field, ()) if (value := row.get(name, "").strip())), "")

        key = clean_line(text("key"), 100)
        if not key:
            return None
        assignee = clean_line(text("assignee"))
        state = self._states.get(fold(text("state")), IncidentState.NEW)
        opened = self._moment(text("opened_at"))
        updated = self._moment(text("updated_at")) or opened or version.time
        return Ticket(
            key=key,
            number=clean_line(text("number"), 100) or key,
            title=kept_text(clean_line(text("title"))),
            body=kept_text(text("body")),
            caller=clean_line(text("caller")),
            device_name=clean_line(text("device_name"), 100),
            state=IncidentState.CLAIMED if state is IncidentState.NEW and assignee else state,
            priority=self._priority(text("priority").casefold()),
            assignee=assignee,
            vip=text("vip").casefold() in _YES,
            opened_at=opened or updated,
            updated_at=max(updated, opened or updated),
            due_at=self._moment(text("due_at")),
            parent=clean_line(text("parent"), 100),
        )

    def _priority(self, word: str) -> int:
        # "1 - Critical": the number alone says it.
        return self._priorities.get(word) or priority_of(self._priorities, word.partition(" ")[0].rstrip("-:"))

    def _moment(self, text: str) -> datetime | None:
        for form in ("iso", *self._times):
            try:
                found = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
                found = (found if found.tzinfo else found.replace(tzinfo=self._zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            return found if found.year > 1970 else None
        return None

    def _read_only(self, what: str) -> Problem:
        why = f"{self.name} reads exports, and nothing is written back into them"
        return Problem(ProblemKind.POLICY, f"This console cannot {what}", why, "Do it in the ticket system itself")

    def _problem(self, what: str, why: str, step: str) -> Problem:
        return Problem(ProblemKind.UPSTREAM, what, why, step)


def _version(path: Path) -> _Version:
    found = path.stat()
    return _Version(found.st_ino, found.st_size, found.st_mtime_ns)
