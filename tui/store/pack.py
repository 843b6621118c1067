"""An evidence pack: rows of the audit in a file that leaves the machine, and proof that nothing in it was changed.

A pack is a zip of stored members, always the same bytes for the same rows, so that a changed byte shows wherever it is.
`rows.jsonl` holds one row a line in the audit's canonical form with its `mac`; `manifest.json` says how many, from
where to where, and is itself under a MAC of the chain key. Where the key is not at hand, the links between the rows
and the digests still hold the pack together; against a whole new history stands the head that was noted elsewhere.
"""

import hashlib
import hmac
import io
import os
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from tui.diagnosis.redact import redact
from tui.errors import Problem, ProblemKind
from tui.paths import create_private
from tui.store.audit_schema import AUDIT_FILE
from tui.store.chain import FIRST_PREV, mac_of, timestamp
from tui.store.chain_key import KEY_FILE, read_key
from tui.store.database import why_failed
from tui.store.verification import open_read_only, verify

FORMAT = "reseal-evidence-pack/1"
ROWS, MANIFEST = "rows.jsonl", "manifest.json"
LARGEST = 512 * 1024 * 1024
"""Bytes of a pack that is read."""

_SCOPE = b"reseal evidence pack\n"
_KEY_SCOPE = b"reseal chain key\n"
_DAY = (1980, 1, 1, 0, 0, 0)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pack says of itself. `prev` is the MAC before its first row; `key` names the chain key, and is not it."""

    format: str
    tenant: str
    version: str
    made_at: str
    rows: int
    first_seq: int
    last_seq: int
    prev: str
    head_mac: str
    rows_sha256: str
    key: str
    mac: str = ""


@dataclass(frozen=True, slots=True)
class PackCheck:
    """What a check of a pack found; `why` is empty when all holds.

    `proven` says by what: `key` when the chain key of this machine proves every row, else `links`.
    """

    rows: int
    first_seq: int
    last_seq: int
    head_mac: str
    proven: Literal["key", "links", "nothing"]
    why: str = ""

    @property
    def ok(self) -> bool:
        """The pack holds."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written."""

    path: Path
    manifest: Manifest


def write_pack(
    state: Path, out: Path, *, since: datetime | None, until: datetime | None, now: datetime, version: str, tenant: str
) -> Packed:
    """Write the rows of a time as a pack; raises `Problem`.

    The audit has to hold first, and a row that a recovery password could be in stops it: neither ever leaves.
    """
    whole = verify(state)
    if not whole.ok:
        raise Problem(ProblemKind.POLICY, "The audit does not hold", whole.why, "Run `reseal audit verify`.")
    key = read_key(state / KEY_FILE)
    if key is None:
        raise Problem(ProblemKind.LOCAL, f"{KEY_FILE} is missing or damaged", "", "Restore it from a backup.")
    found = _rows(state / AUDIT_FILE, since, until)
    if not found:
        raise Problem(ProblemKind.POLICY, "There is no row in this time", "", "Choose another --since or --until.")
    body = b"".join(_line(text, mac) for _, mac, text in found)
    if any(_holds_password(msgspec.json.decode(text)) for _, _, text in found):
        step = "Keep the audit as it is, tell the maintainers, and rotate the key"
        raise Problem(ProblemKind.ALARM, "A row looks like a recovery password", "Nothing was written", step)
    first, last = found[0], found[-1]
    manifest = Manifest(
        format=FORMAT,
        tenant=tenant,
        version=version,
        made_at=timestamp(now),
        rows=len(found),
        first_seq=first[0],
        last_seq=last[0],
        prev=msgspec.json.decode(first[2], type=_Link).prev,
        head_mac=last[1],
        rows_sha256=hashlib.sha256(body).hexdigest(),
        key=key_name(key),
    )
    manifest = msgspec.structs.replace(manifest, mac=_manifest_mac(key, manifest))
    _create(out, _zipped(manifest, body))
    return Packed(out, manifest)


