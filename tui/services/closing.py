"""Closing an incident: what has to be known by then, what keeps it open, and the row that says how it ended."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, Operator
from tui.model.cause import CauseCode
from tui.model.incident import Incident, IncidentState
from tui.ports import AuditTrail
from tui.services.outbox import WAITS
from tui.services.rotation import Debt
from tui.text import clean_line

NEVER = "never"
"""What is typed for a device that was not unlocked."""
CLOSED, WAITING, NOT_CLOSED = "closed", "waits", "not-closed"
"""`ended_by` of the rows. What waits is sent as soon as the ticket system takes it."""
_MOMENT = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}:\d\d)")


@dataclass(frozen=True, slots=True)
class Closing:
    """What an incident is closed with; `unlocked_at` is None when the device was never unlocked.

    Somebody has to go on with an unknown cause, and with a device that stayed locked: that is the `owner`.
    """

    unlocked_at: datetime | None
    cause: CauseCode
    owner: str = ""

    @property
    def words(self) -> str:
        """For the audit row."""
        unlocked = f"unlocked {self.unlocked_at:%Y-%m-%dT%H:%MZ}" if self.unlocked_at else "never unlocked"
        return f"{unlocked}; cause {self.cause}" + (f"; goes on: {self.owner}" if self.owner else "")


def read_unlocked(text: str, now: datetime) -> datetime | None:
    """`HH:MM` of the last 24 hours or `YYYY-MM-DD HH:MM`, both local, or `never`; raises `Problem(POLICY)`."""
    said = text.strip().lower()
    if said == NEVER:
        return None
    found = _MOMENT.fullmatch(said)
    local = now.astimezone()
    try:
        if found is None:
            raise ValueError(said)
        day = found[1] or f"{local:%Y-%m-%d}"
        moment = datetime.fromisoformat(f"{day} {found[2]:0>5}").astimezone()
    except ValueError:
        what = "The time of the unlock is missing" if not said else f"{clean_line(said, 40)} is no time"
        raise _refused(what, f"When did the device start? HH:MM, YYYY-MM-DD HH:MM, or {NEVER}") from None
    if not found[1] and moment > now:
        moment -= timedelta(days=1)
    return moment.astimezone(now.tzinfo)


def check_closing(closing: Closing, incident: Incident, now: datetime) -> None:
    """Raise `Problem(POLICY)` when an incident cannot be closed with this."""
    unlocked, ticket = closing.unlocked_at, incident.ticket
    # A time is typed in whole minutes.
    if unlocked is not None and not ticket.opened_at.replace(second=0, microsecond=0) <= unlocked <= now:
        opened = f"{ticket.opened_at.astimezone():%Y-%m-%d %H:%M}"
        raise _refused("The device was not unlocked then", f"The ticket was opened at {opened}, and now is the latest")
    if closing.cause is CauseCode.UNKNOWN and not closing.owner:
        raise _refused("An unknown cause needs an owner", "Name who will find out, or choose the cause with ↑ and ↓")
    if unlocked is None and not closing.owner:
        raise _refused("A device that stayed locked needs an owner", "Name who goes on with it")


class Tickets(Protocol):
    """What closing needs of the queue."""

    async def set_state(self, incident_id: str, state: IncidentState, actor: str = "") -> Incident:
        """Move an incident on in its ticket system; raises `Problem`."""
        ...


class ClosingService:
    """Closes incidents. The row is written before the ticket system is told."""

    def __init__(
        self,
        audit: AuditTrail,
        clock: Clock,
        operator: Callable[[], Operator],
        tickets: Tickets,
        blocking: Callable[[str], Awaitable[Sequence[Debt]]],
    ) -> None:
        self._audit = audit
        self._clock = clock
        self._operator = operator
        self._tickets = tickets
        self._blocking = blocking

    async def close(self, incident: Incident, closing: Closing) -> Incident:
        """Close it; raises `Problem` for what is not known, for a debt that nobody waived, or a refusal upstream."""
        check_closing(closing, incident, self._clock.now())
        owed = await self._blocking(incident.ticket.number)
        if owed:
            keys = ", ".join(debt.key_id[:8].upper() for debt in owed)
            raise _refused(
                f"{incident.ticket.number} has a key that is not proven rotated: {keys}", "Waive it, or wait"
            )
        await self._write(incident, CLOSED, closing.words)
        try:
            return await self._tickets.set_state(incident.id, IncidentState.CLOSED, self._operator().upn)
        except Problem as problem:
            await self._write(incident, WAITING if problem.code == WAITS else NOT_CLOSED, problem.what)
            raise

    async def _write(self, incident: Incident, ended_by: str, note: str) -> None:
        entry = AuditEntry(
            event=AuditEvent.REVIEW,
            operator=self._operator(),
            ticket=incident.ticket.number,
            requester=incident.ticket.caller,
            ended_by=ended_by,
            note=note,
        )
        await self._audit.append(entry)


def _refused(what: str, why: str) -> Problem:
    return Problem(ProblemKind.POLICY, what, why, "Correct it; the incident stays open.")
