"""Writes small event logs for tests, as the format's description has them. Everything in them is invented.

Format: libyal, "Windows XML Event Log (EVTX)". Values are written as text, without templates, which Windows itself
would use; readers take both.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

CHUNK_SIZE = 65536
_RECORDS_AT = 512
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """A record to write; `data` becomes its EventData."""

    provider: str
    id: int
    data: dict[str, str] = field(default_factory=dict)
    time: str = "2026-04-15T08:00:00.000000Z"
    computer: str = "LAB-PC07"
    channel: str = "System"


def evtx(events: Sequence[Event], *, per_chunk: int = 20, dirty: bool = False, first: int = 1) -> bytes:
    """A log whose records are numbered from `first`."""
    chunks = [_chunk(events[at : at + per_chunk], first + at) for at in range(0, max(len(events), 1), per_chunk)]
    told = 1 if dirty else len(chunks)
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, told - 1, first + len(events), 128, 1, 3, 4096, told)
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", int(dirty), zlib.crc32(head))).ljust(4096, b"\0") + b"".join(chunks)


def _chunk(events: Iterable[Event], first: int) -> bytes:
    body, number, last = b"", first, 0
    for number, event in enumerate(events, first):
        last = _RECORDS_AT + len(body)
        body += _record(event, number, last)
    free = _RECORDS_AT + len(body)
    assert free <= CHUNK_SIZE
    head = struct.pack("<8sQQQQIIII", b"ElfChnk\0", first, number, first, number, 128, last, free, zlib.crc32(body))
    head = head.ljust(128, b"\0")
    checksum = zlib.crc32(head[:120] + bytes(_RECORDS_AT - 128))
    head = head[:124] + struct.pack("<I", checksum)
    return (head.ljust(_RECORDS_AT, b"\0") + body).ljust(CHUNK_SIZE, b"\0")


def _record(event: Event, number: int, at: int) -> bytes:
    content = _Writer(at + 24)
    content.raw(b"\x0f\x01\x01\x00")
    with_attribute = {"SystemTime": event.time}
    system = [
        ("Provider", {"Name": event.provider}, ""),
        ("EventID", {}, str(event.id)),
        ("Level", {}, "4"),
        ("Keywords", {}, "0x8000000000000000"),
        ("TimeCreated", with_attribute, ""),
        ("EventRecordID", {}, str(number)),
        ("Correlation", {}, ""),
        ("Channel", {}, event.channel),
        ("Computer", {}, event.computer),
        ("Security", {}, ""),
    ]
    content.open("Event", {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"})
    content.open("System", {})
    for name, attributes, text in system:
        content.element(name, attributes, text)
    content.raw(b"\x04")
    content.open("EventData", {})
    for name, text in event.data.items():
        content.element("Data", {"Name": name}, text)
    content.raw(b"\x04\x04\x00")
    size = 24 + len(content.data) + 4
    padding = -size % 8
    size += padding
    when = (datetime.fromisoformat(event.time) - _EPOCH) // timedelta(microseconds=1) * 10
    head = struct.pack("<4sIQQ", b"**\0\0", size, number, when)
    return head + content.data + bytes(padding) + struct.pack("<I", size)


class _Writer:
    """Binary XML, where each name says at which place of the chunk it stands."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.data = b""

    def raw(self, data: bytes) -> None:
        self.data += data

    def element(self, name: str, attributes: dict[str, str], text: str) -> None:
        self.open(name, attributes)
        if text:
            self._text(text)
        self.raw(b"\x04")

    def open(self, name: str, attributes: dict[str, str]) -> None:
        self.raw(b"\x41" if attributes else b"\x01")
        self.raw(struct.pack("<I", 0))
        self._name(name)
        if attributes:
            self.raw(struct.pack("<I", 0))
        for place, (attribute, text) in enumerate(attributes.items(), 1):
            self.raw(b"\x46" if place < len(attributes) else b"\x06")
            self._name(attribute)
            self._text(text)
        self.raw(b"\x02")

    def _name(self, name: str) -> None:
        here = self._at + len(self.data) + 4
        wide = name.encode("utf-16-le")
        self.raw(struct.pack("<IIHH", here, 0, 0, len(name)) + wide + b"\0\0")

    def _text(self, text: str) -> None:
        wide = text.encode("utf-16-le")
        self.raw(b"\x05\x01" + struct.pack("<H", len(wide) // 2) + wide)
