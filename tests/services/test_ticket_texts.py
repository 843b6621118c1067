"""Texts leave the book once the cache has them, not before, and come back when they are looked at."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from tests.services.listed_cache import ListedCache
from tests.services.samples import MORNING, SetClock, ticket
from tests.support.values import replace
from tui.errors import Problem, ProblemKind
from tui.model.incident import Incident, IncidentState, Ticket
from tui.model.incident_line import id_in
from tui.ports import TicketBatch
from tui.services.incidents import Diff
from tui.services.queue import QueueService
from tui.services.ticket_texts import AT_HAND
from tui.store.cache import CacheStore, open_cache

ONE = "desk:1"


@dataclass
class Desk:
    """A ticket system whose tickets a test holds."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    name: str = "desk"
    sweep_seconds: float = 60.0
    asked: list[str] = field(default_factory=list)

    async def changed_since(self, watermark: str) -> TicketBatch:
        return TicketBatch(tuple(self.tickets.values()), "w")

    async def get(self, key: str) -> Ticket:
        self.asked.append(key)
        if key not in self.tickets:
            raise Problem(ProblemKind.NOT_FOUND, "gone")
        return self.tickets[key]

    async def open_keys(self) -> set[str]:
        return {key for key, each in self.tickets.items() if each.state is not IncidentState.CLOSED}

    def change(self, key: str, **rest: Any) -> None:
        known = self.tickets[key]
        self.tickets[key] = replace(known, updated_at=known.updated_at + timedelta(minutes=1), **rest)


@dataclass
class FullDisk(ListedCache):
    """A cache that cannot write while its disk is full, nor be read while it is gone."""

    full: bool = True
    gone: bool = False

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> Collection[str]:
        if self.full:
            raise Problem(ProblemKind.LOCAL, "The disk is full")
        return await super().save(source, incidents, watermark)

    async def texts(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        if self.gone:
            raise Problem(ProblemKind.LOCAL, "The cache cannot be used")
        return await super().texts(incident_ids)


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[CacheStore]:
    async with await open_cache(tmp_path / "state", SetClock()) as store:
        yield store


def queue_over(desk: Desk, cache: Any) -> QueueService:
    return QueueService([cast(Any, desk)], cache, SetClock(MORNING + timedelta(hours=1)))


async def shown(queue: QueueService, incident_id: str = ONE) -> str | None:
    await queue.texts.fetch([incident_id])
    return queue.texts.at_hand(incident_id)


async def test_a_text_goes_without_a_change_once_the_cache_has_it(cache: CacheStore) -> None:
    desk = Desk({"1": ticket("1", body="one text")})
    queue = queue_over(desk, cache)
    diffs: list[Diff] = []
    queue.on_diff(diffs.append)
    await queue.sync("desk")
    assert queue.book.text(ONE) is None
    assert queue.texts.at_hand(ONE) is None
    assert await shown(queue) == "one text"
    await queue.sync("desk")
    later = queue_over(desk, cache)
    later.on_diff(diffs.append)
    await later.load_cached()
    await later.sync("desk")
    assert [diff.added for diff in diffs] == [(ONE,)], "the same ticket again is no news, here or in another run"
    assert diffs[0].changed == ()


async def test_a_text_that_alone_has_changed_is_a_change(cache: CacheStore) -> None:
    desk = Desk({"1": ticket("1", body="one text")})
    queue = queue_over(desk, cache)
    await queue.sync("desk")
    assert await shown(queue) == "one text"
    diffs: list[Diff] = []
    queue.on_diff(diffs.append)
    desk.tickets["1"] = replace(desk.tickets["1"], body="another KB5083769")
    await queue.sync("desk")
    assert [diff.changed for diff in diffs] == [(ONE,)]
    assert queue.texts.at_hand(ONE) is None, "an old text is not shown for a changed ticket"
    assert await shown(queue) == "another KB5083769"
    known = queue.book.get(ONE)
    assert known is not None
    assert known.reading.kbs == ("KB5083769",)


async def test_nothing_is_lost_while_the_cache_cannot_write() -> None:
    desk, cache = Desk({"1": ticket("1", body="one text"), "2": ticket("2", 1, body="two")}), FullDisk()
    queue = queue_over(desk, cache)
    await queue.sync("desk")
    assert "not cached" in queue.health["desk"].detail
    assert queue.texts.at_hand(ONE) == "one text"
    assert [id_in(line) for line in await queue.filter.matching("one text")] == [ONE]
    cache.full = False
    desk.change("2", assignee="ada")
    await queue.sync("desk")
    assert cache.bodies == {ONE: "one text", "desk:2": "two"}, "what could not be written goes with the next"
    assert queue.book.text(ONE) is None
    assert await shown(queue) == "one text"


async def test_a_ticket_that_is_gone_keeps_its_text_and_what_was_read_in_it(cache: CacheStore) -> None:
    desk = Desk({"1": ticket("1", body="asks for a key since KB5083769"), "2": ticket("2")})
    queue = queue_over(desk, cache)
    await queue.sync("desk")
    del desk.tickets["1"]
    queue._clock.go(100)  # type: ignore[attr-defined]
    await queue.sync("desk")
    known = queue.book.get(ONE)
    assert known is not None
    assert (known.ticket.state, known.reading.kbs) == (IncidentState.CLOSED, ("KB5083769",))
    assert await shown(queue) == "asks for a key since KB5083769"


async def test_what_was_closed_too_long_ago_to_be_kept_keeps_its_text_in_this_run(cache: CacheStore) -> None:
    old = replace(ticket("1", body="one text"), state=IncidentState.CLOSED)
    long_ago = MORNING - timedelta(days=40)
    desk = Desk({"1": replace(old, opened_at=long_ago, updated_at=long_ago)})
    queue = queue_over(desk, cache)
    await queue.sync("desk")
    assert list(await cache.load()) == []
    assert await shown(queue) == "one text"
    assert len(await queue.filter.matching("one text")) == 1


async def test_a_text_that_the_cache_has_lost_is_asked_of_the_ticket_system(cache: CacheStore, tmp_path: Path) -> None:
    desk, lost = Desk({"1": ticket("1", body="one text")}), FullDisk(full=False)
    queue = queue_over(desk, lost)
    await queue.sync("desk")
    lost.bodies.clear()
    assert await shown(queue) == "one text"
    desk.change("1", body="another")
    await queue.sync("desk")
    lost.bodies.clear()
    del desk.tickets["1"]
    assert "cannot be shown: gone" in str(await shown(queue))
    lost.gone = True
    assert "cannot be used" in str(await shown(queue))
    lost.gone, lost.bodies[ONE] = False, "another"
    assert await shown(queue) == "another", "a fault is not remembered"


async def test_texts_at_hand_are_few_and_the_nearest(cache: CacheStore) -> None:
    desk = Desk({str(n): ticket(str(n), n, body=f"text {n}") for n in range(AT_HAND + 50)})
    queue = queue_over(desk, cache)
    await queue.sync("desk")
    for number in range(AT_HAND + 50):
        await queue.texts.fetch([f"desk:{number}", f"desk:{number + 1}"])
        assert queue.texts.at_hand(f"desk:{number}") == f"text {number}"
    assert queue.texts.at_hand("desk:0") is None
    assert len(queue.texts._at_hand) == AT_HAND
    assert desk.asked == []
