"""Short texts that people carry from one console to another by mail or chat, and paste.

Ends are marked and a checksum tells a cut one. Blanks, line ends, quote marks and box borders in between do not count.
"""

import base64
import binascii
import re
import textwrap
import zlib

COLUMNS = 60

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


class ArmorError(ValueError):
    """Not such a text, or not all of it; the message says which."""


def armored(kind: str, payload: bytes) -> str:
    """The text of a payload; `kind` is in capitals, such as `RESEAL REQUEST`."""
    checked = zlib.crc32(payload).to_bytes(4, "big") + payload
    body = base64.urlsafe_b64encode(checked).decode().rstrip("=")
    lines = textwrap.wrap(body, COLUMNS, break_on_hyphens=False)
    return "\n".join((f"=== {kind} ===", *lines, f"=== END {kind} ==="))


def unarmored(kind: str, text: str) -> bytes:
    """The payload of the first text of this kind; raises `ArmorError`."""
    found = re.search(rf"=== {kind} ===(.*?)=== END {kind} ===", text, re.DOTALL)
    if found is None:
        raise ArmorError(f"No {kind.lower()} is in it, or its end is missing")
    body = _FOREIGN.sub("", found[1])
    try:
        checked = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        raise ArmorError("It is cut or damaged") from None
    if len(checked) < 4 or zlib.crc32(checked[4:]).to_bytes(4, "big") != checked[:4]:
        raise ArmorError("It is cut or damaged")
    return checked[4:]
