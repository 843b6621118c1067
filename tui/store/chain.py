"""The audit's keyed hash chain: each row's MAC covers the row and, through `prev`, all rows before it.

HMAC-SHA256 (RFC 2104) under a key that lies beside the database. What that is worth: whoever changes, drops, moves or
adds a row without the key is found out. What it is not worth: the operator can read the key, and so can write a whole
new history; and rows cut off at the end, or the file put back to an older copy, leave a chain that holds. Against
those stands only what has left the machine: forwarded rows, evidence packs, a noted head (`seq` and `mac`) and the
tenant's own directory audit.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import msgspec

from tui.model.audit import AuditRow

FIRST_PREV = "0" * 64
EPOCH = 1
"""Counts the changes of the chain key; there has been none."""

_DECODER = msgspec.json.Decoder(dict[str, Any])


def canonical(row: AuditRow) -> bytes:
    """The row without its `mac`: one flat JSON object, keys sorted, no blanks, UTF-8. This is what the MAC covers."""
    flat: dict[str, Any] = msgspec.to_builtins(row)
    flat |= flat.pop("entry")
    del flat["mac"]
    flat["at"] = timestamp(row.at)
    return msgspec.json.encode(flat, order="sorted")


def read_row(body: bytes, mac: str) -> AuditRow:
    """A row from its canonical JSON; raises `msgspec.MsgspecError`."""
    flat = _DECODER.decode(body)
    return msgspec.convert({**flat, "mac": mac, "entry": flat}, AuditRow)


def mac_of(key: bytes, prev: str, body: bytes) -> str:
    """HMAC-SHA256 over the previous row's MAC and this row's canonical JSON, in lower-case hex."""
    return hmac.new(key, prev.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def timestamp(at: datetime) -> str:
    """UTC with six digits of microseconds always, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
