"""The adapter against a real Request Tracker 5 and a real Redmine 5: the same cases for both."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.real.desks import FIRST, SECOND, RealDesk, opened
from tests.services.listed_cache import ListedCache
from tests.services.samples import SetClock
from tui.errors import Problem, ProblemKind
from tui.model.fact import SourceState
from tui.model.incident import IncidentState
from tui.services.outbox import TAKEN
from tui.services.queue import QueueService
from tui.services.work_notes import disclosure_note
from tui.store.outbox import open_outbox

pytestmark = pytest.mark.timeout(300)

MOVES = (IncidentState.WAITING, IncidentState.CLAIMED, IncidentState.CLOSED)


@pytest.fixture(params=["rt", "redmine_desk"], ids=["request-tracker", "redmine"])
def desk(request: pytest.FixtureRequest) -> RealDesk:
    found: RealDesk = request.getfixturevalue(request.param)
    return found


async def test_a_ticket_comes_with_its_text_device_and_utc_times(desk: RealDesk) -> None:
    key = desk.create("Blue screen", "Key ID 4F3A9C1B\nasks at each start", "LT-0007")
    async with opened(desk) as source:
        found = await source.get(key)
        listed = {each.key: each for each in (await source.changed_since("")).tickets}[key]
    assert listed == found
    assert (found.title, found.device_name, found.number) == ("Blue screen", "LT-0007", key)
    assert "Key ID 4F3A9C1B" in found.body
    assert (found.state, found.assignee, found.due_at) == (IncidentState.NEW, "", None)


async def test_pages_and_watermark_miss_nothing_and_a_poll_brings_what_changed(desk: RealDesk) -> None:
    keys = {desk.create(f"page {number}") for number in range(7)}
    async with opened(desk, size=3) as source:
        batch = await source.changed_since("")
        assert keys <= {each.key for each in batch.tickets}
        assert len(batch.tickets) == len({each.key for each in batch.tickets})
        quiet = await source.changed_since(batch.watermark)
        assert quiet.watermark >= batch.watermark
        edited = sorted(keys)[2]
        desk.rename(edited, "another subject")
        later = await source.changed_since(quiet.watermark)
        assert {each.key: each.title for each in later.tickets}[edited] == "another subject"
        desk.remove(edited)
        assert edited not in await source.open_keys()
        assert keys - {edited} <= await source.open_keys()


async def test_claim_note_states_and_link(desk: RealDesk) -> None:
    key, parent = desk.create("to be worked on"), desk.create("the problem behind it")
    async with opened(desk) as source:
        claimed = await source.assign(key, FIRST)
        assert (claimed.assignee, claimed.state) == (FIRST, IncidentState.CLAIMED)
        assert (await source.assign(key, FIRST)).assignee == FIRST
        marker = uuid.uuid4().hex[:12]
        assert await source.has_note(key, marker) is False
        await source.add_note(key, "Key ID confirmed.", marker)
        assert await source.has_note(key, marker) is True
        [note] = desk.notes(key)
        assert note.startswith("Key ID confirmed.")
        for state in MOVES:
            assert (await source.set_state(key, state)).state is state
        assert key not in await source.open_keys()
        await source.link(key, parent)
        await source.link(key, parent)


async def test_of_two_claimants_one_holds_the_ticket_and_the_other_is_told_who(desk: RealDesk) -> None:
    async with opened(desk, FIRST) as one, opened(desk, SECOND) as other:
        await asyncio.gather(one.recognise(FIRST), other.recognise(SECOND))
        for number in range(4):
            key = desk.create(f"race {number}")
            outcomes = await asyncio.gather(one.assign(key, FIRST), other.assign(key, SECOND), return_exceptions=True)
            holder = (await one.get(key)).assignee
            name = "first" if "first" in holder.casefold() else "second"
            lost = [each for each in outcomes if isinstance(each, Problem)]
            assert all((each.kind, each.code) == (ProblemKind.POLICY, TAKEN) for each in lost), outcomes
            assert all(name in each.what.casefold() for each in lost)
            loser, me = (other, SECOND) if name == "first" else (one, FIRST)
            with pytest.raises(Problem) as caught:
                await loser.assign(key, me)
            assert caught.value.code == TAKEN


async def test_a_claim_by_somebody_the_system_does_not_know_is_refused_and_changes_nothing(desk: RealDesk) -> None:
    key = desk.create("nobody's")
    async with opened(desk) as source:
        with pytest.raises(Problem) as caught:
            await source.assign(key, "stranger@elsewhere.example")
        assert caught.value.what == "The ticket was not claimed"
        assert (await source.get(key)).assignee == ""


async def test_a_server_that_is_killed_and_comes_back_is_caught_up_with(desk: RealDesk) -> None:
    first = desk.create("before the crash")
    async with opened(desk) as source:
        batch = await source.changed_since("")
        await asyncio.to_thread(desk.server.stop)
        for attempt in (source.changed_since(batch.watermark), source.assign(first, FIRST), source.get(first)):
            with pytest.raises(Problem) as caught:
                await attempt
            assert caught.value.kind is ProblemKind.UNREACHABLE
        await asyncio.to_thread(desk.server.start)
        second = await asyncio.to_thread(desk.create, "after it")
        later = await source.changed_since(batch.watermark)
        assert second in {each.key for each in later.tickets}
        assert (await source.assign(first, FIRST)).assignee == FIRST


async def test_a_bad_credential_and_a_ticket_that_is_not_there_have_their_own_words(desk: RealDesk) -> None:
    async with opened(desk) as source:
        with pytest.raises(Problem) as caught:
            await source.get("999999")
        assert caught.value.kind is ProblemKind.NOT_FOUND
        with pytest.raises(Problem) as caught:
            await source.get("1/comment")
        assert caught.value.kind is ProblemKind.NOT_FOUND


async def test_times_are_utc_although_the_servers_live_in_zones_of_their_own(desk: RealDesk) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    key = desk.create("when")
    async with opened(desk) as source:
        found = await source.get(key)
    assert before <= found.opened_at <= found.updated_at <= datetime.now(UTC) + timedelta(seconds=5)


async def test_writes_that_were_made_while_the_server_was_gone_go_out_once(desk: RealDesk, tmp_path: Path) -> None:
    key = desk.create("worked on in the dark")
    clock = SetClock()
    async with opened(desk) as source, await open_outbox(tmp_path / "state") as outbox:
        queue = QueueService([source], ListedCache(), clock, outbox)
        await queue.sync(source.name)
        incident_id = f"{source.name}:{key}"
        await asyncio.to_thread(desk.server.stop)
        for attempt in (
            queue.claim(incident_id, FIRST),
            queue.note(incident_id, disclosure_note("4f3a9c1b-0000-4000-8000-00000000000a", 17)),
            queue.set_state(incident_id, IncidentState.WAITING),
        ):
            with pytest.raises(Problem, match="waits in the outbox"):
                await attempt
        assert len(queue.writes.pending(incident_id)) == 3
        await asyncio.to_thread(desk.server.start)
        for _ in range(6):
            clock.go(400)
            await queue.sync(source.name)
        assert queue.writes.all_pending() == ()
        found = queue.book.get(incident_id)
        assert found is not None
        assert (found.ticket.assignee, found.ticket.state) == (FIRST, IncidentState.WAITING)
        [note] = desk.notes(key)
        assert "Audit sequence: 17" in note


async def test_a_deleted_ticket_leaves_the_queue(desk: RealDesk) -> None:
    key = desk.create("to be deleted")
    clock = SetClock()
    async with opened(desk) as source:
        queue = QueueService([source], ListedCache(), clock)
        await queue.sync(source.name)
        desk.remove(key)
        clock.go(601)
        await queue.sync(source.name)
        found = queue.book.get(f"{source.name}:{key}")
        assert found is not None
        assert found.ticket.state is IncidentState.CLOSED
        assert queue.health[source.name].state is SourceState.OK
