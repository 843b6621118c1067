"""Writes to ticket systems: kept durably before they are sent, retried until they are confirmed, never against others.

A claim, a note or a state leaves the console through here. The write is in the outbox before the network is asked, and
stays shown until the ticket system has confirmed it. When somebody else was faster it ends as a conflict that is said.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from tui.clock import Clock
from tui.diagnosis.redact import redact
from tui.errors import Problem, ProblemKind
from tui.model.incident import Incident, IncidentState, Ticket
from tui.ports import TicketSource
from tui.text import clean

SETTLE = timedelta(seconds=2)
"""How long after a claim the ticket is looked at again: most systems let the last writer win, and do not say so."""
LONGEST_WAIT = timedelta(minutes=5)
TAKEN = "taken"
"""`Problem.code` of a claim that somebody else holds."""


class WriteKind(StrEnum):
    """What is written."""

    CLAIM = "claim"
    NOTE = "note"
    STATE = "state"
    LINK = "link"


class WriteState(StrEnum):
    """How far a write is. `sending` after a crash means: nobody knows whether it arrived."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    REFUSED = "refused"


OPEN = (WriteState.QUEUED, WriteState.SENDING, WriteState.SENT)
"""States in which something is still to be done."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write. `value` is the assignee, the text, the state or the parent; `seen_*` is what the engineer saw."""

    id: str
    source: str
    key: str
    incident_id: str
    kind: WriteKind
    value: str
    actor: str
    seen_assignee: str
    seen_state: IncidentState
    queued_at: datetime
    next_at: datetime
    state: WriteState = WriteState.QUEUED
    attempts: int = 0
    detail: str = ""

    @property
    def marker(self) -> str:
        """What a note carries, so that it is found again."""
        return f"reseal {self.id[:16]}"


class Outbox(Protocol):
    """Where writes wait. Every method is durable when it returns, and raises `Problem(LOCAL)`."""

    async def put(self, write: Write) -> None:
        """Keep a new write."""
        ...

    async def update(self, write: Write) -> None:
        """Keep how far a write is."""
        ...

    async def rebase(self, incident_id: str, assignee: str, state: IncidentState) -> None:
        """What later writes of the same incident were made on has changed by our own doing."""
        ...

    async def unfinished(self) -> Sequence[Write]:
        """Every write that is not confirmed, oldest first."""
        ...

    async def forget(self, write_id: str) -> None:
        """Drop a write whose end was said."""
        ...

    async def may_send(self) -> bool:
        """This process is the one that sends; another console on the same state may be."""
        ...


@runtime_checkable
class NotesReadable(Protocol):
    """A source that can tell whether a note has arrived."""

    async def add_note(self, key: str, text: str, marker: str = "") -> None:
        """Add a work note with a marker."""
        ...

    async def has_note(self, key: str, marker: str) -> bool | None:
        """A note with this marker is there; None when that cannot be told."""
        ...


@runtime_checkable
class Linking(Protocol):
    """A source that can hang a ticket on a problem or parent."""

    async def link(self, key: str, parent: str) -> Ticket:
        """Link the ticket."""
        ...


OnTicket = Callable[[str, Ticket], Awaitable[None]]
"""A source's name and a ticket as it stands there now."""
OnWrite = Callable[[Write], None]


def refuse_digits(text: str) -> str:
    """The text, cleaned; raises `Problem(POLICY)` when it holds a recovery password, whole or in part."""
    text = clean(text)
    if redact(text)[1]:
        raise Problem(
            ProblemKind.POLICY,
            "This text is not sent to the ticket system",
            "It holds a recovery password or a part of one, and tickets are read by many",
            "Write the key ID instead",
        )
    return text


def disclosure_note(key_id: str, audit_seq: int, device: str = "") -> str:
    """The work note of a disclosure: the key's ID and the audit row, never digits."""
    where = f" of {device}" if device else ""
    text = f"BitLocker recovery key{where} disclosed. Key ID: {key_id}. Audit sequence: {audit_seq}."
    return refuse_digits(text)


