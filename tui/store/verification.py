"""Proving the audit: every number there, every MAC right, the schema untouched."""

import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from tui.errors import Problem, ProblemKind
from tui.store.audit_schema import AUDIT_FILE, AUDIT_MIGRATIONS
from tui.store.chain import EPOCH, FIRST_PREV, mac_of
from tui.store.chain_key import KEY_FILE, read_key
from tui.store.database import LOCK_WAIT_SECONDS, migrate, schema_version, why_failed

CLOCK_TOLERANCE_SECONDS = 5.0
"""How far wall time and boot time may drift apart between two rows before the second is named as a clock jump."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the audit found.

    `first_bad_seq` is the first row that is wrong or missing, None when the rows hold; `why` is empty when all holds.
    `head_seq` and `head_mac` name the newest good row: noted elsewhere, they later prove that no row was cut off the
    end. `clock_jumps` are rows before which the wall clock was set; they break nothing.
    """

    rows: int
    open_intents: int
    first_bad_seq: int | None
    why: str
    head_seq: int
    head_mac: str
    clock_jumps: tuple[int, ...]

    @property
    def ok(self) -> bool:
        """The audit holds."""
        return not self.why


class _Checked(msgspec.Struct, frozen=True):
    """The parts of a row that are checked one by one."""

    seq: int
    prev: str
    epoch: int
    at: datetime
    monotonic_ns: int
    boot_id: str
    event: str
    flow: str


_DECODER = msgspec.json.Decoder(_Checked)


@dataclass(slots=True)
class _Walk:
    """How far the check has come."""

    key: bytes
    rows: int = 0
    head_mac: str = FIRST_PREV
    last: _Checked | None = None
    open: set[str] = field(default_factory=set)
    jumps: list[int] = field(default_factory=list)

    def step(self, seq: object, mac: object, body: object) -> str:
        """Take the next row; what is wrong with it, or nothing."""
        if not (isinstance(seq, int) and isinstance(mac, bytes) and isinstance(body, bytes)):
            # Columns have types, but a byte that rots in a record's header gives a value another one.
            return f"row {self.rows + 1} is damaged: a value has another type than its column"
        if seq != self.rows + 1:
            return f"row {self.rows + 1} is missing" if seq > self.rows + 1 else f"row number {seq} is out of order"
        if not hmac.compare_digest(mac_of(self.key, self.head_mac, body).encode(), mac):
            return f"the MAC of row {seq} does not fit the row and the one before it"
        try:
            row = _DECODER.decode(body)
        except msgspec.MsgspecError as error:
            return f"row {seq} cannot be read: {error}"
        if row.seq != seq or row.prev != self.head_mac:
            return f"row {seq} names another place in the chain"
        if row.epoch != EPOCH:
            return f"row {seq} names the key epoch {row.epoch}, and there is only {EPOCH}"
        self._take(row, mac.decode())
        return ""

    def _take(self, row: _Checked, mac: str) -> None:
        if self.last is not None and _clock_was_set(self.last, row):
            self.jumps.append(row.seq)
        if row.event == "intent":
            self.open.add(row.flow)
        elif row.event == "outcome":
            self.open.discard(row.flow)
        self.rows, self.head_mac, self.last = row.seq, mac, row

    def result(self, why: str, *, in_rows: bool) -> Verification:
        bad = self.rows + 1 if in_rows else None
        mac = self.head_mac if self.rows else ""
        return Verification(self.rows, len(self.open), bad, why, self.rows, mac, tuple(self.jumps))


def verify(directory: Path) -> Verification:
    """Check the audit of a state directory; reads only, also beside a running console.

    It cannot see rows cut off the end, nor an older copy in place of the file: compare the head with one that was noted
    elsewhere. Raises `Problem(LOCAL)` when there is no audit, or it cannot be opened.
    """
    path = directory / AUDIT_FILE
    if not path.exists():
        raise Problem(ProblemKind.LOCAL, f"There is no audit in {directory}", "", "Start the console once to make one")
    key = read_key(directory / KEY_FILE)
    try:
        with closing(open_read_only(path)) as connection:
            return _verify(connection, path, key)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        step = "Keep the files as they are for the auditors, and set RESEAL_STATE to another directory to go on"
        raise Problem(ProblemKind.LOCAL, "The audit cannot be opened", why_failed(error, path), step) from error


def open_read_only(path: Path) -> sqlite3.Connection:
    """The audit's database, for reading alone; raises `sqlite3.Error`."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=LOCK_WAIT_SECONDS, isolation_level=None)
    # A schema whose text has rotted is a finding, not an error.
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    return connection


def _verify(connection: sqlite3.Connection, path: Path, key: bytes | None) -> Verification:
    # One read transaction: a running console may append meanwhile.
    connection.execute("BEGIN")
    why = _schema_fault(connection)
    walk = _Walk(key or b"")
    try:
        for seq, mac, body in _stored(connection):
            fault = walk.step(seq, mac, body) if key else f"{KEY_FILE} is missing or damaged, so no row can be proven"
            if fault:
                return walk.result(fault, in_rows=True)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return walk.result(why or why_failed(error, path), in_rows=True)
    return walk.result(why, in_rows=False)


def _stored(connection: sqlite3.Connection) -> Iterator[tuple[object, object, object]]:
    yield from connection.execute("SELECT seq, CAST(mac AS BLOB), CAST(body AS BLOB) FROM audit ORDER BY seq")


def _schema_fault(connection: sqlite3.Connection) -> str:
    """What differs from the schema that the migrations make."""
    found, known = schema_version(connection), len(AUDIT_MIGRATIONS)
    if found != known:
        return f"the schema is {found}, and this Reseal knows {known}"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh, AUDIT_MIGRATIONS, AUDIT_FILE)
        wanted = _objects(fresh)
    there = _objects(connection)
    for name in sorted(wanted.keys() | there.keys()):
        if there.get(name) != wanted.get(name):
            state = "is missing" if name not in there else "was added" if name not in wanted else "was changed"
            return f"{name} {state} in the schema"
    return ""


def _objects(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT type || ' ' || name, sql FROM sqlite_master"))


def _clock_was_set(last: _Checked, row: _Checked) -> bool:
    wall = (row.at - last.at).total_seconds()
    if row.boot_id and row.boot_id == last.boot_id:
        return abs(wall - (row.monotonic_ns - last.monotonic_ns) / 1e9) > CLOCK_TOLERANCE_SECONDS
    return wall < -CLOCK_TOLERANCE_SECONDS
