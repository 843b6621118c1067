"""ServiceNow incidents over its Table API (`/api/now/table/incident`).

The list is read by keyset: changes ordered by `sys_updated_on`, each page from the last time seen, because offsets
shift while records change. Times are UTC with whole seconds; the watermark's own second is asked for again.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState, Ticket
from tui.ports import TicketBatch
from tui.sources.tickets.auth import Authorization
from tui.sources.tickets.desk import Desk
from tui.sources.tickets.servicenow_records import (
    FIELDS,
    Holder,
    Record,
    holder_of,
    same_person,
    stamp_of,
    text_of,
    ticket_of,
)
from tui.sources.upstream import Answer
from tui.text import clean_line

PAGE = 500
PAGES = 2_000
_TABLE = "/api/now/table/incident"
_VIEW = {
    "sysparm_fields": FIELDS,
    # Values are UTC and stable; display values carry the names behind references.
    "sysparm_display_value": "all",
    "sysparm_exclude_reference_link": "true",
}
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_THREAD = 64 * 1024

STATES: Mapping[IncidentState, Mapping[str, str]] = {
    IncidentState.NEW: {"state": "1"},
    IncidentState.CLAIMED: {"state": "2"},
    IncidentState.WAITING: {"state": "3", "hold_reason": "1"},
    IncidentState.DISCLOSED: {"state": "2"},
    IncidentState.UNLOCKED: {"state": "2"},
    IncidentState.ROTATION_DUE: {"state": "2"},
    IncidentState.CLOSED: {
        "state": "6",
        "close_code": "Solved (Permanently)",
        "close_notes": "Device unlocked; see the work notes.",
    },
}
"""What each state is in an unchanged ServiceNow: 1 new, 2 in progress, 3 on hold (1 awaiting caller), 6 resolved."""


class _Page(msgspec.Struct):
    result: list[Record]


class _One(msgspec.Struct):
    result: Record


Decoded = TypeVar("Decoded", _Page, _One)
_MANY = msgspec.json.Decoder(_Page)
_ONE = msgspec.json.Decoder(_One)


class ServiceNow:
    """A `TicketSource`. Assignees and callers are user names where ServiceNow gives them."""

    def __init__(
        self,
        url: str,
        authorization: Authorization,
        *,
        name: str = "servicenow",
        seconds: float = 20.0,
        states: Mapping[IncidentState, Mapping[str, str]] = STATES,
    ) -> None:
        self.name = name
        self._desk = Desk(url, authorization, seconds=seconds)
        self._states = states

    async def changed_since(self, watermark: str) -> TicketBatch:
        """Incidents changed at or after the watermark, a ticket's last version only; empty asks for all open ones."""
        if watermark and not _STAMP.fullmatch(watermark):
            watermark = ""
        found: dict[str, Ticket] = {}
        seen: set[tuple[str, str]] = set()
        since, offset, idle = watermark, 0, 0
        for _ in range(PAGES):
            records, more = await self._page(since, offset, only_open=not watermark)
            news = {(text_of(record.sys_id), stamp_of(record)) for record in records} - seen
            seen |= news
            found |= {ticket.key: ticket for record in records if (ticket := ticket_of(record)) is not None}
            if not more or not records:
                return TicketBatch(tuple(found.values()), max((stamp for _, stamp in seen), default=watermark))
            idle = 0 if news else idle + 1
            if idle > 2:
                break
            last = max(stamp_of(record) for record in records)
            # A second with more changes than a page holds is the one place where an offset is needed; by half pages,
            # because a record that moves on meanwhile pulls the others forward.
            since, offset = (since, offset + max(1, len(records) // 2)) if last == since else (last, 0)
        raise Problem(
            ProblemKind.UPSTREAM,
            "The ticket system's list does not end",
            "The same records came again and again, or more pages than there can be",
            "Look at what stands between here and the ticket system",
        )

    async def get(self, key: str) -> Ticket:
        """One incident by its sys_id."""
        return self._ticket(await self._record(key), key)

    async def assign(self, key: str, assignee: str) -> Ticket:
        """Claim, after looking again who holds it; the table itself lets the last writer win."""
        before = await self._record(key)
        _refuse_held(holder_of(before), assignee)
        if same_person(holder_of(before), assignee):
            return self._ticket(before, key)
        change = {"assigned_to": assignee}
        if text_of(before.state) == "1":
            change |= self._states[IncidentState.CLAIMED]
        after = await self._patch(key, change, "claiming the ticket", by_name=True)
        holder = holder_of(after)
        _refuse_held(holder, assignee)
        if not holder.name:
            raise Problem(
                ProblemKind.UPSTREAM,
                "The ticket was not claimed",
                f"The ticket system does not know {clean_line(assignee, 100)} as somebody who can hold it",
                "Claim it there, or use the name that it knows",
            )
        return self._ticket(after, key)

    async def add_note(self, key: str, text: str) -> None:
        """Add to `work_notes`, which callers do not see."""
        await self._patch(key, {"work_notes": text}, "the work note")

    async def set_state(self, key: str, state: IncidentState) -> Ticket:
        """Move on; states that only this console knows are `in progress` there."""
        return self._ticket(await self._patch(key, self._states[state], "the ticket's state"), key)

    async def close(self) -> None:
        """Let go of connections."""
        await self._desk.close()

    async def _page(self, since: str, offset: int, *, only_open: bool) -> tuple[list[Record], bool]:
        terms = ["active=true"] if only_open else []
        terms += [f"sys_updated_on>={since}"] if since else []
        query = "^".join([*terms, "ORDERBYsys_updated_on", "ORDERBYsys_id"])
        paging = {"sysparm_query": query, "sysparm_limit": str(PAGE), "sysparm_offset": str(offset)}
        answer = await self._desk.call("GET", _TABLE, "changed tickets", query={**_VIEW, **paging})
        if len(answer.body) >= _IN_THREAD:
            records = (await asyncio.to_thread(self._decode, answer, _MANY, "changed tickets")).result
        else:
            records = self._decode(answer, _MANY, "changed tickets").result
        total = answer.headers.get("x-total-count", "")
        # An instance may cap pages below the limit that was asked for, and says the whole count then.
        return records, len(records) >= PAGE or (total.isdecimal() and int(total) > offset + len(records))

    async def _record(self, key: str) -> Record:
        answer = await self._desk.call("GET", _path(key), f"ticket {key}", query=_VIEW)
        return self._decode(answer, _ONE, f"ticket {key}").result

    async def _patch(self, key: str, change: Mapping[str, str], subject: str, *, by_name: bool = False) -> Record:
        query = {**_VIEW, "sysparm_input_display_value": "true"} if by_name else _VIEW
        answer = await self._desk.call("PATCH", _path(key), subject, query=query, body=msgspec.json.encode(change))
        return self._decode(answer, _ONE, subject).result

    def _decode(self, answer: Answer, decoder: msgspec.json.Decoder[Decoded], subject: str) -> Decoded:
        try:
            return decoder.decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._desk.unreadable(answer, subject, clean_line(str(error), 200)) from None

    def _ticket(self, record: Record, key: str) -> Ticket:
        ticket = ticket_of(record)
        if ticket is None or ticket.key != key:
            raise Problem(
                ProblemKind.ALARM,
                "The ticket system answered with another ticket than the one asked for",
                f"Asked for {key}, got {ticket.key if ticket else 'no id at all'}",
                "Do not go on with it; refresh the queue",
            )
        return ticket


def _path(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise Problem(
            ProblemKind.NOT_FOUND, "There is no such ticket", f"{clean_line(key, 80)} is not a sys_id", "Use its sys_id"
        )
    return f"{_TABLE}/{quote(key, safe='')}"


def _refuse_held(holder: Holder, assignee: str) -> None:
    if holder.name and not same_person(holder, assignee):
        raise Problem(
            ProblemKind.POLICY,
            f"{holder.name} holds this ticket",
            "It was claimed in the meantime",
            f"Speak with {holder.name}, or take another ticket",
        )
