"""Values inside event data, in one form whatever the record wrote them as."""

import re
from functools import lru_cache
from typing import Any
from uuid import UUID

from tui.diagnosis.events.reader import Record

_MOST_PCR = 24
_LONGEST_NUMBER = 24
_NIL = str(UUID(int=0))
_KB = re.compile(r"\bKB ?(\d{6,7})\b", re.IGNORECASE)


def integer(value: Any) -> int | None:
    """An integer written as a number, or as decimal or `0x` hexadecimal text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return None
    try:
        return int(value, 0) if isinstance(value, str) else value
    except ValueError:
        return None


def code(value: Any) -> str | None:
    """An error code as `0x` and eight digits, negative numbers as Windows shows them; other texts as they stand."""
    number = integer(value)
    if number is None:
        return str(value) if value else None
    return f"0x{number & 0xFFFFFFFF:08x}"


def guid(value: Any) -> str | None:
    """A GUID in upper case without braces, as protectors are listed; None for none and for the nil GUID."""
    try:
        text = str(UUID(str(value).strip("{} ")))
    except ValueError:
        return None
    return None if text == _NIL else text.upper()


def pcrs(bitmap: Any) -> list[int]:
    """The PCRs of a bitmap; bit n stands for PCR n."""
    number = integer(bitmap) or 0
    return [pcr for pcr in range(_MOST_PCR) if number >> pcr & 1]


def blob(value: Any) -> bytes:
    """Binary data, which records hold as hexadecimal text; empty when it is not that."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""


def kb(title: Any) -> str | None:
    """The update that a title names, as `KB` and digits."""
    return _kb(str(title or ""))


@lru_cache(4_096)
def _kb(title: str) -> str | None:
    found = _KB.search(title)
    return f"KB{found[1]}" if found else None


def label(record: Record) -> str:
    """`provider/id` of a record."""
    return f"{record.provider}/{record.id}"