class WriteService:
    """Sends what the outbox holds. Writes of one incident go in the order in which they were made."""

    def __init__(
        self, sources: Mapping[str, TicketSource], outbox: Outbox, clock: Clock, on_ticket: OnTicket
    ) -> None:
        self._sources = sources
        self._outbox = outbox
        self._clock = clock
        self._on_ticket = on_ticket
        self._listeners: list[OnWrite] = []
        self._unfinished: dict[str, Write] = {}
        self._under_way: set[str] = set()

    def on_write(self, listener: OnWrite) -> Callable[[], None]:
        """Call the listener whenever a write gets on; returns what takes it away again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def pending(self, incident_id: str) -> tuple[Write, ...]:
        """The incident's writes that are not confirmed yet, or ended in a conflict that was not yet acknowledged."""
        return tuple(each for each in self._unfinished.values() if each.incident_id == incident_id)

    def all_pending(self) -> tuple[Write, ...]:
        """Every such write, oldest first."""
        return tuple(self._unfinished.values())

    async def load(self) -> None:
        """Take up what an earlier run left; raises `Problem(LOCAL)`."""
        self._unfinished = {each.id: each for each in await self._outbox.unfinished()}

    async def submit(self, incident: Incident, kind: WriteKind, value: str, actor: str) -> Write:
        """Keep a write durably; it goes out with the next `deliver` or `drain`."""
        now, ticket = self._clock.now(), incident.ticket
        write = Write(
            id=uuid.uuid4().hex,
            source=incident.source,
            key=ticket.key,
            incident_id=incident.id,
            kind=kind,
            value=refuse_digits(value),
            actor=actor,
            seen_assignee=ticket.assignee,
            seen_state=ticket.state,
            queued_at=now,
            next_at=now,
        )
        await self._outbox.put(write)
        self._show(write)
        return write

    async def acknowledge(self, write_id: str) -> None:
        """The engineer has seen how a write ended."""
        write = self._unfinished.get(write_id)
        if write is not None and write.state not in OPEN:
            await self._outbox.forget(write_id)
            del self._unfinished[write_id]

    async def drain(self, source: str = "") -> None:
        """Send and confirm what is due, of one source or of all; what fails stays for later."""
        blocked: set[str] = set()
        for write in tuple(self._unfinished.values()):
            if write.state not in OPEN or (source and write.source != source):
                continue
            if write.incident_id in blocked or write.source not in self._sources:
                continue
            if write.next_at <= self._clock.now():
                write = await self.deliver(write.id)
            if write.state in (WriteState.QUEUED, WriteState.SENDING):
                blocked.add(write.incident_id)

    async def deliver(self, write_id: str) -> Write:
        """Try one write now; the write as it stands then. Raises `Problem(LOCAL)` when the outbox fails."""
        write = self._unfinished[write_id]
        if write_id in self._under_way or not await self._outbox.may_send():
            return write
        before = next(each for each in self._unfinished.values() if each.incident_id == write.incident_id)
        if before.id != write_id and before.state in (WriteState.QUEUED, WriteState.SENDING):
            return write
        self._under_way.add(write_id)
        try:
            return await (self._confirm(write) if write.state is WriteState.SENT else self._send(write))
        finally:
            self._under_way.discard(write_id)

    async def _send(self, write: Write) -> Write:
        again = write.attempts > 0
        write = await self._keep(replace(write, state=WriteState.SENDING, attempts=write.attempts + 1))
        try:
            ticket = await self._write(write, again=again)
        except Problem as problem:
            return await self._failed(write, problem)
        if ticket is not None:
            await self._outbox.rebase(write.incident_id, ticket.assignee, ticket.state)
            self._rebase(write, ticket)
            await self._on_ticket(write.source, ticket)
        if write.kind is WriteKind.CLAIM:
            return await self._keep(replace(write, state=WriteState.SENT, next_at=self._clock.now() + SETTLE, detail=""))
        return await self._keep(replace(write, state=WriteState.CONFIRMED, detail=""))

    async def _write(self, write: Write, *, again: bool) -> Ticket | None:
        source = self._sources[write.source]
        match write.kind:
            case WriteKind.CLAIM:
                ticket = await source.assign(write.key, write.value)
                if ticket.state is IncidentState.NEW:
                    ticket = await source.set_state(write.key, IncidentState.CLAIMED)
                return ticket
            case WriteKind.NOTE:
                await _add_note(source, write, again=again)
                return None
            case WriteKind.STATE:
                wanted = IncidentState(write.value)
                _refuse_moved(write, await source.get(write.key), wanted)
                return await source.set_state(write.key, wanted)
            case WriteKind.LINK:
                if not isinstance(source, Linking):
                    raise Problem(ProblemKind.POLICY, f"{write.source} links no tickets", "", "Link it there")
                return await source.link(write.key, write.value)

    async def _confirm(self, write: Write) -> Write:
        """Look who holds the ticket, some time after it was claimed."""
        try:
            ticket = await self._sources[write.source].get(write.key)
        except Problem as problem:
            if not _passing(problem):
                return await self._keep(replace(write, state=WriteState.CONFIRMED, detail=""))
            return await self._keep(replace(write, next_at=self._clock.now() + _wait(1, problem)))
        await self._on_ticket(write.source, ticket)
        ours = {write.value.casefold(), write.seen_assignee.casefold()}
        if ticket.assignee.casefold() in ours or not ticket.assignee:
            return await self._keep(replace(write, state=WriteState.CONFIRMED, detail=""))
        return await self._keep(replace(write, state=WriteState.CONFLICT, detail=f"taken by {ticket.assignee}"))

    async def _failed(self, write: Write, problem: Problem) -> Write:
        if problem.code == TAKEN:
            await self._look_again(write)
            return await self._keep(replace(write, state=WriteState.CONFLICT, detail=str(problem)))
        if not _passing(problem):
            return await self._keep(replace(write, state=WriteState.REFUSED, detail=str(problem)))
        due = self._clock.now() + _wait(write.attempts, problem)
        return await self._keep(replace(write, state=WriteState.QUEUED, next_at=due, detail=str(problem)))

    async def _look_again(self, write: Write) -> None:
        try:
            await self._on_ticket(write.source, await self._sources[write.source].get(write.key))
        except Problem:
            # The conflict itself is what is said; the next poll brings the ticket.
            return

    async def _keep(self, write: Write) -> Write:
        await self._outbox.update(write)
        self._show(write)
        return write

    def _show(self, write: Write) -> None:
        if write.state is WriteState.CONFIRMED:
            self._unfinished.pop(write.id, None)
        else:
            self._unfinished[write.id] = write
        for listener in tuple(self._listeners):
            listener(write)

    def _rebase(self, done: Write, ticket: Ticket) -> None:
        for write in tuple(self._unfinished.values()):
            if write.incident_id == done.incident_id and write.id != done.id:
                self._unfinished[write.id] = replace(write, seen_assignee=ticket.assignee, seen_state=ticket.state)


