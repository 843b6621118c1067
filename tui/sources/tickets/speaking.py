"""Requests and answers of a ticket system, as its profile writes them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tui.errors import Problem, ProblemKind
from tui.sources.tickets.desk import Desk
from tui.sources.tickets.profile import Call, Profile, Query
from tui.sources.tickets.records import Holder, Reader, compiled
from tui.sources.tickets.templates import Values, fill_body, fill_path, fill_query
from tui.sources.upstream import Answer
from tui.text import clean_line

IN_THREAD = 64 * 1024
"""Bytes from which an answer is decoded beside the event loop."""


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket as it was read: its key, its record, who holds it and under which name that one is known here."""

    key: str
    record: dict[str, Any]
    holder: Holder
    etag: str = ""
    shown: str = ""


class Speaker:
    """Fills a profile's templates, sends them, and decodes what comes back. Everything raises `Problem`."""

    def __init__(self, profile: Profile, desk: Desk, reader: Reader) -> None:
        self.desk = desk
        self._profile = profile
        self._reader = reader
        self._answer = compiled(profile.get.answer or "@")
        self._joins = [
            (compiled(join.items), compiled(join.id), compiled(join.by), join.into) for join in profile.joins
        ]

    async def read(self, key: str) -> Found:
        """One ticket by its key."""
        call, subject = self._profile.get, f"ticket {key}"
        values = {"key": key}
        query = {**self._profile.view, **fill_query(call.query, values)}
        answer = await self.desk.call(call.method, fill_path(call.path, values), subject, query=query)
        whole = await self.decode(answer, subject)
        record = self._answer(whole)
        if not isinstance(record, dict):
            raise self.desk.unreadable(answer, subject, "It holds no ticket")
        return self.found(record, whole, key, answer.headers.get("etag", ""))

    def found(self, record: dict[str, Any], whole: Any, key: str, etag: str = "") -> Found:
        """A record that is the ticket that was asked for; raises `Problem(ALARM)` when it is another one."""
        [joined] = self.joined([record], whole)
        seen = self._reader.seen([joined])
        if not seen or seen[0].key != key:
            raise Problem(
                ProblemKind.ALARM,
                "The ticket system answered with another ticket than the one asked for",
                f"Asked for {key}, got {seen[0].key if seen else 'no id at all'}",
                "Do not go on with it; refresh the queue",
            )
        return Found(key, joined, self._reader.holder(joined), etag)

    def joined(self, records: list[Any], whole: Any) -> list[Any]:
        """Records with what stands beside them in the answer put into them."""
        for items, id_of, by, into in self._joins:
            beside = items(whole)
            table = {str(id_of(each)): each for each in beside} if isinstance(beside, list) else {}
            records = [{**each, into: table.get(str(by(each)))} if isinstance(each, dict) else each for each in records]
        return records

    async def send(self, call: Call, values: Values, subject: str, headers: Mapping[str, str] | None = None) -> Any:
        """Send a change; the decoded answer, None when there is none."""
        query = fill_query(call.query, values)
        if call.answer:
            query = {**self._profile.view, **query}
        body = None if call.body is None else msgspec.json.encode(fill_body(call.body, values))
        path = fill_path(call.path, values)
        answer = await self.desk.call(call.method, path, subject, query=query, body=body, headers=headers)
        return await self.decode(answer, subject) if answer.body.strip() else None

    async def ask(self, path: str, query: Query, values: Values, subject: str) -> Any:
        """GET a template."""
        return await self.fetch(fill_path(path, values), fill_query(query, values), subject)

    async def fetch(self, path: str, query: Query, subject: str, *, saving: bool = False) -> Any:
        """GET what is already filled."""
        answer = await self.desk.call("GET", path, subject, query=query, saving=saving)
        return await self.decode(answer, subject)

    async def decode(self, answer: Answer, subject: str) -> Any:
        """The answer's JSON."""
        try:
            if len(answer.body) >= IN_THREAD:
                return await asyncio.to_thread(msgspec.json.decode, answer.body)
            return msgspec.json.decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self.desk.unreadable(answer, subject, clean_line(str(error), 200)) from None
