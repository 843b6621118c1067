"""Filters of the queue, against what they are defined as, over a real cache."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.listed_cache import ListedCache
from tests.services.samples import MORNING, incident
from tests.support.values import replace
from tui.model.incident import Incident
from tui.model.incident_line import id_in, line_of
from tui.services import queue_filter
from tui.services.incidents import IncidentBook, arranged
from tui.services.queue_filter import QueueFilter
from tui.store.cache import CacheStore, open_cache

LETTERS = "aAbkKiI%_!\\'\" ÄäßẞéΣσςİıKÅΑα漢字🔑\u0307"
texts = st.text(st.sampled_from(LETTERS), max_size=12)
some = st.lists(st.tuples(texts, texts, texts), max_size=12)
typed = st.lists(st.text(st.sampled_from(LETTERS), max_size=4), min_size=1, max_size=4)


def fields_of(incident: Incident) -> str:
    """What the queue shows of an incident, and what was read out of its text."""
    ticket, reading = incident.ticket, incident.reading
    shown = (ticket.number, ticket.title, ticket.caller, ticket.device_name, ticket.state, ticket.assignee)
    rest = (ticket.parent, incident.source, f"p{ticket.priority}", "vip" if ticket.vip else "", reading.cause.code)
    read = (*reading.kbs, *reading.key_id_prefixes, *reading.error_codes, *reading.devices)
    return " ".join((*shown, *rest, *read))


def matches(incident: Incident, words: str) -> bool:
    """The definition: every word stands in the fields or in the text, in any case."""
    fields, text = fields_of(incident).lower(), incident.ticket.body.lower()
    return all(word in fields or word in text for word in words.lower().split())


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[CacheStore]:
    async with await open_cache(tmp_path / "state") as store:
        yield store


async def check(incidents: list[Incident], kept: int, words: list[str], cache: CacheStore) -> None:
    """The first ones are in the cache, the others have their texts in the book; the words are typed one by one."""
    book = IncidentBook()
    await cache.save("desk", incidents[:kept], "")
    book.begin(arranged(await cache.load()))
    book.apply(incidents[kept:])
    filtered = QueueFilter(book, cache)
    known = {each.id: each for each in incidents}
    in_order = [known[each.id] for each in book.all()]
    typed = ""
    for word in words:
        typed += word
        expected = [each.id for each in in_order if matches(each, typed)]
        kept_row = incidents[len(typed) % len(incidents)].id if incidents else ""
        first = [id_in(line) for line in await filtered.first(typed, kept_row)]
        assert first == expected[: len(first)], typed
        assert not first or kept_row in first or kept_row not in expected
        assert [id_in(line) for line in await filtered.matching(typed)] == expected, typed


@pytest.mark.parametrize("few", [0, 3_000])
@settings(max_examples=40, deadline=None)
@given(given_=some, kept=st.integers(0, 12), words=typed)
def test_a_filter_finds_what_it_is_defined_to_find(
    tmp_path_factory: pytest.TempPathFactory, few: int, given_: list[tuple[str, str, str]], kept: int, words: list[str]
) -> None:
    incidents = [
        incident(str(number), number, title=title, body=body, caller=caller)
        for number, (title, body, caller) in enumerate(given_)
    ]

    async def run() -> None:
        async with await open_cache(tmp_path_factory.mktemp("cache") / "state") as cache:
            await check(incidents, kept, words, cache)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(queue_filter, "FEW", few)
        patched.setattr(queue_filter, "QUICK", few)
        asyncio.run(run())


@pytest.mark.long
async def test_many_texts_are_searched_as_defined(cache: CacheStore) -> None:
    told = random.Random(7)
    incidents = [
        incident(str(n), n, body="".join(told.choices(LETTERS, k=60)), device_name=told.choice("xyz"))
        for n in range(20_000)
    ]
    for words in (["a"], ["ä", "%"], ["k", "ı"], ["x ", "ab"], ["i̇"], ["_", "_"], ["🔑", " 漢", " z"]):
        async with await open_cache(Path(str(cache._path.parent) + "".join(words).replace(" ", ""))) as own:
            await check(incidents, 19_000, words, own)


async def test_what_stands_at_the_top_is_found_before_all_the_rest(
    cache: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_filter, "QUICK", 50)
    monkeypatch.setattr(queue_filter, "PAGE", 5)
    told = [incident(f"{n:03}", n, body="" if n % 3 else "blue screen") for n in range(90)]
    book = IncidentBook()
    await cache.save("desk", told, "")
    book.begin(arranged(await cache.load()))
    filtered = QueueFilter(book, cache)
    blue = [each.id for each in told if each.ticket.body]
    assert [id_in(line) for line in await filtered.first("blue", "")] == blue[:5]
    assert [id_in(line) for line in await filtered.first("blue", blue[3])] == blue[:5]
    assert [id_in(line) for line in await filtered.first("blue", told[1].id)] == blue[:5], "it goes anyway"
    assert await filtered.first("blue", blue[9]) == (), "it would go, and come back"
    assert await filtered.first("green", "") == []
    assert [id_in(line) for line in await filtered.matching("blue")] == blue
    assert await filtered.first("blue screen", "") == [], "few are left, and all of them are found as quickly"


async def test_a_filter_wants_every_word_and_looks_at_every_field(cache: CacheStore) -> None:
    found = incident("17", title="KB5083769 again", body="E_FVE_SECUREBOOT_CHANGED, in the Überseehafen")
    for words in ("inc17", "demo-17 ada@", "kb5083769 secureboot", "new", "", "p3", "übersee e_fve"):
        await check([found], 1, [words], cache)
        assert matches(found, words)
    assert not matches(found, "kb5083769 elsewhere")


async def test_a_filter_that_grows_looks_only_at_what_it_found(cache: CacheStore) -> None:
    """And looks at everything again once the book has changed, or letters were taken away."""

    class Counting(ListedCache):
        asked: int = 0

        async def texts(self, incident_ids):  # type: ignore[no-untyped-def]
            self.asked += len(incident_ids)
            return await super().texts(incident_ids)

    book, kept = IncidentBook(), Counting()
    incidents = [incident(f"{n:03}", n, body=f"the {'blue' if n % 10 else 'green'} screen") for n in range(100)]
    await kept.save("desk", incidents, "")
    book.begin(arranged(map(line_of, incidents)))
    filtered = QueueFilter(book, kept)
    assert len(await filtered.matching("gre")) == 10
    assert kept.asked == 100
    assert len(await filtered.matching("green scr")) == 10
    assert kept.asked == 110
    assert len(await filtered.matching("blue")) == 90
    assert kept.asked == 210
    changed = replace(incidents[3].ticket, title="green", updated_at=MORNING + timedelta(hours=5))
    book.apply([replace(incidents[3], ticket=changed)])
    assert len(await filtered.matching("blue green")) == 1
    assert kept.asked == 310 - 1, "the text of the changed one is in the book"


async def test_a_search_that_is_cancelled_ends_and_leaves_the_next_one_whole(cache: CacheStore) -> None:
    incidents = [incident(f"{n:05}", n, body=f"a text of {n} äöü") for n in range(9_000)]
    await cache.save("desk", incidents, "")
    book = IncidentBook()
    book.begin(arranged(await cache.load()))
    filtered = QueueFilter(book, cache)
    for letters in ("t", "te", "tex"):
        search = asyncio.create_task(filtered.matching(letters))
        await asyncio.sleep(0)
        search.cancel()
        with pytest.raises(asyncio.CancelledError):
            await search
    assert [id_in(line) for line in await filtered.matching("text ÄÖ 8999")] == ["desk:08999"]
