"""A fact: one value from one source, with its age. Sources that disagree stand side by side."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """Who says so. The order of trust is disk, Entra, Intune."""

    DISK = "disk"
    ENTRA = "entra"
    INTUNE = "intune"
    AD = "ad"
    TICKET = "ticket"


class FactState(StrEnum):
    """What an answer means; a missing value is never just empty."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"
    DENIED = "denied"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Fact:
    """`name` is a kebab-case id such as `os-build`; `observed_at` is when the source itself saw the value."""

    name: str
    value: str
    source: Source
    observed_at: datetime | None
    state: FactState = FactState.FRESH
    detail: str = ""


class SourceState(StrEnum):
    """How a source answered as a whole."""

    OK = "ok"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source's last answer: its state, when, in one line why, and what to do about it where that is known."""

    state: SourceState
    observed_at: datetime | None
    detail: str = ""
    next_step: str = ""
