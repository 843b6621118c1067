"""What the disclosure policy is made of, for the config that sets it and the services that keep it."""

import re
from datetime import datetime, time, tzinfo
from enum import StrEnum

import msgspec

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = "always"
_HOURS = r"(\S+) (\d\d:\d\d)-(\d\d:\d\d)"


class Trigger(StrEnum):
    """What asks for a second person; the words of the config."""

    VIP = "vip"
    OWNER_CHANGED = "owner-changed"
    PREFIX_ONLY = "prefix-only"
    REPEAT_RECOVERY = "repeat-recovery"
    OFF_HOURS = "off-hours"
    CLONE_ALARM = "clone-alarm"


DEFAULT_TRIGGERS = frozenset(Trigger) - {Trigger.PREFIX_ONLY}
"""A prefix names one key among 100,000 in all but 2 of 100,000 look-ups, and callers read out 8 characters: it asks for
a second person only where the config says so."""


class OfficeHours(msgspec.Struct, frozen=True):
    """Local time; Monday is 0. Empty days mean that every hour is an office hour."""

    begin: time = time(7)
    end: time = time(19)
    days: frozenset[int] = frozenset(range(5))

    def hold(self, moment: datetime, zone: tzinfo | None = None) -> bool:
        """The moment lies within; `zone` is the machine's own when None."""
        local = moment.astimezone(zone)
        return not self.days or (local.weekday() in self.days and self.begin <= local.time() < self.end)


def read_office_hours(text: str) -> OfficeHours:
    """`mon-fri 07:00-19:00`, `mon,wed,sat 08:00-12:30`, or `always`; raises `ValueError` for anything else."""
    if text == ALWAYS:
        return OfficeHours(days=frozenset())
    found = re.fullmatch(_HOURS, text)
    if found is None:
        raise ValueError("They are written as days and hours, such as mon-fri 07:00-19:00, or as the word always")
    days, begin, end = found.groups()
    hours = OfficeHours(time.fromisoformat(begin), time.fromisoformat(end), _days(days))
    if hours.begin >= hours.end:
        raise ValueError(f"{begin} is not before {end}")
    return hours


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        words = part.split("-", 1)
        unknown = [word for word in words if word not in WEEKDAYS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no day; days are {', '.join(WEEKDAYS)}")
        span = range(WEEKDAYS.index(words[0]), WEEKDAYS.index(words[-1]) + 1)
        if not span:
            raise ValueError(f"{words[0]} does not come before {words[-1]}")
        days.update(span)
    return frozenset(days)
