"""Reading .evtx: every record is counted, few are decoded.

A log of 100 MB has a quarter of a million records, and the Rust reader spends 1.5 microseconds on each. So a record is
only looked at as text: its head (provider and id) is the same for whole runs of records, and is decoded once.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO

import msgspec
from evtx import PyEvtxParser

from tui.diagnosis.events.checked_file import CHUNK_MAGIC, CHUNK_SIZE, HEADER_SIZE, CheckedFile
from tui.diagnosis.events.condensed_chunk import Hidden, condense
from tui.diagnosis.events.meanings import is_wanted
from tui.text import clean, clean_line

FILE_MAGIC = b"ElfFile\0"

_HEAD_START = len('{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},')
_HEAD_START += len('"System":{"Provider":{"#attributes":{"Name":"')
# Behind the provider's closing braces: room for the id with its qualifiers, and none for the time of the record.
_ID_ROOM = 72
_OPENING_END = _HEAD_START + 28
"""Records that begin alike up to here are of one provider, and so have heads of one length, mostly."""
_COMPUTER = '"Computer":"'
_COMPUTER_FROM = 200
_DIGITS = 6
_NOTHING = "\0"
_LATEST = "~"
_MOST_ERRORS = 1_000_000
_LONGEST_ID = 10


@dataclass(frozen=True, slots=True)
class Header:
    """The file header, and the chunks that are really there: a file copied from a running system counts too few."""

    dirty: bool
    chunks_told: int
    chunks_found: int


@dataclass(frozen=True, slots=True)
class Record:
    """A decoded record. `number` is its place in the log, which a wrong clock does not change."""

    number: int
    provider: str
    id: int
    time: str
    data: dict[str, Any]


class _Names(msgspec.Struct):
    Name: str = ""
    EventSourceName: str = ""
    SystemTime: str = ""


class _Attributed(msgspec.Struct):
    attributes: _Names = msgspec.field(name="#attributes")


class _Qualified(msgspec.Struct):
    text: int | str = msgspec.field(name="#text")


class _System(msgspec.Struct):
    EventID: int | str | _Qualified
    Provider: _Attributed | None = None
    TimeCreated: _Attributed | None = None
    Channel: str | None = None

    @property
    def provider(self) -> str:
        names = self.Provider.attributes if self.Provider else _Names()
        return names.Name or names.EventSourceName

    @property
    def id(self) -> int:
        told = self.EventID.text if isinstance(self.EventID, _Qualified) else self.EventID
        if isinstance(told, str):
            return int(told) if told.isdecimal() and len(told) < _LONGEST_ID else -1
        return told

    @property
    def time(self) -> str:
        return self.TimeCreated.attributes.SystemTime if self.TimeCreated else ""


class _Event(msgspec.Struct):
    System: _System
    EventData: Any = None
    UserData: Any = None


class _Envelope(msgspec.Struct):
    Event: _Event


_DECODER = msgspec.json.Decoder(_Envelope)


def _decode(text: str) -> _Event | None:
    try:
        return _DECODER.decode(text).Event
    except (msgspec.DecodeError, RecursionError):
        return None


@dataclass(slots=True)
class _Kind:
    """Records of one provider and id. Where all begin alike, `head` is how, and `end` where it ends."""

    label: str
    wanted: bool = False
    head: str = _NOTHING
    end: int = 0
    count: int = 0
    computer_at: int = 0


@dataclass(slots=True)
class Tally:
    """What was counted while the records went by. Times are the record headers' own, up to seven decimals."""

    unreadable: int = 0
    first: str = ""
    last: str = ""
    named: Counter[str] = field(default_factory=Counter)
    channels: set[str] = field(default_factory=set)
    kinds: dict[str, _Kind] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    hidden: Hidden = field(default_factory=Hidden)

    @property
    def labels(self) -> Counter[str]:
        """Records by `provider/id`, in the order in which they first appeared."""
        counts: Counter[str] = Counter()
        for kind in self.kinds.values():
            counts[kind.label] += kind.count
        return counts

    @property
    def computers(self) -> dict[str, int]:
        """Records by the computer that wrote them."""
        told = ((name[len(_COMPUTER) : -1], count) for name, count in self.named.items() if count)
        return {clean_line(name): count for name, count in told if name}


def read_header(file: BinaryIO) -> Header | None:
    """The header of an event log; None when the file is none."""
    file.seek(0)
    head = file.read(HEADER_SIZE)
    if not head.startswith(FILE_MAGIC) or len(head) < HEADER_SIZE:
        return None
    size = file.seek(0, 2)
    found = 0
    for at in range(HEADER_SIZE, size - CHUNK_SIZE + 1, CHUNK_SIZE):
        file.seek(at)
        found += file.read(len(CHUNK_MAGIC)) == CHUNK_MAGIC
    file.seek(0)
    return Header(bool(head[120] & 1), int.from_bytes(head[42:44], "little"), found)


def records(file: BinaryIO, tally: Tally) -> Iterator[Record]:
    """The decoded records that matter; all are counted in `tally`, which is complete when the iterator is exhausted."""
    for number, text in _wanted(file, tally):
        event = _decode(text)
        if event is None:
            tally.unreadable += 1
        else:
            yield _record(number, event, text)


