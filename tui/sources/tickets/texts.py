"""What callers wrote, where a ticket system's list does not say it: asked for once a ticket, many tickets at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from tui.errors import Problem, ProblemKind
from tui.sources.tickets.profile import Query, Step, TicketText
from tui.sources.tickets.records import Search, compiled
from tui.sources.tickets.speaking import Speaker
from tui.sources.tickets.templates import fill_path, fill_query

_AT_ONCE = 4
_KEPT = 5_000
_FOR_ALL = (ProblemKind.UNREACHABLE, ProblemKind.SIGNED_OUT, ProblemKind.THROTTLED)
"""Problems that asking ticket by ticket would only meet again."""


@dataclass(frozen=True, slots=True)
class _Step:
    path: str
    query: Query
    items: Search
    of: Search
    gives: Search

    @classmethod
    def compiled(cls, step: Step) -> Self:
        return cls(step.path, step.query, compiled(step.items), compiled(step.of), compiled(step.gives))

    def read(self, answer: Any) -> tuple[dict[str, str], int] | None:
        """What is given, by what it belongs to, the first of each; and how many items there were. None: no list."""
        items = self.items(answer)
        if not isinstance(items, list):
            return None
        found: dict[str, str] = {}
        for each in items:
            of, gives = self.of(each), self.gives(each)
            if isinstance(of, str | int) and isinstance(gives, str | int):
                found.setdefault(str(of), str(gives))
        return found, len(items)


class Texts:
    """The texts of a ticket system's tickets, as its profile's `detail` says; without one it knows none."""

    def __init__(self, detail: TicketText | None, speaker: Speaker) -> None:
        self._detail = detail
        self._speaker = speaker
        self._search = compiled(detail.body if detail else "@")
        self._steps = [_Step.compiled(each) for each in detail.together] if detail else []
        self._known: dict[str, str] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def of(self, keys: Sequence[str]) -> dict[str, str]:
        """The texts of these tickets, asked for where they are not known yet; raises `Problem`."""
        if self._detail is None:
            return {}
        found = {key: self._known[key] for key in keys if key in self._known}
        missing = [key for key in keys if key not in found]
        size = self._detail.size
        try:
            async with asyncio.TaskGroup() as group:
                for at in range(0, len(missing), size):
                    group.create_task(self._learn(self._detail, missing[at : at + size], found))
        except BaseExceptionGroup as errors:
            raise _first_problem(errors) from None
        finally:
            # Also what came before a problem: the next poll goes on from there.
            self._known = found if len(self._known) > _KEPT else self._known | found
        return found

    async def _learn(self, detail: TicketText, left: Sequence[str], found: dict[str, str]) -> None:
        asking = bool(self._steps) and len(left) > 1
        while asking and left:
            texts, complete = await self._together(left, detail.size)
            found |= dict.fromkeys(left, "") | texts if complete else texts
            left = [key for key in left if key not in found]
            asking = bool(texts)
        async with asyncio.TaskGroup() as group:
            for key in left:
                group.create_task(self._learn_alone(detail, key, found))

    async def _together(self, keys: Sequence[str], size: int) -> tuple[dict[str, str], bool]:
        """Texts by key, and whether a ticket that is not among them has none."""
        found, complete = {key: key for key in keys}, True
        for step in self._steps:
            if not found:
                break
            key_of = {asked: key for key, asked in found.items()}
            read = step.read(await self._ask_together(step, list(key_of)))
            if read is None:
                return {}, False
            given, entries = read
            found = {key_of[asked]: what for asked, what in given.items() if asked in key_of}
            # A full page may have been cut off before the rest.
            complete = complete and (entries < size or len(found) == len(key_of))
        return found, complete

    async def _ask_together(self, step: _Step, keys: Sequence[str]) -> Any:
        values = {"keys": msgspec.json.encode(keys).decode()}
        try:
            return await self._ask(step.path, step.query, values, "the texts of tickets")
        except Problem as problem:
            if problem.kind in _FOR_ALL:
                raise
            return None

    async def _learn_alone(self, detail: TicketText, key: str, found: dict[str, str]) -> None:
        try:
            body = self._search(await self._ask(detail.path, detail.query, {"key": key}, f"the text of ticket {key}"))
        except Problem as problem:
            if problem.kind not in (ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND):
                raise
            body = None
        found[key] = body if isinstance(body, str) else ""

    async def _ask(self, path: str, query: Query, values: dict[str, str], subject: str) -> Any:
        async with self._slots:
            return await self._speaker.fetch(fill_path(path, values), fill_query(query, values), subject, saving=True)


def _first_problem(errors: "BaseExceptionGroup[BaseException]") -> BaseException:
    found: BaseException = errors.subgroup(Problem) or errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
