"""One `TicketSource` for every ticket system that has a profile."""

import re
from typing import Any

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState, Ticket
from tui.ports import TicketBatch
from tui.services.outbox import TAKEN
from tui.sources.tickets.auth import Authorization
from tui.sources.tickets.desk import Desk
from tui.sources.tickets.listing import TicketList
from tui.sources.tickets.people import People, Person, entries
from tui.sources.tickets.profile import Call, Profile, Query, State, merged
from tui.sources.tickets.records import Reader, compiled
from tui.sources.tickets.speaking import Found, Speaker
from tui.sources.tickets.templates import fill_body
from tui.text import clean_line

_TRIES = 3


class HttpTickets:
    """A ticket system over HTTP, as its profile describes it."""

    sweep_seconds = 600.0

    def __init__(
        self, profile: Profile, url: str, authorization: Authorization, *, name: str = "", seconds: float = 20.0
    ) -> None:
        self.name = name or profile.name
        self._profile = profile
        self._desk = Desk(url, authorization, seconds=seconds, header=profile.auth.header, rate=profile.rate)
        try:
            self._reader = Reader(profile)
            self._speaker = Speaker(profile, self._desk, self._reader)
            self._people = People(profile.people, profile.who, self._ask)
            self._list = TicketList(profile, self._speaker, self._reader, self._people)
            self._note_texts = compiled(profile.notes.texts) if profile.notes else None
            self._key = re.compile(profile.key_pattern)
        except (ValueError, re.error) as error:
            why = clean_line(str(error), 300)
            what = f"The ticket profile {profile.name} is not usable"
            raise Problem(ProblemKind.CONFIG, what, why, "Correct it") from None

    async def changed_since(self, watermark: str) -> TicketBatch:
        """Tickets changed at or after the watermark, a ticket's last version only; empty asks for all open ones."""
        return await self._list.changed_since(watermark)

    async def open_keys(self) -> frozenset[str]:
        """Keys of all tickets that are open now."""
        return await self._list.open_keys()

    async def recognise(self, name: str) -> None:
        """Learn under which id an engineer is known, so that their tickets show this name; raises `Problem`."""
        await self._people.find(name)

    async def get(self, key: str) -> Ticket:
        """One ticket, now."""
        return await self._list.whole(await self._read(key))

    async def assign(self, key: str, assignee: str) -> Ticket:
        """Claim: look who holds it, write, look again. Raises `Problem` with code `TAKEN` when somebody else does."""
        call = self._needed(self._profile.assign, "claiming")
        found = await self._read(key)
        failed: Problem | None = None
        for _ in range(_TRIES):
            person = await self._people.find(assignee)
            _refuse_held(found, person)
            if person.holds(found.holder):
                return await self._list.whole(found)
            try:
                found = await self._claim(call, found, person)
            except Problem as problem:
                if problem.status not in self._profile.conflict and problem.status < 500:
                    raise
                # It changed since it was read, or the system failed on two claims at once: who holds it decides.
                failed, found = problem, await self._read(key)
                continue
            _refuse_held(found, person)
            if not person.holds(found.holder):
                raise _not_claimed(assignee)
            return await self._list.whole(found)
        if failed is not None and failed.status >= 500:
            raise failed
        raise Problem(
            ProblemKind.UPSTREAM,
            "The ticket was not claimed",
            f"It changed {_TRIES} times while it was claimed",
            "Look at it, and claim it again",
        )

    async def add_note(self, key: str, text: str, marker: str = "") -> None:
        """Add a work note that the caller does not see. `marker` goes with it, for `has_note`."""
        call = self._needed(self._profile.note, "a work note")
        whole = f"{text}\n[{marker}]" if marker else text
        values = {"key": self._checked(key), "text": whole, "marker": marker or "Work note"}
        await self._speaker.send(call, values, "the work note")

    async def has_note(self, key: str, marker: str) -> bool | None:
        """A note with this marker is there; None when the system's notes cannot be read."""
        notes = self._profile.notes
        if notes is None or self._note_texts is None:
            return None
        for page in range(1, 101):
            values = {"key": self._checked(key), "page": str(page)}
            answer = await self._speaker.ask(notes.path, notes.query, values, "the work notes")
            texts = self._note_texts(answer)
            texts = [each for each in texts if isinstance(each, str)] if isinstance(texts, list) else []
            if any(marker in text for text in texts):
                return True
            if not notes.paged or not compiled(notes.items)(answer):
                return False
        return False

    async def set_state(self, key: str, state: IncidentState) -> Ticket:
        """Move on; several of the console's states can be one of the system's."""
        call = self._needed(self._profile.state, "changing the state")
        wanted = self._profile.states.get(state.value)
        if wanted is None or (wanted.sends is None and not wanted.names):
            raise self._cannot(f"the state {state}")
        found = await self._read(key)
        expected = {*wanted.reads, *wanted.names} | ({wanted.sends} if isinstance(wanted.sends, str) else set())
        if self._reader.state_word(found.record) in expected:
            return await self._list.whole(found)
        values = {**self._values(found), **await self._state_values(found.key, wanted)}
        found = await self._write(call, found, values, "the ticket's state")
        if expected and self._reader.state_word(found.record) not in expected:
            raise Problem(
                ProblemKind.UPSTREAM,
                "The ticket's state did not change",
                f"It is {clean_line(self._reader.state_word(found.record), 80) or 'not said'} there",
                "Change it there, where the reason is shown",
            )
        return await self._list.whole(found)

    async def link(self, key: str, parent: str) -> Ticket:
        """Hang the ticket on a problem or a parent ticket."""
        call = self._needed(self._profile.link, "a link")
        found = await self._read(key)
        return await self._list.whole(
            await self._write(call, found, {**self._values(found), "parent": clean_line(parent, 100)}, "the link")
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._desk.close()

    async def _claim(self, call: Call, found: Found, person: Person) -> Found:
        ticket = self._reader.ticket(found.record)
        new = ticket is not None and ticket.state is IncidentState.NEW
        if new and self._profile.assign_new:
            call = msgspec.structs.replace(call, body=merged(call.body, self._profile.assign_new))
        values = {**self._values(found), "person": person.name, "person_id": person.id}
        return await self._write(call, found, values, "claiming the ticket")

    async def _write(self, call: Call, found: Found, values: dict[str, Any], subject: str) -> Found:
        """Write, and give the ticket as it stands then: from the answer where that holds it, else read again."""
        headers = {"if-match": found.etag} if self._profile.etag and found.etag else {}
        answer = await self._speaker.send(call, values, subject, headers)
        if call.answer:
            record = compiled(call.answer)(answer)
            if isinstance(record, dict) and record:
                return self._speaker.found(record, answer, found.key)
        return await self._read(found.key)

    async def _read(self, key: str) -> Found:
        return await self._speaker.read(self._checked(key))

    def _values(self, found: Found) -> dict[str, Any]:
        return {"key": found.key, "stamp": self._reader.stamp(found.record)}

    async def _state_values(self, key: str, wanted: State) -> dict[str, Any]:
        lookup = self._profile.state_lookup
        if lookup is None or not wanted.names:
            return {"state": fill_body(wanted.sends, {"key": key})}
        found = await entries(lookup, {"key": key}, self._ask)
        for name in wanted.names:
            ids = [each for each, names in found if name.casefold() in names]
            if ids:
                return {"state": name, "state_id": ids[0]}
        raise self._cannot(f"going on to {' or '.join(wanted.names)} from where the ticket stands")

    async def _ask(self, path: str, query: Query, subject: str) -> Any:
        return await self._speaker.fetch(path, query, subject)

    def _checked(self, key: str) -> str:
        if self._key.fullmatch(key):
            return key
        why = f"{clean_line(key, 80)} is no key of {self._profile.title}"
        raise Problem(ProblemKind.NOT_FOUND, "There is no such ticket", why, "Use the ticket's own key")

    def _needed(self, call: Call | None, what: str) -> Call:
        if call is None:
            raise self._cannot(what)
        return call

    def _cannot(self, what: str) -> Problem:
        why = f"{self._profile.title} does not offer it, or its profile does not say how"
        return Problem(ProblemKind.POLICY, f"{self.name} takes no such change: {what}", why, "Make it there by hand")


def _refuse_held(found: Found, person: Person) -> None:
    if found.holder.name and not person.holds(found.holder):
        raise taken_by(found.shown or found.holder.name)


def taken_by(name: str) -> Problem:
    """Somebody else holds the ticket."""
    return Problem(
        ProblemKind.POLICY,
        f"{name} holds this ticket",
        "It was claimed in the meantime",
        f"Speak with {name}, or take another ticket",
        code=TAKEN,
    )


def _not_claimed(assignee: str) -> Problem:
    return Problem(
        ProblemKind.UPSTREAM,
        "The ticket was not claimed",
        f"The ticket system does not know {clean_line(assignee, 100)} as somebody who can hold it",
        "Claim it there, or use the name that it knows",
    )