def check_pack(path: Path, key: bytes | None, *, head: str = "") -> PackCheck:
    """Check a pack without the audit that it came from. `head` is a MAC that was noted elsewhere.

    Raises `Problem(CONFIG)` only when the file cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Problem(ProblemKind.CONFIG, f"{path} cannot be read", error.strerror or "", "Name a pack.") from error
    try:
        manifest, body = _opened(data)
        proven = _prove(manifest, body, key, head)
    except _Fault as fault:
        return PackCheck(0, 0, 0, "", "nothing", str(fault))
    return PackCheck(manifest.rows, manifest.first_seq, manifest.last_seq, manifest.head_mac, proven)


def key_name(key: bytes) -> str:
    """A name for a chain key that does not tell it."""
    return hashlib.sha256(_KEY_SCOPE + key).hexdigest()[:16]


class _Fault(Exception):
    """What is wrong with a pack, in words."""


class _Link(msgspec.Struct, frozen=True):
    seq: int
    prev: str


def _opened(data: bytes) -> tuple[Manifest, bytes]:
    if len(data) > LARGEST:
        raise _Fault(f"it is larger than {LARGEST} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            if sorted(pack.namelist()) != sorted((ROWS, MANIFEST)):
                raise _Fault(f"it does not hold exactly {ROWS} and {MANIFEST}")
            if any(info.compress_type != zipfile.ZIP_STORED for info in pack.infolist()):
                raise _Fault("a member is compressed, which no pack's is")
            said, body = pack.read(MANIFEST), pack.read(ROWS)
        manifest = msgspec.json.decode(said, type=Manifest)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise _Fault(f"it is no pack, or it was cut or changed ({type(error).__name__})") from None
    if manifest.format != FORMAT:
        raise _Fault("it is of a format that this version does not know")
    if _zipped(manifest, body) != data:
        raise _Fault("its bytes are not those that its rows and its manifest make")
    return manifest, body


def _prove(manifest: Manifest, body: bytes, key: bytes | None, head: str) -> Literal["key", "links"]:
    if hashlib.sha256(body).hexdigest() != manifest.rows_sha256:
        raise _Fault("the rows are not those that the manifest names")
    with_key = key is not None and key_name(key) == manifest.key
    last, seq = manifest.prev, manifest.first_seq
    if manifest.first_seq == 1 and manifest.prev != FIRST_PREV:
        raise _Fault("its first row does not begin the chain")
    lines = body.splitlines(keepends=True)
    for line in lines:
        text, mac, link = _row(line, seq)
        if link.seq != seq or link.prev != last:
            raise _Fault(f"row {seq} is missing, or out of its place in the chain")
        if with_key and key is not None and not hmac.compare_digest(mac_of(key, last, text), mac):
            raise _Fault(f"the MAC of row {seq} does not fit the row and the one before it")
        last, seq = mac, seq + 1
    if (len(lines), seq - 1, last) != (manifest.rows, manifest.last_seq, manifest.head_mac):
        raise _Fault("rows are missing at the end")
    if with_key and key is not None and not hmac.compare_digest(_manifest_mac(key, manifest), manifest.mac):
        raise _Fault("the manifest was changed")
    if head and head.lower() != manifest.head_mac:
        raise _Fault("its newest row is not the one whose MAC was noted")
    return "key" if with_key else "links"


def _row(line: bytes, seq: int) -> tuple[bytes, str, _Link]:
    """A line's canonical text, its MAC, and its place; the line has to be exactly what these make."""
    try:
        flat = msgspec.json.decode(line, type=dict[str, object])
        mac = flat.pop("mac")
        text = msgspec.json.encode(flat, order="sorted")
        link = msgspec.convert(flat, _Link)
    except (msgspec.MsgspecError, KeyError):
        raise _Fault(f"row {seq} cannot be read") from None
    if not isinstance(mac, str) or _line(text, mac) != line:
        raise _Fault(f"row {seq} is not written as a row is")
    return text, mac, link


def _line(text: bytes, mac: str) -> bytes:
    flat = msgspec.json.decode(text, type=dict[str, object])
    return msgspec.json.encode({**flat, "mac": mac}, order="sorted") + b"\n"


def _manifest_mac(key: bytes, manifest: Manifest) -> str:
    said = msgspec.json.encode(msgspec.structs.replace(manifest, mac=""), order="sorted")
    return hmac.new(key, _SCOPE + said, hashlib.sha256).hexdigest()


def _zipped(manifest: Manifest, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        for name, data in ((MANIFEST, msgspec.json.encode(manifest, order="sorted")), (ROWS, body)):
            info = zipfile.ZipInfo(name, _DAY)
            info.create_system, info.external_attr = 3, 0o600 << 16
            pack.writestr(info, data)
    return out.getvalue()


def _holds_password(row: dict[str, object]) -> bool:
    """Some text of the row could be one. Digests and ids are no texts, and their digits would only look like it."""
    for name, value in row.items():
        if isinstance(value, dict):
            if _holds_password(value):
                return True
        elif isinstance(value, str) and name not in _NO_TEXT and redact(value)[1]:
            return True
    return False


_NO_TEXT = frozenset({"mac", "prev", "boot_id", "config_hash", "flow", "request_id", "client_request_id", "id", "oid"})


def _rows(path: Path, since: datetime | None, until: datetime | None) -> list[tuple[int, str, bytes]]:
    """Number, MAC and canonical text from the first row of the time to the last: no row between them is left out."""
    start, end = timestamp(since) if since else "", timestamp(until) if until else "9"
    query = (
        "SELECT seq, mac, CAST(body AS BLOB) FROM audit WHERE seq >= (SELECT min(seq) FROM audit WHERE at >= ?1) "
        "AND seq <= (SELECT max(seq) FROM audit WHERE at < ?2) ORDER BY seq"
    )
    try:
        with closing(open_read_only(path)) as connection:
            return list(connection.execute(query, (start, end)))
    except sqlite3.Error as error:
        step = "Run `reseal audit verify`"
        raise Problem(ProblemKind.LOCAL, "The audit could not be read", why_failed(error, path), step) from error


def _create(out: Path, data: bytes) -> None:
    try:
        with os.fdopen(create_private(out), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what = f"{out.name} was not written"
        raise Problem(ProblemKind.CONFIG, what, error.strerror or "", "Choose a name that is free.") from error
