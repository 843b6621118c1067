"""Writes small event logs for tests, as the format's description has them. Everything in them is invented.

Format: libyal, "Windows XML Event Log (EVTX)". Values are written as text, without templates, or `templated` as Windows
itself writes them; readers take both.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

CHUNK_SIZE = 65536
_HEADER_SIZE, _RECORDS_AT = 4096, 512
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


def evtx(
    events: Sequence[Event], *, per_chunk: int = 20, dirty: bool = False, first: int = 1, templated: bool = False
) -> bytes:
    """A log whose records are numbered from `first`."""
    starts = range(0, max(len(events), 1), per_chunk)
    chunks = [_chunk(events[at : at + per_chunk], first + at, templated) for at in starts]
    told = 1 if dirty else len(chunks)
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, told - 1, first + len(events), 128, 1, 3, 4096, told)
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", int(dirty), zlib.crc32(head))).ljust(4096, b"\0") + b"".join(chunks)


def with_checksums(data: bytes) -> bytes:
    """The first chunk's checksums made to fit what it holds."""
    changed = bytearray(data)
    if len(data) < _HEADER_SIZE + CHUNK_SIZE:
        return data
    (free,) = struct.unpack_from("<I", data, _HEADER_SIZE + 48)
    struct.pack_into("<I", changed, _HEADER_SIZE + 52, zlib.crc32(changed[_HEADER_SIZE + 512 : _HEADER_SIZE + free]))
    head = bytes(changed[_HEADER_SIZE : _HEADER_SIZE + 120] + changed[_HEADER_SIZE + 128 : _HEADER_SIZE + 512])
    struct.pack_into("<I", changed, _HEADER_SIZE + 124, zlib.crc32(head))
    return bytes(changed)


def _chunk(events: Iterable[Event], first: int, templated: bool) -> bytes:
    body, number, last = b"", first, 0
    defined: dict[str, int] = {}
    for number, event in enumerate(events, first):
        last = _RECORDS_AT + len(body)
        content = _instance(event, number, last + 24, defined) if templated else _plain(event, number, last + 24)
        body += _record(event, number, content)
    free = _RECORDS_AT + len(body)
    assert free <= CHUNK_SIZE
    head = struct.pack("<8sQQQQIIII", b"ElfChnk\0", first, number, first, number, 128, last, free, zlib.crc32(body))
    head = head.ljust(128, b"\0")
    checksum = zlib.crc32(head[:120] + bytes(_RECORDS_AT - 128))
    head = head[:124] + struct.pack("<I", checksum)
    return (head.ljust(_RECORDS_AT, b"\0") + body).ljust(CHUNK_SIZE, b"\0")


def _record(event: Event, number: int, content: bytes) -> bytes:
    size = 24 + len(content) + 4
    padding = -size % 8
    size += padding
    head = struct.pack("<4sIQQ", b"**\0\0", size, number, _filetime(event))
    return head + content + bytes(padding) + struct.pack("<I", size)


def _filetime(event: Event) -> int:
    return (datetime.fromisoformat(event.time) - _EPOCH) // timedelta(microseconds=1) * 10


