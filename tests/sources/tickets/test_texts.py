"""Texts that the list does not give: asked for together, and ticket by ticket where that does not work."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sources.loopback import Asked, Loopback, Reply, as_json, loopback
from tests.sources.tickets.profiles import profile
from tui.errors import Problem, ProblemKind
from tui.sources.tickets import texts
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets

PAGE = 100
NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Tracker:
    """Request Tracker's lists, transactions and attachments: ticket n has transaction 1000 + n and these texts."""

    texts: dict[int, list[str]]
    refuses: Reply | None = None
    heeds_limits: bool = True

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/tickets"):
            return self._list(asked)
        if alone := re.search(r"/ticket/(\d+)/attachments$", asked.path):
            own = [{"ContentType": "text/plain", "Content": each} for each in self.texts[int(alone[1])]]
            return as_json({"items": own[:5]})
        if one := re.search(r"/ticket/(\d+)$", asked.path):
            return as_json({"id": one[1], "LastUpdated": NOW, "Status": "new"})
        if self.refuses is not None:
            return self.refuses
        wanted = self._wanted(asked)
        if asked.path.endswith("/transactions"):
            return self._page({"ObjectId": str(each), "id": 1000 + each} for each in self.texts if each in wanted)
        return self._page(
            {"TransactionId": str(1000 + each), "Content": text}
            for each, own in self.texts.items()
            if 1000 + each in wanted
            for text in own
        )

    def _list(self, asked: Asked) -> Reply:
        after = re.search(r"id > (\d+) AND", asked.query["query"])
        keys = [each for each in sorted(self.texts) if each > (int(after[1]) if after else 0)]
        return self._page({"id": str(each), "LastUpdated": NOW, "Status": "new"} for each in keys)

    def _wanted(self, asked: Asked) -> set[int]:
        limits = {each["field"]: each["value"] for each in json.loads(asked.query["query"])}
        named = limits.get("ObjectId") or limits["TransactionId"]
        return {int(each) for each in named} if self.heeds_limits else {*self.texts, *(1000 + n for n in self.texts)}

    @staticmethod
    def _page(items: Any) -> Reply:
        return as_json({"items": list(items)[:PAGE]})


@asynccontextmanager
async def opened(tracker: Tracker) -> AsyncIterator[tuple[HttpTickets, Loopback]]:
    token = BearerFromEnvironment("T", {"T": "invented"}, form="token {}")
    async with loopback(tracker) as server:
        source = HttpTickets(profile("rt"), server.url, token, seconds=5)
        try:
            yield source, server
        finally:
            await source.close()


async def texts_of(source: HttpTickets, watermark: str = "") -> dict[int, str]:
    return {int(each.key): each.body for each in (await source.changed_since(watermark)).tickets}


async def test_the_texts_of_a_page_take_two_requests_and_come_once() -> None:
    tracker = Tracker({number: [f"Key ID {number % 7:08X}"] for number in range(1, 251)})
    async with opened(tracker) as (source, server):
        assert await texts_of(source) == {number: text for number, [text] in tracker.texts.items()}
        assert len(server.asked) == 3 + 3 * 2
        tracker.texts |= {number: [f"new {number}"] for number in (251, 252)}
        assert (await texts_of(source))[252] == "new 252"
        assert len(server.asked) == 9 + 3 + 2


async def test_the_first_text_counts_and_a_full_page_hides_nothing() -> None:
    tracker = Tracker({number: [f"first {number}", "a log", "another"] for number in range(1, 121)})
    async with opened(tracker) as (source, server):
        assert await texts_of(source) == {number: f"first {number}" for number in range(1, 121)}
        assert not [each for each in server.asked if "/ticket/" in each.path]


async def test_a_ticket_without_a_text_is_not_asked_about_again() -> None:
    tracker = Tracker({1: ["one"], 2: [], 3: ["three"]})
    async with opened(tracker) as (source, server):
        assert await texts_of(source) == {1: "one", 2: "", 3: "three"}
        assert await texts_of(source) == {1: "one", 2: "", 3: "three"}
        assert len(server.asked) == 1 + 2 + 1


@pytest.mark.parametrize(
    "tracker",
    [
        Tracker({}, refuses=as_json({"message": "no such search"}, 400)),
        Tracker({}, refuses=as_json({"message": "failed"}, 500)),
        Tracker({}, refuses=as_json({"items": "none"})),
        Tracker({}, heeds_limits=False),
    ],
    ids=["refused", "failed", "no list", "limits ignored"],
)
async def test_where_they_cannot_be_had_together_each_ticket_is_asked_for(tracker: Tracker) -> None:
    tracker.texts = {number: [f"text {number}"] for number in range(1, 141)}
    async with opened(tracker) as (source, server):
        assert await texts_of(source) == {number: f"text {number}" for number in range(1, 141)}
        assert len([each for each in server.asked if "/transactions" in each.path]) <= 4


async def test_what_was_read_before_a_failure_is_not_read_again() -> None:
    tracker = Tracker({number: [f"text {number}"] for number in range(1, 301)})
    third = asyncio.Event()

    def failing(asked: Asked) -> Reply:
        later = "/attachments" in asked.path and "1300" in asked.target
        return as_json({}, 429, retry_after="0") if later and not third.is_set() else tracker(asked)

    async with opened(tracker) as (source, server):
        server.answer = failing
        with pytest.raises(Problem) as caught:
            await source.changed_since("")
        assert caught.value.kind is ProblemKind.THROTTLED
        third.set()
        before = len(server.asked)
        assert len(await texts_of(source)) == 300
        assert len(server.asked) - before <= 4 + 2 * 2


async def test_texts_that_are_let_go_are_not_those_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_KEPT", 3)
    tracker = Tracker({number: [f"text {number}"] for number in range(1, 6)})
    async with opened(tracker) as (source, _):
        for more in range(6, 9):
            await source.get("1") if more == 7 else None
            tracker.texts[more] = [f"text {more}"]
            assert await texts_of(source) == {number: f"text {number}" for number in tracker.texts}
