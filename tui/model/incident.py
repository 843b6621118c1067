"""An incident: a ticket of the queue with what its text says."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from tui.model.cause import UNKNOWN_CAUSE, Cause


class IncidentState(StrEnum):
    """Where the work on an incident stands."""

    NEW = "new"
    CLAIMED = "claimed"
    WAITING = "waiting-for-caller"
    DISCLOSED = "key-disclosed"
    UNLOCKED = "unlocked"
    ROTATION_DUE = "rotation-due"
    CLOSED = "closed"


Recurrence = Literal["once", "every_boot", "unknown"]


class TicketReading(msgspec.Struct, frozen=True):
    """What a ticket's text supports, and no more.

    Key ID prefixes are 8 to 36 characters in canonical form, KBs are `KB` and digits, `bitlocker` is None when the
    text does not decide. `passwords_removed` counts recovery passwords that were cut out of the text.
    """

    key_id_prefixes: tuple[str, ...] = ()
    kbs: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    cause: Cause = UNKNOWN_CAUSE
    bitlocker: bool | None = None
    recurrence: Recurrence = "unknown"
    passwords_removed: int = 0


class Ticket(msgspec.Struct, frozen=True):
    """A ticket as its source gives it, already cleaned by `tui.text`. `key` addresses it there, `number` is spoken."""

    key: str
    number: str
    title: str
    body: str
    caller: str
    device_name: str
    state: IncidentState
    priority: int
    """1 is the most urgent, 5 the least."""
    assignee: str
    vip: bool
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None = None
    """When the system's own agreement wants it solved; None when it says nothing."""
    parent: str = ""
    """The problem or parent ticket that it hangs on, as its system calls it."""
    kept_text: str = ""
    """Digest of a text that the cache keeps in this ticket's stead; empty when `body` is the text."""

    def __post_init__(self) -> None:
        if self.kept_text and self.body:
            raise ValueError("a ticket holds its text or the digest of one, not both")


class Incident(msgspec.Struct, frozen=True):
    """A ticket in the queue. `id` is `<source>:<key>` and never changes."""

    id: str
    source: str
    ticket: Ticket
    reading: TicketReading


def minutes_open(incident: Incident, now: datetime) -> int:
    """Whole minutes since the ticket was opened."""
    return max(0, int((now - incident.ticket.opened_at).total_seconds() // 60))
