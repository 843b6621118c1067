"""From a system's record to a ticket, by the JMESPath expressions of its profile."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jmespath

from tui.diagnosis.redact import redact
from tui.model.incident import IncidentState, Ticket
from tui.sources.tickets.profile import Fields, Profile, Times
from tui.text import clean, clean_line

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_YES = {"true", "yes", "1", "vip"}
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")

Search = Callable[[Any], Any]


def compiled(expression: str) -> Search:
    """A JMESPath expression as a function; what does not fit its types gives None. Raises `ValueError`."""
    try:
        parsed = jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"{expression!r} is no JMESPath expression: {error}") from None

    def search(value: Any) -> Any:
        try:
            return parsed.search(value)
        except (jmespath.exceptions.JMESPathError, RecursionError, TypeError, ValueError, AttributeError):
            return None

    return search


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a ticket: the name to show, all names it goes by there (case-folded), and the id."""

    name: str
    names: frozenset[str]
    id: str = ""


class Clockwork:
    """A system's way of writing times."""

    def __init__(self, times: Times) -> None:
        self._format = times.format
        self._ask = times.ask_format or times.format
        self._zone = _zone(times.zone)

    def moment(self, value: Any) -> datetime | None:
        """The time in UTC; None when it is none, or the year 1970, which some systems write for never."""
        try:
            found = self._parsed(value)
        except (ValueError, OverflowError, OSError):
            return None
        if found is None:
            return None
        try:
            found = (found if found.tzinfo else found.replace(tzinfo=self._zone)).astimezone(UTC)
        except OverflowError:
            return None
        return found if found.year > 1970 else None

    def written(self, moment: datetime) -> str:
        """The time as a query wants it; what the format cannot say is cut off, never rounded up."""
        if self._ask == "iso":
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._ask == "epoch":
            return str(int(moment.timestamp()))
        return moment.astimezone(self._zone).strftime(self._ask)

    def _parsed(self, value: Any) -> datetime | None:
        if self._format == "epoch" and isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if not isinstance(value, str) or not value or len(value) > 64:
            return None
        if self._format in ("iso", "epoch"):
            return datetime.fromisoformat(_OFFSET.sub(r"\1:\2", value))
        return datetime.strptime(value, self._format)  # noqa: DTZ007 - the zone is the profile's


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone: {error}") from None


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of a list: its key, when it changed (None when it does not say), and itself."""

    key: str
    changed: datetime | None
    record: dict[str, Any]


class Reader:
    """A profile's fields, ready to read records with. Raises `ValueError` when an expression is none."""

    def __init__(self, profile: Profile) -> None:
        self.times = Clockwork(profile.time)
        self._paths = {name: _each(getattr(profile.ticket, name)) for name in Fields.__struct_fields__}
        self._states = {word: IncidentState(name) for name, state in profile.states.items() for word in state.reads}
        self._priorities = profile.priorities
        self._nobody = {name.casefold() for name in profile.nobody}

    def seen(self, records: Sequence[Any]) -> list[Seen]:
        """The records that have a key."""
        found = [(self._text("key", each), each) for each in records if isinstance(each, dict)]
        return [Seen(key, self.changed(each), each) for key, each in found if key]

    def changed(self, record: Any) -> datetime | None:
        """When the record changed."""
        return next(
            (found for value in self._values("updated_at", record) if (found := self.times.moment(value))), None
        )

    def stamp(self, record: Any) -> str:
        """When it changed, as the system itself writes it: for those that compare it before they write."""
        return self._text("updated_at", record)

    def state_word(self, record: Any) -> str:
        """The state as the system calls it."""
        return self._text("state", record)

    def holder(self, record: Any) -> Holder:
        """Who holds the ticket; an empty name when nobody does."""
        names = [text for value in self._values("assignee", record) if (text := _line(value))]
        if any(name.casefold() in self._nobody for name in names):
            names = []
        return Holder(
            names[0] if names else "",
            frozenset(name.casefold() for name in names),
            self._text("assignee_id", record) if names else "",
        )

    def ticket(self, record: Any, shown: str = "", body: str = "") -> Ticket | None:
        """The record as a ticket, its holder shown as `shown`; None without a key."""
        key = self._text("key", record)
        if not key:
            return None
        holder = shown or self.holder(record).name
        state = self._states.get(self._text("state", record), IncidentState.NEW)
        if state is IncidentState.NEW and holder:
            state = IncidentState.CLAIMED
        opened = self._moment("opened_at", record) or LONG_AGO
        return Ticket(
            key=key,
            number=self._text("number", record) or key,
            title=kept_text(self._text("title", record)),
            body=kept_text(body or next((each for each in self._values("body", record) if isinstance(each, str)), "")),
            caller=self._text("caller", record),
            device_name=self._text("device_name", record),
            state=state,
            priority=self._priority(self._text("priority", record)),
            assignee=holder,
            vip=any(value is True or _line(value).lower() in _YES for value in self._values("vip", record)),
            opened_at=opened,
            updated_at=max(self.changed(record) or LONG_AGO, opened),
            due_at=self._moment("due_at", record),
            parent=self._text("parent", record),
        )

    def _values(self, name: str, record: Any) -> Iterator[Any]:
        return (search(record) for search in self._paths[name])

    def _text(self, name: str, record: Any) -> str:
        return next((text for value in self._values(name, record) if (text := _line(value))), "")

    def _moment(self, name: str, record: Any) -> datetime | None:
        return next((found for value in self._values(name, record) if (found := self.times.moment(value))), None)

    def _priority(self, text: str) -> int:
        return priority_of(self._priorities, text)


def kept_text(text: str) -> str:
    """What a ticket says, without what may hide in it: control characters, and recovery passwords that people paste."""
    return redact(clean(text))[0]


def priority_of(priorities: dict[str, int], text: str) -> int:
    """The priority for a word; keys such as `>=80` are limits, tried in the order in which they stand."""
    if text in priorities:
        return priorities[text]
    number = float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else None
    limits = [(float(key[2:]), value) for key, value in priorities.items() if key.startswith(">=")]
    return next((value for least, value in limits if number is not None and number >= least), 5)


def _each(expressions: Sequence[str]) -> tuple[Search, ...]:
    return tuple(map(compiled, expressions))


def _line(value: Any) -> str:
    if isinstance(value, str):
        return clean_line(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30 else ""
