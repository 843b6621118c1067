"""The queue over a ticket system on loopback: sync, claims, notes, conflicts, network loss, deletions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.services.listed_cache import ListedCache
from tests.services.samples import SetClock
from tests.sources.loopback import Asked, Loopback, Reply, as_json, loopback
from tests.sources.tickets.profiles import profile
from tests.sources.tickets.table import TableDesk
from tui.errors import Problem, ProblemKind
from tui.model.fact import SourceState
from tui.model.incident import IncidentState
from tui.services.outbox import TAKEN, WAITS, UnkeptOutbox, WriteState
from tui.services.queue import QueueService
from tui.services.work_notes import disclosure_note, refuse_digits
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets

ME, OTHER = "me@demo.example", "other@demo.example"
KEY = f"{1:032x}"
ID = f"servicenow:{KEY}"


@dataclass
class Standing:
    """A queue over one source, with everything that a test turns."""

    queue: QueueService
    desk: TableDesk
    server: Loopback
    clock: SetClock
    outbox: UnkeptOutbox
    cache: ListedCache

    def source(self) -> HttpTickets:
        token = BearerFromEnvironment("T", {"T": "invented"})
        return HttpTickets(profile("servicenow"), self.server.url, token, seconds=5)

    def again(self) -> QueueService:
        """Another run of the console on the same state."""
        return QueueService([self.source()], self.cache, self.clock, self.outbox)

    @property
    def healthy(self) -> bool:
        return self.queue.health["servicenow"].state is SourceState.OK

    @property
    def state(self) -> IncidentState:
        incident = self.queue.book.get(ID)
        assert incident is not None
        return incident.ticket.state


@asynccontextmanager
async def standing() -> AsyncIterator[Standing]:
    desk = TableDesk()
    desk.add(KEY, short_description="Blue screen")
    async with loopback(desk) as server:
        clock, outbox, cache = SetClock(), UnkeptOutbox(), ListedCache()
        found = Standing(None, desk, server, clock, outbox, cache)  # type: ignore[arg-type]
        found.queue = found.again()
        await found.queue.sync("servicenow")
        try:
            yield found
        finally:
            await found.queue.close()


def down(_: Asked) -> Reply:
    return Reply(200, b'{"result":', {"content-type": "application/json", "content-length": "99"}, cut=5)


async def test_a_claim_is_sent_shown_and_confirmed_a_little_later() -> None:
    async with standing() as each:
        incident = await each.queue.claim(ID, ME)
        assert (incident.ticket.assignee, incident.ticket.state) == (ME, IncidentState.CLAIMED)
        [write] = each.queue.writes.pending(ID)
        assert write.state is WriteState.SENT
        each.clock.go(3)
        await each.queue.sync("servicenow")
        assert each.queue.writes.pending(ID) == ()
        assert [patch.get("assigned_to") for patch in each.desk.patches] == [ME]


async def test_a_claim_of_somebody_elses_ticket_says_who_and_shows_it_at_once() -> None:
    async with standing() as each:
        each.desk.touch(KEY, assigned_to=OTHER, state="2")
        with pytest.raises(Problem) as caught:
            await each.queue.claim(ID, ME)
        assert (caught.value.code, caught.value.what) == (TAKEN, f"{OTHER} holds this ticket")
        incident = each.queue.book.get(ID)
        assert incident is not None
        assert incident.ticket.assignee == OTHER
        assert each.queue.writes.pending(ID) == ()
        assert each.desk.patches == []


async def test_a_claim_that_was_overwritten_right_after_it_is_told() -> None:
    async with standing() as each:
        await each.queue.claim(ID, ME)
        each.desk.touch(KEY, assigned_to=OTHER)
        each.clock.go(3)
        await each.queue.sync("servicenow")
        [write] = each.queue.writes.pending(ID)
        assert write.state is WriteState.CONFLICT
        assert OTHER in write.detail
        assert len(each.desk.patches) == 1
        await each.queue.writes.acknowledge(write.id)
        assert each.queue.writes.all_pending() == ()


async def test_writes_wait_while_the_network_is_gone_and_go_out_once_in_order() -> None:
    async with standing() as each:
        each.server.answer = down
        for attempt in (
            each.queue.claim(ID, ME),
            each.queue.note(ID, "ID confirmed"),
            each.queue.set_state(ID, IncidentState.WAITING),
        ):
            with pytest.raises(Problem, match="waits in the outbox") as caught:
                await attempt
            assert (caught.value.kind, caught.value.code) == (ProblemKind.UNREACHABLE, WAITS)
        await each.queue.sync("servicenow")
        assert each.queue.health["servicenow"].state is SourceState.UNREACHABLE
        assert len(each.queue.writes.pending(ID)) == 3
        each.server.answer = each.desk
        for _ in range(6):
            each.clock.go(400)
            await each.queue.sync("servicenow")
        assert each.queue.writes.all_pending() == ()
        assert each.healthy
        assert each.desk.records[KEY]["assigned_to"] == ME
        assert (each.desk.records[KEY]["state"], each.state) == ("3", IncidentState.WAITING)
        assert [sorted(patch)[0] for patch in each.desk.patches if patch] == ["assigned_to", "hold_reason"]
        [note] = each.desk.notes[KEY]
        assert note.startswith("ID confirmed")


async def test_a_later_write_of_the_same_ticket_does_not_overtake_one_that_waits() -> None:
    async with standing() as each:
        each.server.answer = down
        with pytest.raises(Problem, match="waits"):
            await each.queue.claim(ID, ME)
        each.server.answer = each.desk
        asked = len(each.server.asked)
        with pytest.raises(Problem, match="waits"):
            await each.queue.set_state(ID, IncidentState.WAITING)
        assert len(each.server.asked) == asked
        each.clock.go(10)
        await each.queue.sync("servicenow")
        assert [sorted(patch)[0] for patch in each.desk.patches] == ["assigned_to", "hold_reason"]


async def test_a_note_whose_answer_was_lost_is_not_written_twice() -> None:
    async with standing() as each:

        def lossy(asked: Asked) -> Reply:
            reply = each.desk(asked)
            return reply if asked.method == "GET" else Reply(200, b"x" * 50, reply.headers, cut=5)

        each.server.answer = lossy
        with pytest.raises(Problem, match="waits"):
            await each.queue.note(ID, "once")
        assert len(each.desk.notes[KEY]) == 1
        each.server.answer = each.desk
        each.clock.go(60)
        later = each.again()
        await later.load_cached()
        await later.sync("servicenow")
        assert later.writes.all_pending() == ()
        assert len(each.desk.notes[KEY]) == 1
        await later.close()


async def test_a_state_that_somebody_else_has_moved_on_is_not_overwritten() -> None:
    async with standing() as each:
        await each.queue.claim(ID, ME)
        each.desk.touch(KEY, state="6")
        with pytest.raises(Problem) as caught:
            await each.queue.set_state(ID, IncidentState.WAITING)
        assert caught.value.code == TAKEN
        assert "closed by now" in caught.value.what
        assert each.desk.records[KEY]["state"] == "6"
        assert each.state is IncidentState.CLOSED


async def test_what_is_refused_is_said_and_not_tried_again() -> None:
    async with standing() as each:
        each.server.answer = lambda asked: as_json({}, 403) if asked.method == "PATCH" else each.desk(asked)
        with pytest.raises(Problem) as caught:
            await each.queue.note(ID, "text")
        assert caught.value.kind is ProblemKind.FORBIDDEN
        asked = len(each.server.asked)
        each.clock.go(4000)
        await each.queue.writes.drain()
        assert len(each.server.asked) == asked


async def test_a_deleted_ticket_is_closed_here() -> None:
    async with standing() as each:
        del each.desk.records[KEY]
        each.clock.go(601)
        await each.queue.sync("servicenow")
        assert each.state is IncidentState.CLOSED


async def test_many_deleted_tickets_and_one_that_may_not_be_read_are_gone_through_a_part_at_a_time() -> None:
    async with standing() as each:
        for number in range(2, 123):
            each.desk.add(f"{number:032x}")
        await each.queue.sync("servicenow")
        assert each.queue.book.open_count == 122
        secret = f"{3:032x}"
        each.server.answer = lambda asked: as_json({}, 403) if asked.path.endswith(secret) else each.desk(asked)
        each.desk.records = {KEY: each.desk.records[KEY]}
        each.clock.go(601)
        for left in (73, 23, 2):
            await each.queue.sync("servicenow")
            assert each.queue.book.open_count == left
            assert each.healthy


async def test_a_source_that_fails_does_not_stop_the_others_and_keeps_its_age() -> None:
    async with standing() as each, loopback(lambda _: as_json({}, 500)) as broken:
        bad = HttpTickets(profile("servicenow"), broken.url, BearerFromEnvironment("T", {"T": "x"}), name="bad")
        queue = QueueService([bad, each.source()], each.cache, each.clock)
        await asyncio.gather(*(queue.sync(name) for name in queue.source_names))
        assert len(queue.book) == 1
        assert (queue.health["bad"].state, queue.health["bad"].observed_at) == (SourceState.UNREACHABLE, None)
        assert queue.health["servicenow"].observed_at == each.clock.at
        await queue.close()


async def test_a_source_that_throttles_is_asked_again_only_when_it_said() -> None:
    async with standing() as each:
        each.server.answer = lambda _: as_json({}, 429, retry_after="30")
        await each.queue.sync("servicenow")
        assert each.queue.health["servicenow"].state is SourceState.THROTTLED
        asked = len(each.server.asked)
        each.clock.go(20)
        await each.queue.sync("servicenow")
        assert len(each.server.asked) == asked


def password() -> str:
    """An invented recovery password, made of 16-bit words."""
    return "-".join(f"{word * 11:06}" for word in (101, 2022, 30303, 4404, 55055, 606, 7070, 65535))


@pytest.mark.parametrize("shape", ["{}", "the key is {} ok", "{:.34}", "key:\n{}"])
async def test_no_digits_of_a_key_leave_in_a_note(shape: str) -> None:
    text = shape.format(password())
    with pytest.raises(Problem) as caught:
        refuse_digits(text)
    assert caught.value.kind is ProblemKind.POLICY
    assert password()[:13] not in str(caught.value)
    async with standing() as each:
        with pytest.raises(Problem):
            await each.queue.note(ID, text)
        assert each.desk.patches == []
        assert await each.outbox.unfinished() == []


def test_the_note_of_a_disclosure_names_the_key_id_and_the_audit_row() -> None:
    key_id = "4f3a9c1b-0000-4000-8000-00000000000a"
    note = disclosure_note(key_id, 4711, "LT-1")
    assert key_id in note
    assert "4711" in note
    assert refuse_digits(note) == note
