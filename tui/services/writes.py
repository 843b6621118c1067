"""Writes to ticket systems: kept durably before they are sent, retried until they are confirmed, never against others.

A claim, a note or a state leaves the console through here. The write is in the outbox before the network is asked, and
stays shown until the ticket system has confirmed it. When somebody else was faster it ends as a conflict that is said.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.incident import Incident, IncidentState, Ticket
from tui.ports import TicketSource
from tui.services.outbox import OPEN, TAKEN, WAITS, Outbox, Write, WriteKind, WriteState
from tui.services.source_offers import Linking, NotesReadable, Recognising
from tui.services.work_notes import refuse_digits

SETTLE = timedelta(seconds=2)
"""How long after a claim the ticket is looked at again: most systems let the last writer win, and do not say so."""
LONGEST_WAIT = timedelta(minutes=5)


OnTicket = Callable[[str, Ticket], Awaitable[None]]
"""A source's name and a ticket as it stands there now."""
OnWrite = Callable[[Write], None]


class WriteService:
    """Sends what the outbox holds. Writes of one incident go in the order in which they were made."""

    def __init__(self, sources: Mapping[str, TicketSource], outbox: Outbox, clock: Clock, on_ticket: OnTicket) -> None:
        self._sources = sources
        self._outbox = outbox
        self._clock = clock
        self._on_ticket = on_ticket
        self._listeners: list[OnWrite] = []
        self._unfinished: dict[str, Write] = {}
        self._under_way: set[str] = set()
        self._problems: dict[str, Problem] = {}

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
        await self._outbox.keep(write)
        self._show(write)
        return write

    def problem(self, write: Write) -> Problem:
        """Why a write is not done: what refused it, or that it waits."""
        if write.state in OPEN:
            why = write.detail or "An earlier write of the same ticket, or another console, goes first"
            what = f"The {write.kind} waits in the outbox"
            step = "It goes out by itself; the queue shows it until then"
            return Problem(ProblemKind.UNREACHABLE, what, why, step, code=WAITS)
        return self._problems.get(write.id) or Problem(ProblemKind.POLICY, write.detail)

    async def acknowledge(self, write_id: str) -> None:
        """The engineer has seen how a write ended."""
        write = self._unfinished.get(write_id)
        if write is not None and write.state not in OPEN:
            await self._outbox.forget(write_id)
            del self._unfinished[write_id]
            self._problems.pop(write_id, None)

    async def drain(self, source: str = "") -> None:
        """Send and confirm what is due, of one source or of all; what fails stays for later."""
        await self._refresh()
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

    async def _refresh(self) -> None:
        """Take up what another console on the same state has put into the outbox, or sent from it."""
        found = {each.id: each for each in await self._outbox.unfinished()}
        sender = await self._outbox.may_send()
        for write in found.values():
            if write.id not in self._unfinished or (not sender and self._unfinished[write.id] != write):
                self._show(write)
        if not sender:
            for gone in [each for each in self._unfinished.values() if each.id not in found]:
                self._show(replace(gone, state=WriteState.CONFIRMED, detail=""))

    async def deliver(self, write_id: str) -> Write:
        """Try one write now; the write as it stands then. Raises `Problem(LOCAL)` when the outbox fails."""
        write = self._unfinished[write_id]
        if write_id in self._under_way or not await self._outbox.may_send():
            return write
        if write.state is not WriteState.SENT and self._first_waiting(write.incident_id) != write_id:
            return write
        self._under_way.add(write_id)
        try:
            return await (self._confirm(write) if write.state is WriteState.SENT else self._send(write))
        finally:
            self._under_way.discard(write_id)

    def _first_waiting(self, incident_id: str) -> str:
        waiting = (WriteState.QUEUED, WriteState.SENDING)
        mine = (each for each in self._unfinished.values() if each.incident_id == incident_id)
        return next((each.id for each in mine if each.state in waiting), "")

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
            return await self._keep(
                replace(write, state=WriteState.SENT, next_at=self._clock.now() + SETTLE, detail="")
            )
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
                await _recognise(source, write.actor)
                _refuse_moved(write, await source.get(write.key), wanted)
                return await source.set_state(write.key, wanted)
            case WriteKind.LINK:
                if not isinstance(source, Linking):
                    raise Problem(ProblemKind.POLICY, f"{write.source} links no tickets", "", "Link it there")
                return await source.link(write.key, write.value)

    async def _confirm(self, write: Write) -> Write:
        """Look who holds the ticket, some time after it was claimed."""
        source = self._sources[write.source]
        try:
            ticket = await source.get(write.key)
            if ticket.assignee:
                # The source knows by which names somebody goes there; it writes nothing when the claim stands.
                ticket = await source.assign(write.key, write.value)
        except Problem as problem:
            if _passing(problem):
                return await self._keep(replace(write, next_at=self._clock.now() + _wait(1, problem)))
            if problem.code == TAKEN:
                return await self._failed(write, problem)
            return await self._keep(replace(write, state=WriteState.CONFIRMED, detail=""))
        await self._on_ticket(write.source, ticket)
        return await self._keep(replace(write, state=WriteState.CONFIRMED, detail=""))

    async def _failed(self, write: Write, problem: Problem) -> Write:
        self._problems[write.id] = problem
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
        await self._outbox.keep(write)
        self._show(write)
        return write

    def _show(self, write: Write) -> None:
        if write.state is WriteState.CONFIRMED:
            self._unfinished.pop(write.id, None)
            self._problems.pop(write.id, None)
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


async def _recognise(source: TicketSource, name: str) -> None:
    if not name or not isinstance(source, Recognising):
        return
    try:
        await source.recognise(name)
    except Problem as problem:
        # Whom the system does not know by this name may still write under a credential of its own.
        if _passing(problem):
            raise


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