def _plain(event: Event, number: int, at: int) -> bytes:
    content = _Writer(at)
    content.raw(b"\x0f\x01\x01\x00")
    content.open("Event", {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"})
    content.open("System", {})
    content.element("Provider", {"Name": event.provider}, "")
    content.element("EventID", {}, str(event.id))
    content.element("Level", {}, "4")
    content.element("Keywords", {}, "0x8000000000000000")
    content.element("TimeCreated", {"SystemTime": event.time}, "")
    content.element("EventRecordID", {}, str(number))
    content.element("Correlation", {}, "")
    content.element("Channel", {}, event.channel)
    content.element("Computer", {}, event.computer)
    content.element("Security", {}, "")
    content.raw(b"\x04")
    content.event_data(event)
    content.raw(b"\x04\x00")
    return content.data


def _instance(event: Event, number: int, at: int, defined: dict[str, int]) -> bytes:
    """A template instance; a computer's template is defined where it is first used in the chunk."""
    place = at + 14
    known = defined.setdefault(event.computer, place)
    head = b"\x0f\x01\x01\x00\x0c\x01" + struct.pack("<II", 0x5AFE, known)
    if known == place:
        definition = _definition(event.computer, place + 24)
        head += struct.pack("<I16sI", 0, b"\xfe\x5a".ljust(16, b"\0"), len(definition)) + definition
    values = [
        (4, b"\4"),
        (4, b"\0"),
        (6, bytes(2)),
        (6, struct.pack("<H", event.id)),
        (17, struct.pack("<Q", _filetime(event))),
        (10, struct.pack("<Q", number)),
        (1, event.provider.encode("utf-16-le")),
        (1, event.channel.encode("utf-16-le")),
    ]
    head += struct.pack("<I", len(values) + 1)
    told = b"".join(value for _, value in values)
    data = _Writer(at + len(head) + 4 * (len(values) + 1) + len(told))
    data.raw(b"\x0f\x01\x01\x00")
    data.event_data(event)
    data.raw(b"\x00")
    sizes = [(len(value), kind) for kind, value in values] + [(len(data.data), 0x21)]
    return head + b"".join(struct.pack("<HH", *each) for each in sizes) + told + data.data + b"\x00"


def _definition(computer: str, at: int) -> bytes:
    content = _Writer(at, template=True)
    content.raw(b"\x0f\x01\x01\x00")
    content.open("Event", {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"})
    content.open("System", {})
    content.element("Provider", {"Name": (6, 1)}, "")
    content.element("EventID", {}, (3, 6))
    content.element("Level", {}, (0, 4))
    content.element("TimeCreated", {"SystemTime": (4, 17)}, "")
    content.element("EventRecordID", {}, (5, 10))
    content.element("Channel", {}, (7, 1))
    content.element("Computer", {}, computer)
    content.raw(b"\x04")
    content.value((8, 0x21))
    content.raw(b"\x04\x00")
    return content.data


_Value = str | tuple[int, int]
"""A text, or the number and type of a value of the instance."""


class _Writer:
    """Binary XML, where each name says where in the chunk it stands; elements of templates have one more number."""

    def __init__(self, at: int, template: bool = False) -> None:
        self._at = at
        self._template = template
        self.data = b""

    def raw(self, data: bytes) -> None:
        self.data += data

    def event_data(self, event: Event) -> None:
        self.open("EventData", {})
        for name, text in event.data.items():
            self.element("Data", {"Name": name}, text)
        self.raw(b"\x04")

    def element(self, name: str, attributes: Mapping[str, _Value], text: _Value) -> None:
        self.open(name, attributes)
        if text:
            self.value(text)
        self.raw(b"\x04")

    def open(self, name: str, attributes: Mapping[str, _Value]) -> None:
        self.raw(b"\x41" if attributes else b"\x01")
        self.raw(b"\xff\xff" if self._template else b"")
        self.raw(struct.pack("<I", 0))
        self._name(name)
        if attributes:
            self.raw(struct.pack("<I", 0))
        for place, (attribute, text) in enumerate(attributes.items(), 1):
            self.raw(b"\x46" if place < len(attributes) else b"\x06")
            self._name(attribute)
            self.value(text)
        self.raw(b"\x02")

    def _name(self, name: str) -> None:
        here = self._at + len(self.data) + 4
        wide = name.encode("utf-16-le")
        self.raw(struct.pack("<IIHH", here, 0, 0, len(name)) + wide + b"\0\0")

    def value(self, text: _Value) -> None:
        """A text as it stands, or the place of a value."""
        if not isinstance(text, str):
            self.raw(b"\x0d" + struct.pack("<HB", *text))
            return
        wide = text.encode("utf-16-le")
        self.raw(b"\x05\x01" + struct.pack("<H", len(wide) // 2) + wide)
