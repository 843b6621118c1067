"""Names in AD: GUIDs as octets, distinguished names, names of recovery objects, and values in filters. Pure."""

import re
import uuid
from datetime import UTC, datetime, timedelta

from tui.model.ids import parse_guid

_GUID_OCTETS = 16
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = 2**63 - 1
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.$ ")
_RECOVERY = re.compile(r"(?P<created>[0-9T:+.Z-]{10,40})\{(?P<guid>[0-9A-Fa-f-]{36})\}")
_GENERALIZED = re.compile(r"(\d{14})(?:\.\d{1,9})?Z")
_ESCAPE = re.compile(r"(?P<octets>(?:\\[0-9A-Fa-f]{2})+)|\\(?P<plain>.)", re.DOTALL)


def guid_of(octets: bytes) -> str:
    """The canonical GUID of 16 octets as AD keeps them: the first three fields little-endian (MS-DTYP 2.3.4.2).

    Empty when there are not 16.
    """
    return str(uuid.UUID(bytes_le=octets)) if len(octets) == _GUID_OCTETS else ""


def octets_of(guid: str) -> bytes:
    """The 16 octets of a whole GUID as AD keeps them; raises ValueError when it is none."""
    canonical = parse_guid(guid)
    if canonical is None:
        raise ValueError("not a GUID")
    return uuid.UUID(canonical).bytes_le


def filter_octets(octets: bytes) -> str:
    """Octets as a value of a filter (RFC 4515)."""
    return "".join(f"\\{octet:02x}" for octet in octets)


def filter_text(text: str) -> str:
    """A text as a value of a filter: everything that is not plainly harmless is escaped (RFC 4515)."""
    octets = text.encode("utf-8", "replace")
    return "".join(chr(octet) if octet in _PLAIN else f"\\{octet:02x}" for octet in octets)


def parent(dn: str) -> str:
    """The distinguished name without its first part; empty when it has but one."""
    return dn[len(_first(dn)) + 1 :].lstrip()


def first_value(dn: str) -> str:
    """The value of the first part of a distinguished name, unescaped (RFC 4514)."""
    _, _, value = _first(dn).partition("=")
    return _ESCAPE.sub(_unescaped, value)


def _unescaped(escape: re.Match[str]) -> str:
    octets = escape["octets"]
    return bytes.fromhex(octets.replace("\\", "")).decode("utf-8", "replace") if octets else escape["plain"]


def _first(dn: str) -> str:
    at = 0
    while at < len(dn) and dn[at] != ",":
        at += 2 if dn[at] == "\\" else 1
    return dn[:at]


def recovery_name(name: str) -> tuple[datetime | None, str]:
    """The day and the key ID in the name of a recovery object, `2026-04-15T09:12:00+02:00{GUID}`.

    Either is empty when it cannot be read (MS-ADSC, msFVE-RecoveryInformation).
    """
    found = _RECOVERY.fullmatch(name)
    if found is None:
        return None, ""
    return _moment(found["created"]), parse_guid(found["guid"]) or ""


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def generalized_time(text: str) -> datetime | None:
    """A time such as `20261123084005.0Z` (RFC 4517); None when it cannot be read."""
    found = _GENERALIZED.fullmatch(text)
    try:
        return datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def file_time(ticks: int) -> datetime | None:
    """A FILETIME: tenths of a microsecond since 1601, UTC (MS-DTYP 2.3.3); None for "never" and the impossible."""
    try:
        return _FILETIME_EPOCH + timedelta(microseconds=ticks // 10) if 0 < ticks < _NEVER else None
    except OverflowError:
        return None
