"""Jira Service Management, Zendesk and Freshservice, as their documentation describes them: the same cases for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.sources.loopback import Loopback, Reply, as_json, loopback
from tests.sources.tickets.profiles import profile
from tests.sources.tickets.vendor import FIRST, PEOPLE, SECOND, Vendor
from tests.sources.tickets.vendors import Freshservice, Jira, Zendesk
from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState
from tui.services.outbox import TAKEN
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets


@pytest.fixture(params=[Jira, Zendesk, Freshservice], ids=lambda each: each.profile)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    made: Vendor = request.param()
    return made


@asynccontextmanager
async def opened(vendor: Vendor, size: int = 0) -> AsyncIterator[tuple[HttpTickets, Loopback]]:
    found = profile(vendor.profile, size=size)
    async with loopback(vendor) as server:
        source = HttpTickets(found, server.url, BearerFromEnvironment("T", {"T": "invented"}, form=found.auth.form))
        try:
            yield source, server
        finally:
            await source.close()


async def test_tickets_come_whole_and_in_utc(vendor: Vendor) -> None:
    key = vendor.create("Blue screen")
    vendor.edit(key, owner=12)
    vendor.of(key).updated = vendor.of(key).created
    async with opened(vendor) as (source, _):
        [listed] = (await source.changed_since("")).tickets
        assert await source.get(key) == listed
    assert (listed.key, listed.title, listed.body) == (key, "Blue screen", "Key ID 4F3A9C1B")
    assert (listed.caller, listed.priority) == (PEOPLE[21], 2)
    assert listed.opened_at == listed.updated_at == vendor.of(key).created
    # Jira may hide addresses; a name it has.
    assert listed.assignee == ("Somebody" if vendor.profile == "jira" else SECOND)


@pytest.mark.parametrize("size", [1, 3, 4, 10, 11])
async def test_pages_that_share_a_time_lose_nothing(vendor: Vendor, size: int) -> None:
    keys = {vendor.create(f"t{number}") for number in range(10)}
    async with opened(vendor, size) as (source, server):
        batch = await source.changed_since("")
        assert {each.key for each in batch.tickets} == keys
        assert len(batch.tickets) == 10
        assert await source.open_keys() == keys
        assert len(server.asked) < 40


async def test_a_poll_brings_edits_and_a_comparison_finds_what_was_deleted(vendor: Vendor) -> None:
    keys = sorted(vendor.create(f"t{number}") for number in range(5))
    async with opened(vendor, 2) as (source, _):
        batch = await source.changed_since("")
        vendor.edit(keys[3], subject="edited")
        vendor.ahead += timedelta(seconds=90)
        later = await source.changed_since(batch.watermark)
        assert {each.key: each.title for each in later.tickets}[keys[3]] == "edited"
        vendor.edit(keys[1], deleted=True)
        assert await source.open_keys() == set(keys) - {keys[1]}
        vendor.edit(keys[0], status=vendor.closed)
        vendor.ahead += timedelta(seconds=90)
        last = {each.key: each.state for each in (await source.changed_since(later.watermark)).tickets}
        assert last[keys[0]] is IncidentState.CLOSED


async def test_a_first_poll_on_a_machine_whose_clock_is_behind_misses_nothing(vendor: Vendor) -> None:
    vendor.ahead = timedelta(hours=3)
    key = vendor.create("one", ago=600)
    async with opened(vendor) as (source, _):
        batch = await source.changed_since("")
    vendor.edit(key, subject="edited while nobody looked")
    vendor.ahead += timedelta(seconds=300)
    # Another run, which does not know the other clock yet.
    async with opened(vendor) as (source, _):
        later = await source.changed_since(batch.watermark)
        assert [each.title for each in later.tickets if each.key == key] == ["edited while nobody looked"]


async def test_claims_notes_and_states(vendor: Vendor) -> None:
    key = vendor.create("to be worked on")
    async with opened(vendor) as (source, _):
        assert (await source.assign(key, FIRST)).assignee == FIRST
        assert (await source.assign(key, FIRST.upper())).state is IncidentState.CLAIMED
        for other in (SECOND, "stranger@elsewhere.example"):
            with pytest.raises(Problem) as caught:
                await source.assign(key, other)
            assert caught.value.code == (TAKEN if other == SECOND else "")
        assert await source.has_note(key, "mark-1") is False
        await source.add_note(key, "ID confirmed <b>\nby phone", "mark-1")
        assert await source.has_note(key, "mark-1") is True
        [(text, public)] = vendor.of(key).notes
        assert not public
        assert "ID confirmed" in text
        assert ("<b>" in text) is (vendor.profile != "freshservice")
        for state in (IncidentState.WAITING, IncidentState.CLAIMED, IncidentState.CLOSED):
            assert (await source.set_state(key, state)).state is state
        assert vendor.of(key).owner == 11


async def test_somebody_who_is_faster_between_reading_and_writing_is_not_overwritten_where_that_can_be_told() -> None:
    vendor = Zendesk()
    key = vendor.create("raced for")
    async with opened(vendor) as (source, server):
        await source.recognise(FIRST)
        answer = server.answer

        def faster(asked: object) -> object:
            reply = answer(asked)  # type: ignore[arg-type]
            if not vendor.of(key).owner:
                vendor.edit(key, owner=12, updated=vendor.now())
                vendor.of(key).updated += timedelta(seconds=1)
            return reply

        server.answer = faster  # type: ignore[assignment]
        with pytest.raises(Problem) as caught:
            await source.assign(key, FIRST)
        assert caught.value.code == TAKEN
        assert caught.value.what == f"{SECOND} holds this ticket"
    assert vendor.of(key).owner == 12


async def test_a_system_that_throttles_is_left_alone_for_as_long_as_it_says(vendor: Vendor) -> None:
    vendor.create("one")
    vendor.faults = [as_json({}, 429, retry_after="17")]
    async with opened(vendor) as (source, server):
        for _ in range(3):
            with pytest.raises(Problem) as caught:
                await source.changed_since("")
            assert caught.value.kind is ProblemKind.THROTTLED
            assert 0 < (caught.value.retry_after or 0) <= 17
        assert len(server.asked) == 1


async def test_polling_leaves_the_last_calls_to_the_engineer(vendor: Vendor) -> None:
    key = vendor.create("one")
    async with opened(vendor) as (source, server):
        answer = server.answer

        def short(asked: object) -> Reply:
            reply = answer(asked)  # type: ignore[arg-type]
            assert isinstance(reply, Reply)
            left = profile(vendor.profile).rate.left[0]
            return Reply(reply.status, reply.body, {**reply.headers, left: "3"})

        server.answer = short
        await source.changed_since("")
        asked = len(server.asked)
        with pytest.raises(Problem) as caught:
            await source.changed_since("")
        assert caught.value.kind is ProblemKind.THROTTLED
        assert len(server.asked) == asked
        assert (await source.get(key)).key == key


async def test_one_failure_in_the_middle_of_a_list_is_told_and_the_next_poll_is_whole(vendor: Vendor) -> None:
    keys = {vendor.create(f"t{number}") for number in range(7)}
    async with opened(vendor, 3) as (source, server):
        answer = server.answer
        server.answer = lambda asked: as_json({}, 502) if len(server.asked) == 2 else answer(asked)
        with pytest.raises(Problem) as caught:
            await source.changed_since("")
        assert (caught.value.kind, caught.value.status) == (ProblemKind.UPSTREAM, 502)
        assert {each.key for each in (await source.changed_since("")).tickets} == keys


async def test_a_search_that_lags_behind_brings_the_edit_with_a_later_poll() -> None:
    vendor = Jira()
    key = vendor.create("one")
    async with opened(vendor) as (source, _):
        batch = await source.changed_since("")
        vendor.lag = 45
        vendor.edit(key, subject="edited")
        vendor.create("newer and indexed at once", ago=50)
        batch = await source.changed_since(batch.watermark)
        assert key not in {each.key for each in batch.tickets if each.title == "edited"}
        vendor.ahead += timedelta(seconds=46)
        later = await source.changed_since(batch.watermark)
        assert [each.title for each in later.tickets if each.key == key] == ["edited"]


async def test_a_cursor_that_is_no_longer_known_goes_on_from_its_time() -> None:
    vendor = Zendesk()
    key = vendor.create("one", ago=120)
    async with opened(vendor) as (source, _):
        batch = await source.changed_since("")
        time = batch.watermark.rsplit(" ", 1)[0]
        assert batch.watermark != time
        again = await source.changed_since(f"{time} expired")
        assert key in {each.key for each in again.tickets}


async def test_cancelling_a_poll_leaves_nothing_behind(vendor: Vendor) -> None:
    vendor.create("one")
    never = asyncio.Event()
    async with opened(vendor) as (source, server):
        answer = server.answer
        arrived = asyncio.Event()

        def hang(_: object) -> Reply:
            arrived.set()
            return Reply(200, b"", wait=never)

        server.answer = hang
        poll = asyncio.create_task(source.changed_since(""))
        await arrived.wait()
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        server.answer = answer
        assert len((await source.changed_since("")).tickets) == 1