async def _add_note(source: TicketSource, write: Write, *, again: bool) -> None:
    if not isinstance(source, NotesReadable):
        await source.add_note(write.key, write.value)
        return
    # A first try that broke may have arrived. Where notes cannot be read again, a note twice is better than none.
    if again and await source.has_note(write.key, write.marker):
        return
    await source.add_note(write.key, write.value, write.marker)


def _refuse_moved(write: Write, ticket: Ticket, wanted: IncidentState) -> None:
    """Raise a conflict when somebody else holds the ticket now, or has moved it on."""
    if ticket.assignee and ticket.assignee != write.seen_assignee:
        what, step = f"{ticket.assignee} holds this ticket", f"Speak with {ticket.assignee}"
        raise Problem(ProblemKind.POLICY, what, "It was claimed in the meantime", step, code=TAKEN)
    if ticket.state not in (write.seen_state, wanted):
        what = f"The ticket is {ticket.state} by now"
        why = f"It was {write.seen_state} when {wanted} was chosen, and somebody else has moved it on"
        raise Problem(ProblemKind.POLICY, what, why, "Look at it, and choose again", code=TAKEN)


def _passing(problem: Problem) -> bool:
    """It may go better later, without anybody changing anything about the write."""
    if problem.kind is ProblemKind.UPSTREAM:
        return problem.status >= 500 or 200 <= problem.status < 300
    return problem.kind in (ProblemKind.UNREACHABLE, ProblemKind.THROTTLED, ProblemKind.SIGNED_OUT)


def _wait(attempts: int, problem: Problem) -> timedelta:
    if problem.retry_after is not None:
        return timedelta(seconds=problem.retry_after)
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)