def _wanted(file: BinaryIO, tally: Tally) -> Iterator[tuple[int, str]]:
    # Most records repeat the kind and the computer of the one before, and comparing slices is the cheapest way to see.
    hidden = tally.hidden
    by_number = hidden.by_number
    stream = _stream(file, hidden)
    kinds, ends, kind = tally.kinds, tally.ends, _Kind("")
    head = computer = _NOTHING
    run = named = at = end = till = 0
    first, last, stamp = _LATEST, "", ""
    while tally.unreadable < _MOST_ERRORS:
        try:
            for record in stream:
                text = record["data"]
                stands_for = 1 + by_number.pop(record["event_record_id"], 0) if by_number else 1
                if text[_HEAD_START:end] == head:
                    run += stands_for
                else:
                    kind.count += run
                    kind.computer_at = at
                    run = stands_for
                    known = kinds.get(text[_HEAD_START : ends.get(text[_HEAD_START:_OPENING_END], 0)])
                    kind = known or _kind(text, tally)
                    head, end, at = kind.head, kind.end, kind.computer_at
                    till = at + len(computer)
                    if kind.wanted:
                        yield record["event_record_id"], text
                stamp = record["timestamp"]
                if stamp > last:
                    last = stamp
                elif stamp < first and utc(stamp) < utc(first):
                    first = stamp
                if text[at:till] != computer:
                    # Numbers before it have more digits, or fewer; else it is looked for from the start.
                    at = text.find(computer, at - _DIGITS, till + _DIGITS)
                    if at < 0:
                        at, name = _computer(text)
                        if name != computer:
                            tally.named[computer] += named
                            named = 0
                            first = min(first, stamp, key=utc)
                            computer = name
                    till = at + len(computer)
                named += stands_for
            break
        except RuntimeError:
            tally.unreadable += 1
    kind.count += run
    tally.named[computer] += named
    tally.unreadable += sum(by_number.values())
    tally.first = min(first, hidden.first_stamp or _LATEST, key=utc) if stamp else ""
    tally.last = max(last, stamp, hidden.last_stamp, key=utc)


def _computer(text: str) -> tuple[int, str]:
    """Where a record names its computer, and how, with the name of the field; its beginning when it names none."""
    at = text.find(_COMPUTER, _COMPUTER_FROM)
    return (at, text[at : text.find('"', at + len(_COMPUTER)) + 1]) if at >= 0 else (0, text[:1])


def _stream(file: BinaryIO, hidden: Hidden) -> Iterator[dict[str, Any]]:
    # A stream that has raised goes on with the next record, which a generator around it could not.
    parser: Any = PyEvtxParser(CheckedFile(file, partial(condense, hidden=hidden)))
    stream: Iterator[dict[str, Any]] = parser.records_json()
    return stream


def utc(stamp: str) -> str:
    """A record header's time (`2022-10-31T03:30:34.7821623Z UTC`, zeros cut off) as ISO 8601 with microseconds."""
    whole, _, rest = stamp.partition(".")
    return f"{whole.split('Z')[0]}.{rest.split('Z')[0]:0<6.6}Z" if stamp else ""


def _kind(text: str, tally: Tally) -> _Kind:
    head = text[_HEAD_START : text.find("}},", _HEAD_START) + _ID_ROOM]
    tally.ends[text[_HEAD_START:_OPENING_END]] = _HEAD_START + len(head)
    return tally.kinds.get(head) or _new_kind(head, text, tally)


def _new_kind(head: str, text: str, tally: Tally) -> _Kind:
    event = _decode(text)
    if event is None:
        tally.unreadable += 1
        return _Kind("")
    system = event.System
    tally.channels.add(clean_line(system.Channel or ""))
    # Only a head that holds the name and the whole id stands for all records that begin with it.
    told = head.startswith(f'{system.provider}"') and re.search(rf'"(?:EventID|#text)":"?{system.id}\D', head)
    wanted = is_wanted(system.provider, system.id)
    kind = _Kind(f"{clean_line(system.provider)}/{system.id}", wanted)
    if told and not wanted:
        kind.head, kind.end = head, _HEAD_START + len(head)
    return tally.kinds.setdefault(head if told else kind.label, kind)


def _record(number: int, event: _Event, text: str) -> Record:
    body = event.EventData
    if body is None and isinstance(event.UserData, dict):
        body = next((part for part in event.UserData.values() if isinstance(part, dict)), None)
    fields = body if isinstance(body, dict) else {}
    fields.pop("#attributes", None)
    system = event.System
    record = Record(number, system.provider, system.id, system.time, fields)
    # Nothing can hide in printable ASCII without escapes, and most records are that.
    return record if text.isascii() and text.isprintable() and "\\" not in text else _cleaned(record)


def _cleaned(record: Record) -> Record:
    return replace(record, provider=_clean(record.provider), time=_clean(record.time), data=_clean(record.data))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # Sealed logs are long hexadecimal text, which the door for untrusted text would cut.
        return value if value.isascii() and value.isprintable() else clean(value, len(value))
    if isinstance(value, dict):
        return {_clean(key): _clean(part) for key, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, list) else value
