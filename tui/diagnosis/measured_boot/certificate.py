"""The subject's common name of an X.509 certificate, read leniently.

Firmware holds certificates that strict readers refuse (negative serial numbers, wrong time forms), and only the name
is needed. Layout: RFC 5280, section 4.1; ITU-T X.690 for DER.
"""

from tui.text import clean_line

_SEQUENCE = 0x30
_SET = 0x31
_OID = 0x06
_VERSION = 0xA0
_COMMON_NAME = bytes.fromhex("550403")
_WIDE = 0x1E
_MAX_MEMBERS = 64


def common_name(der: bytes) -> str | None:
    """The subject's last common name; None when the bytes are no certificate or name none."""
    fields = _members(_inside(_inside(der, _SEQUENCE), _SEQUENCE))
    if fields and fields[0][0] == _VERSION:
        fields = fields[1:]
    # serial number, signature algorithm, issuer, validity, subject
    if len(fields) < 5 or fields[4][0] != _SEQUENCE:
        return None
    names = [
        _text(value_tag, value)
        for tag, part in _members(fields[4][1])
        if tag == _SET
        for pair_tag, pair in _members(part)
        if pair_tag == _SEQUENCE
        for oid, (value_tag, value) in _pair(pair)
        if oid == _COMMON_NAME
    ]
    return names[-1] if names else None


def _pair(data: bytes) -> list[tuple[bytes, tuple[int, bytes]]]:
    parts = _members(data)
    return [(parts[0][1], parts[1])] if len(parts) == 2 and parts[0][0] == _OID else []


def _inside(data: bytes, tag: int) -> bytes:
    first = _element(data, 0)
    return first[1] if first and first[0] == tag else b""


def _members(data: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while len(found) < _MAX_MEMBERS and (element := _element(data, at)):
        tag, value, at = element
        found.append((tag, value))
    return found


def _element(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    if at + 2 > len(data):
        return None
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            return None
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + length > len(data):
        return None
    return tag, data[start : start + length], start + length


def _text(tag: int, value: bytes) -> str:
    return clean_line(value.decode("utf-16-be" if tag == _WIDE else "utf-8", "replace"))
