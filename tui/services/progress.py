"""The work on an incident: which step may follow which, what closing needs, and how much time is left.

A ticket system knows new, in progress, waiting and closed. The steps between are the console's own: each is an audit
row, and the rows say where an incident stands.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, Operator
from tui.model.cause import CauseCode
from tui.model.incident import Incident, IncidentState, Ticket
from tui.ports import AuditTrail

NEW, CLAIMED, WAITING = IncidentState.NEW, IncidentState.CLAIMED, IncidentState.WAITING
DISCLOSED, UNLOCKED = IncidentState.DISCLOSED, IncidentState.UNLOCKED
ROTATION_DUE, CLOSED = IncidentState.ROTATION_DUE, IncidentState.CLOSED

FOLLOWS: Mapping[IncidentState, frozenset[IncidentState]] = {
    NEW: frozenset({CLAIMED, CLOSED}),
    CLAIMED: frozenset({NEW, WAITING, DISCLOSED, UNLOCKED, CLOSED}),
    WAITING: frozenset({CLAIMED, DISCLOSED, UNLOCKED, CLOSED}),
    DISCLOSED: frozenset({WAITING, UNLOCKED, ROTATION_DUE}),
    UNLOCKED: frozenset({WAITING, ROTATION_DUE, CLOSED}),
    ROTATION_DUE: frozenset({WAITING, UNLOCKED, CLOSED}),
    CLOSED: frozenset({CLAIMED}),
}
"""What may come after a state. A disclosed key is never just closed: somebody says first how it ended."""

TARGETS = {
    1: timedelta(minutes=30),
    2: timedelta(hours=1),
    3: timedelta(hours=4),
    4: timedelta(hours=8),
    5: timedelta(hours=24),
}
"""Time to unlock by priority, for tickets whose system names no time."""

STEP = "step"
"""What a step's audit row begins with in its note."""
_LOCAL = (DISCLOSED, UNLOCKED, ROTATION_DUE)


@dataclass(frozen=True, slots=True)
class Closing:
    """What an incident is closed with. An unknown cause needs an owner who goes on looking for it."""

    unlocked_at: datetime | None
    cause: CauseCode | None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class StepNote:
    """A step as its audit row keeps it."""

    incident: str
    state: IncidentState
    unlocked_at: datetime | None = None
    cause: str = ""
    owner: str = ""


def due_at(ticket: Ticket) -> datetime:
    """Until when it wants to be solved: as its system says, else by its priority. A VIP counts one priority more."""
    if ticket.due_at is not None:
        return ticket.due_at
    return ticket.opened_at + TARGETS[max(1, ticket.priority - 1) if ticket.vip else ticket.priority]


def minutes_left(ticket: Ticket, now: datetime) -> int | None:
    """Whole minutes until it is due, negative when that is past; None when the clock stands or it is closed."""
    if ticket.state in (CLOSED, WAITING):
        return None
    return int((due_at(ticket) - now).total_seconds() // 60)


def check_step(before: IncidentState, after: IncidentState) -> None:
    """Raise `Problem(POLICY)` when one state cannot follow the other."""
    if after not in FOLLOWS[before]:
        may = ", ".join(sorted(FOLLOWS[before]))
        raise Problem(
            ProblemKind.POLICY, f"{after} cannot follow {before}", f"After {before} come: {may}", "Choose one of them"
        )


def check_closing(closing: Closing, incident: Incident, now: datetime) -> None:
    """Raise `Problem(POLICY)` when an incident cannot be closed with this."""
    why = ""
    if closing.unlocked_at is None:
        why = "The time at which the device was unlocked is missing"
    elif not incident.ticket.opened_at <= closing.unlocked_at <= now:
        why = "The device was unlocked between the ticket's opening and now, not at another time"
    elif closing.cause is None:
        why = "The cause is missing"
    elif closing.cause is CauseCode.UNKNOWN and not closing.owner.strip():
        why = "An unknown cause needs an owner"
    if why:
        step = "Enter when it was unlocked and why it asked for the key, or `unknown` and who will find out"
        raise Problem(ProblemKind.POLICY, f"{incident.ticket.number} is not closed", why, step)


def standing(incident: Incident, notes: Mapping[str, StepNote]) -> IncidentState:
    """Where an incident stands: as its ticket system says, and within `claimed` and `waiting` as the last step says."""
    known, told = notes.get(incident.id), incident.ticket.state
    if known is None or told not in (CLAIMED, WAITING):
        return told
    return known.state if known.state in _LOCAL and told is CLAIMED else told


def read_steps(rows: Iterable[AuditRow]) -> dict[str, StepNote]:
    """The last step of every incident, from audit rows in their order."""
    found: dict[str, StepNote] = {}
    for row in rows:
        kind, _, text = row.entry.note.partition(" ")
        if row.entry.event is AuditEvent.REVIEW and kind == STEP:
            try:
                note = msgspec.json.decode(text, type=StepNote)
            except msgspec.MsgspecError:
                continue
            found[note.incident] = note
    return found


Move = Callable[[str, IncidentState], Awaitable[Incident]]
"""Sets an incident's state in its ticket system."""


class ProgressService:
    """Takes steps: the row is written before the ticket system is told."""

    def __init__(self, audit: AuditTrail, clock: Clock, operator: Callable[[], Operator], move: Move) -> None:
        self._audit = audit
        self._clock = clock
        self._operator = operator
        self._move = move
        self._notes: dict[str, StepNote] = {}

    async def load(self) -> None:
        """Read where incidents stand; raises `Problem`."""
        self._notes = read_steps(await self._audit.rows_of({AuditEvent.REVIEW}))

    def state(self, incident: Incident) -> IncidentState:
        """Where an incident stands."""
        return standing(incident, self._notes)

    async def step(self, incident: Incident, after: IncidentState, closing: Closing | None = None) -> Incident:
        """Take a step; raises `Problem` when it is not allowed, cannot be recorded, or the ticket system refuses."""
        check_step(self.state(incident), after)
        note = StepNote(incident.id, after)
        if after is CLOSED:
            closing = closing or Closing(None, None)
            check_closing(closing, incident, self._clock.now())
            cause = closing.cause.value if closing.cause else ""
            note = replace(note, unlocked_at=closing.unlocked_at, cause=cause, owner=closing.owner)
        await self._audit.append(
            AuditEntry(
                event=AuditEvent.REVIEW,
                operator=self._operator(),
                ticket=incident.ticket.number,
                note=f"{STEP} {msgspec.json.encode(note).decode()}",
            )
        )
        self._notes[incident.id] = note
        return await self._move(incident.id, after)
