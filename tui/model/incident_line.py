"""An incident as one line: how a queue of a hundred thousand fits into memory, and how the cache keeps it.

Lines sort as the queue stands: open before closed, urgent before less urgent, oldest first. What a filter looks at is
the line's tail. The ticket's text is not in it: the line holds the text's digest, so that lines of the same incident
are equal exactly when the incidents are.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple, NewType, cast, get_args

from tui.model.cause import UNKNOWN_CAUSE, Cause, CauseCode, Confidence
from tui.model.incident import Incident, IncidentState, Recurrence, Ticket, TicketReading

Line = NewType("Line", str)

_FIELD, _ITEM, _TAIL = "\x1f", "\x1e", "\x1d"
"""Separators; `tui.text` lets none of them in, and no word of a filter can hold one."""

_START, _TICK = datetime(1, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_STATES = {state.value: state for state in IncidentState}
_CAUSES = {code.value: code for code in CauseCode}
_CONFIDENCES = {level.value: level for level in Confidence}
_BITLOCKER: dict[bool | None, str] = {None: "", True: "y", False: "n"}
_IS_BITLOCKER = {word: value for value, word in _BITLOCKER.items()}
_TIME_DIGITS = 15
"""Hexadecimal digits of microseconds since the year 1; enough until the year 9999."""

_ANY, _TIME, _NUMBER = r"[^\x1d\x1f]*", r"(?:[0-3][0-9a-f]|4[0-6])[0-9a-f]{13}", r"(?:\d{1,9})?"
_HEAD = (
    rf"[01]\d\d{_TIME}",
    _ANY,
    f"(?:={_ANY})?",
    "(?:-?[0-9a-f]{1,15})?",
    rf"(?:{_TIME})?",
    r"(?:[0-9a-f]{16})?",
    "[yn]?",
    f"(?:{'|'.join(get_args(Recurrence))})?",
    _NUMBER,
    _NUMBER,
    f"(?:={_ANY})?",
    f"(?:{'|'.join(Confidence)})?",
    _ANY,
    _ANY,
)
_STATE, _CODE = f"(?:{'|'.join(IncidentState)})", f"(?:{'|'.join(CauseCode)})"
_TAIL_FIELDS = (_ANY, _ANY, _ANY, _ANY, _STATE, _ANY, _ANY, _ANY, r"p-?\d{1,9}(?: vip)?", _CODE, _ANY, _ANY, _ANY, _ANY)


@cache
def _shape() -> re.Pattern[str]:
    # Not at import: the first frame reads lines, and the pattern takes longer than the lines that it shows.
    return re.compile(r"\x1d".join(r"\x1f".join(fields) for fields in (_HEAD, _TAIL_FIELDS)))


def line_of(incident: Incident) -> Line:
    """An incident's line. Raises `TypeError` for a time without a zone."""
    ticket, reading = incident.ticket, incident.reading
    cause = reading.cause
    opened = _stamp(ticket.opened_at)
    head = (
        f"{int(ticket.state is IncidentState.CLOSED)}{min(max(ticket.priority, 0), 99):02}{opened}",
        incident.id,
        "" if incident.id == f"{incident.source}:{ticket.key}" else f"={ticket.key}",
        "" if ticket.updated_at == ticket.opened_at else f"{(ticket.updated_at - ticket.opened_at) // _TICK:x}",
        _stamp(ticket.due_at) if ticket.due_at is not None else "",
        text_digest(ticket),
        _BITLOCKER[reading.bitlocker],
        "" if reading.recurrence == "unknown" else reading.recurrence,
        str(reading.passwords_removed) if reading.passwords_removed else "",
        "" if cause.pcr is None else str(cause.pcr),
        "" if cause.event is None else f"={cause.event}",
        "" if cause.confidence is Confidence.NONE else cause.confidence,
        _items(cause.because),
        _items(cause.missing),
    )
    tail = (
        ticket.number,
        ticket.title,
        ticket.caller,
        ticket.device_name,
        ticket.state,
        ticket.assignee,
        ticket.parent,
        incident.source,
        f"p{ticket.priority}{' vip' if ticket.vip else ''}",
        cause.code,
        _items(reading.kbs),
        _items(reading.key_id_prefixes),
        _items(reading.error_codes),
        _items(reading.devices),
    )
    line = f"{_FIELD.join(head)}{_TAIL}{_FIELD.join(tail)}"
    if line.count(_FIELD) != len(_HEAD) + len(_TAIL_FIELDS) - 2 or line.count(_TAIL) != 1:
        return cast(Line, _TAIL.join(_FIELD.join(map(_blanked, fields)) for fields in (head, tail)))
    return cast(Line, line)


