"""A chunk of an event log without the records that only repeat what others of it tell.

A chunk defines each template once, and a record names the definition that it is an instance of (libyal, "Windows XML
Event Log (EVTX)", template instance). Level, opcode, task and event id come first among the values of the instance;
provider, channel and computer are texts, in the definition or among the values. So records of one definition with the
same of those are of one kind, and to know the kind it takes one of them. The others are hidden from the reader: a
record that stays is made as long as itself and what is hidden behind it.
"""

import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise

from tui.diagnosis.events.meanings import meanings

HEADER_SIZE = 512

_EPOCH = datetime(1601, 1, 1)  # noqa: DTZ001 - times of records are UTC throughout
_LATEST = 1 << 64
_END_OF_TIME = 2_650_467_744_000_000_000
"""The year 10,000, which dates do not reach."""
_U32 = struct.Struct("<I")
_FREE_AT, _RECORDS_SUM_AT, _HEADER_SUM_AT = 48, 52, 124
_RECORD = struct.Struct("<4sI8xQ6s4xI")
"""Magic number, size, time, the begin of a template instance, and where its definition stands."""
_SIZE_AT, _NUMBER_AT = 4, 8
_NUMBER = struct.Struct("<Q")
_MAGIC = b"**\0\0"
_INSTANCE = bytes.fromhex("0f0101000c01")
_DEFINITION_SIZE_AT, _DEFINITION_DATA_AT = 20, 24
_SYSTEM = struct.pack("<8H", 1, 4, 1, 4, 2, 6, 2, 6)
"""Sizes and types of the first four values: level and opcode as UInt8, task and event id as UInt16."""
_SYSTEM_SIZE, _ID_AT = 6, 4
_MOST_VALUES = 64
_TEXT_TYPES = frozenset((0x01, 0x02, 0x81, 0x82))
_SHAPES = 4_096
_DECODED_PROVIDERS = tuple(name.encode("utf-16-le") for name in ("BitLocker", "TPM"))
"""All records of these are decoded."""


_Kind = tuple[int, bytes, bytes]
"""The definition's place, level to event id, and the texts among the values."""


@dataclass(slots=True)
class Hidden:
    """What was hidden: how many records behind the number of the one that stays for them, and their times.

    Times are in 100 nanoseconds since 1601.
    """

    by_number: dict[int, int] = field(default_factory=dict)
    first: int = _LATEST
    last: int = 0

    @property
    def first_stamp(self) -> str:
        """The earliest time as the reader writes times; empty when nothing was hidden."""
        return _stamp(self.first) if self.last else ""

    @property
    def last_stamp(self) -> str:
        """The latest time."""
        return _stamp(self.last) if self.last else ""

    def add(self, repeated: list[tuple[int, list[int]]]) -> bool:
        """Count records, by their times, to the number of the one that stays; refused where that is used twice."""
        counts = {number: len(times) for number, times in repeated}
        if not counts or len(counts) < len(repeated) or not self.by_number.keys().isdisjoint(counts):
            return False
        self.by_number |= counts
        self.first = min(self.first, *(min(times) for _, times in repeated))
        self.last = max(self.last, *(max(times) for _, times in repeated))
        return True


def condense(chunk: bytes, hidden: Hidden) -> bytes:
    """The chunk without records that repeat a kind; as it is when its checksums do not hold."""
    if not _is_whole(chunk):
        return chunk
    stays, kinds, end = _sort_out(chunk)
    repeated = [(_number(chunk, place), times) for place, times in kinds if times]
    if end != _u32(chunk, _FREE_AT) or not hidden.add(repeated):
        return chunk
    changed = bytearray(chunk)
    for at, following in pairwise([*stays, end]):
        _U32.pack_into(changed, at + _SIZE_AT, following - at)
    return bytes(changed)


def _is_whole(chunk: bytes) -> bool:
    """Both checksums hold, so that the records are as Windows wrote them."""
    free = _u32(chunk, _FREE_AT)
    return (
        HEADER_SIZE <= free <= len(chunk)
        and zlib.crc32(chunk[HEADER_SIZE:free]) == _u32(chunk, _RECORDS_SUM_AT)
        and zlib.crc32(chunk[:120] + chunk[128:HEADER_SIZE]) == _u32(chunk, _HEADER_SUM_AT)
    )


def _sort_out(chunk: bytes) -> tuple[list[int], list[tuple[int, list[int]]], int]:
    """Places of the records that stay, what each stands for (its place, and times of the others), where all end."""
    at, free, unpack = HEADER_SIZE, _u32(chunk, _FREE_AT), _RECORD.unpack_from
    stays: list[int] = []
    kinds: dict[_Kind, tuple[int, list[int]]] = {}
    while at + _RECORD.size <= free:
        magic, size, time, instance, definition = unpack(chunk, at)
        if magic != _MAGIC or size < _RECORD.size or at + size > free:
            break
        told = at + _RECORD.size
        if definition == told and told + _DEFINITION_DATA_AT < free:
            told += _DEFINITION_DATA_AT + _u32(chunk, definition + _DEFINITION_SIZE_AT)
        place, at = at, at + size
        shape = None
        if told < at and instance == _INSTANCE:
            values = told + 4 + 4 * chunk[told]
            # The last value is the event's own data, whose size differs from record to record.
            shape = _shape(chunk[told + 4 : values - 4])
        if shape is None or values + shape[1] > at or time >= _END_OF_TIME:
            stays.append(place)
            continue
        texts = chunk[values + shape[0] : values + shape[1]]
        kind = definition, chunk[values : values + _SYSTEM_SIZE], texts
        if kind in kinds:
            kinds[kind][1].append(time)
        else:
            stays.append(place)
            if not _is_decoded(chunk, kind):
                kinds[kind] = place, []
    return stays, list(kinds.values()), at


@lru_cache(_SHAPES)
def _shape(descriptors: bytes) -> tuple[int, int] | None:
    """From where to where the texts among the values lie; None when the values are not those of an event."""
    if not descriptors.startswith(_SYSTEM) or len(descriptors) > 4 * _MOST_VALUES:
        return None
    at, first, last = 0, 0, 0
    for size, kind in struct.iter_unpack("<HH", descriptors):
        if kind in _TEXT_TYPES:
            first, last = first or at, at + size
        at += size
    return first, max(last, first)


def _is_decoded(chunk: bytes, kind: _Kind) -> bool:
    """Whether records of a kind are decoded, or may be."""
    definition, system, texts = kind
    if system[_ID_AT:] in _decoded_ids():
        return True
    if not texts:
        start = definition + _DEFINITION_DATA_AT
        if start > len(chunk):
            return True
        texts = chunk[start : start + _u32(chunk, definition + _DEFINITION_SIZE_AT)]
    return any(name in texts for name in _DECODED_PROVIDERS)


@cache
def _decoded_ids() -> frozenset[bytes]:
    """Event ids of which some provider's records are decoded."""
    return frozenset(number.to_bytes(2, "little") for _, number in meanings() if number < 1 << 16)


def _number(chunk: bytes, at: int) -> int:
    return int(_NUMBER.unpack_from(chunk, at + _NUMBER_AT)[0])


def _u32(chunk: bytes, at: int) -> int:
    return int(_U32.unpack_from(chunk, at)[0])


def _stamp(time: int) -> str:
    seconds, rest = divmod(time, 10_000_000)
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}.{rest:07}Z"