def incident_in(line: Line) -> Incident:
    """The incident of a line, without its ticket's text. Raises `ValueError` when that is no line."""
    head, _, tail = line.partition(_TAIL)
    place, name, key, updated, due, digest, bitlocker, recurrence, removed, *cause = head.split(_FIELD)
    number, title, caller, device, state, assignee, parent, source, rank, code, *read = tail.split(_FIELD)
    kbs, prefixes, codes, devices = map(_list, read)
    opened = _moment(place[3:])
    priority, _, vip = rank[1:].partition(" ")
    try:
        ticket = Ticket(
            key[1:] if key else name[len(source) + 1 :],
            number,
            title,
            "",
            caller,
            device,
            _STATES[state],
            int(priority),
            assignee,
            bool(vip),
            opened,
            opened + timedelta(0, 0, int(updated, 16)) if updated else opened,
            _moment(due) if due else None,
            parent,
            digest,
        )
        reading = TicketReading(
            prefixes,
            kbs,
            codes,
            devices,
            _cause(code, cause),
            _IS_BITLOCKER[bitlocker],
            cast(Recurrence, recurrence or "unknown"),
            int(removed or 0),
        )
    except (KeyError, OverflowError) as error:
        raise ValueError(f"no line of an incident: {error}") from error
    return Incident(name, source, ticket, reading)


def checked(line: object) -> Line:
    """A line from outside, without reading it; raises `ValueError` when it is none."""
    if not isinstance(line, str) or _shape().fullmatch(line) is None:
        raise ValueError("no line of an incident")
    return cast(Line, line)


seen_in = lru_cache(maxsize=256)(incident_in)
"""`incident_in` for what is looked at again and again, such as the rows of a screen."""


def id_in(line: Line) -> str:
    """The incident's id."""
    return line.split(_FIELD, 2)[1]


def opened_in(line: Line) -> datetime:
    """When the ticket was opened."""
    return _moment(line[PLACE_OF_TIME])


def is_open(line: Line) -> bool:
    """The ticket is not closed."""
    return line[0] == "0"


PLACE_OF_PRIORITY, PLACE_OF_TIME = slice(1, 3), slice(3, 3 + _TIME_DIGITS)
"""Where a line has the ticket's priority and its time, in characters that sort as they do."""

_TAIL_NAMES = (
    *("number", "title", "caller", "device_name", "state", "assignee", "parent", "source", "rank", "cause"),
    *("kbs", "key_id_prefixes", "error_codes", "devices"),
)
_PLACES = {name: place for place, name in enumerate(_TAIL_NAMES)}


def field_in(line: Line, name: str) -> str:
    """One of the fields that a filter looks at, as it stands in the line: far quicker than reading the whole line."""
    place = _PLACES[name]
    if place < len(_TAIL_NAMES) // 2:
        return line[line.index(_TAIL) + 1 :].split(_FIELD, place + 1)[place]
    return line.rsplit(_FIELD, len(_TAIL_NAMES) - place)[1]


def due_in(line: Line) -> str:
    """When the ticket's own system wants it solved, written as at `PLACE_OF_TIME`; empty: it says nothing."""
    return line.split(_FIELD, 5)[4]


class Named(NamedTuple):
    """What an incident is called by."""

    number: str
    title: str
    caller: str
    device_name: str


def named_in(line: Line) -> Named:
    """What the incident is called by: far quicker than reading the whole line."""
    return Named(*line[line.index(_TAIL) + 1 :].split(_FIELD, 4)[:4])


def assignee_in(line: Line) -> str:
    """Who holds the ticket."""
    return field_in(line, "assignee")


def words_in(line: Line) -> str:
    """What a filter looks at, lower case: what the queue shows, and what was read out of the text."""
    return line[line.index(_TAIL) :].lower()


def text_digest(ticket: Ticket) -> str:
    """Sixteen hexadecimal digits that tell texts apart; empty for none."""
    if ticket.kept_text or not ticket.body:
        return ticket.kept_text
    from hashlib import blake2b

    return blake2b(ticket.body.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def _blanked(field: str) -> str:
    """What came past the door for untrusted text must not break the line."""
    return field.replace(_FIELD, " ").replace(_TAIL, " ")


def _stamp(moment: datetime) -> str:
    since = moment - _START
    return f"{(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds:0{_TIME_DIGITS}x}"


def _moment(stamp: str) -> datetime:
    try:
        return _START + timedelta(0, 0, int(stamp, 16))
    except OverflowError as error:
        raise ValueError(f"no time: {stamp}") from error


def _items(values: Iterable[str]) -> str:
    return "".join([f"{value}{_ITEM}" for value in values])


def _list(items: str) -> tuple[str, ...]:
    return tuple(items.split(_ITEM)[:-1]) if items else ()


def _cause(code: str, rest: list[str]) -> Cause:
    pcr, event, confidence, because, missing = rest
    if code == UNKNOWN_CAUSE.code and not any(rest):
        return UNKNOWN_CAUSE
    return Cause(
        _CAUSES[code],
        int(pcr) if pcr else None,
        event[1:] if event else None,
        _CONFIDENCES[confidence] if confidence else Confidence.NONE,
        _list(because),
        _list(missing),
    )
