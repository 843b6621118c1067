"""The mass service: in step with the queue, surges as they come, decisions that the audit remembers."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.inventory_samples import APRIL_BUILD, MARCH, managed
from tests.services.listed_cache import ListedCache
from tests.services.samples import MORNING, ListedAudit, SetClock, ticket
from tests.services.test_groups import row_of
from tests.support.values import replace
from tui.errors import Problem
from tui.model.audit import AuditEntry, AuditEvent, Operator
from tui.model.cause import Cause, CauseCode, Confidence
from tui.model.fact import SourceState
from tui.model.incident import IncidentState, Ticket
from tui.ports import TicketBatch
from tui.services.evidence_rows import evidence_of_rows
from tui.services.fleet import Fleet
from tui.services.group_export import export_group
from tui.services.groups import group_incidents
from tui.services.incident_evidence import Facets, IncidentEvidence
from tui.services.mass import SLICE, MassService
from tui.services.queue import QueueService

TEXT = "BitLocker recovery, it says E_FVE_SECUREBOOT_CHANGED. Update history shows KB5083769."
ME = Operator("ada@demo.example", "1")


@dataclass
class ListedTickets:
    """A ticket source that gives what is put into it."""

    waiting: list[Ticket] = field(default_factory=list)
    name: str = "desk"

    async def changed_since(self, watermark: str) -> TicketBatch:
        given, self.waiting = tuple(self.waiting), []
        return TicketBatch(given, "x")


@dataclass
class Room:
    """A queue, an audit and the service over them."""

    source: ListedTickets
    queue: QueueService
    audit: ListedAudit
    clock: SetClock
    mass: MassService

    async def arrive(self, *tickets: Ticket) -> None:
        self.source.waiting += tickets
        await self.queue.sync("desk")
        assert self.queue.health["desk"].state is SourceState.OK


def room(audit: ListedAudit | None = None) -> Room:
    clock, source = SetClock(MORNING + timedelta(hours=2)), ListedTickets()
    audit = audit or ListedAudit(clock)
    queue = QueueService([cast(Any, source)], ListedCache(), clock)
    return Room(source, queue, audit, clock, MassService(queue, audit, clock, lambda: ME, {}))


def wave(count: int, start: int = 0) -> list[Ticket]:
    return [ticket(f"{number:05d}", number - start, body=TEXT) for number in range(start, start + count)]


async def test_what_comes_while_it_looks_back_is_taken_in() -> None:
    here = room()
    await here.arrive(*wave(300))
    looking = asyncio.create_task(here.mass.catch_up())
    await asyncio.sleep(0)
    assert here.mass.behind
    await here.arrive(*wave(20, start=300))
    await looking
    assert not here.mass.behind
    [group] = here.mass.groups()
    assert len(group.members) == 320


async def test_who_cannot_wait_for_the_look_back_has_its_own() -> None:
    here = room()
    await here.arrive(*wave(300))
    looking = asyncio.create_task(here.mass.catch_up())
    await asyncio.sleep(0)
    [at_once] = here.mass.groups()
    [group] = await looking
    assert group.members == at_once.members
    assert len(group.members) == 300


async def test_groups_follow_the_queue() -> None:
    here = room()
    await here.arrive(*wave(3))
    assert [len(group.members) for group in here.mass.groups()] == [3]
    await here.arrive(*wave(2, start=3))
    assert here.mass.behind
    assert [len(group.members) for group in await here.mass.catch_up()] == [5]
    closed = replace(wave(1)[0], state=IncidentState.CLOSED, updated_at=here.clock.now())
    await here.arrive(closed)
    (group,) = here.mass.groups()
    assert group.open_count == 4
    assert here.mass.groups() == group_incidents(here.queue.book.all(), {})


async def test_many_incidents_do_not_hold_the_loop() -> None:
    here = room()
    await here.arrive(*[ticket(f"{n:05d}", body="BitLocker asks") for n in range(SLICE * 5)])
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await here.mass.catch_up()
    ticking.cancel()
    assert turns >= 5
    assert len(here.mass.book) == SLICE * 5


async def test_a_wave_is_a_surge_and_ends() -> None:
    here = room()
    await here.arrive(*wave(30))
    here.clock.at = MORNING + timedelta(minutes=31)
    await here.mass.catch_up()
    surges = here.mass.surges()
    assert {surge.key is None for surge in surges} == {True, False}
    assert all(surge.first == "desk:00000" for surge in surges)
    here.clock.at = MORNING + timedelta(hours=6)
    assert here.mass.surges() == []


async def test_yesterdays_tickets_teach_and_do_not_alarm() -> None:
    here = room()
    old = [ticket(f"{number:05d}", -60 * 24 * 30 + number * 60, body=TEXT) for number in range(600)]
    await here.arrive(*old)
    await here.mass.catch_up()
    assert here.mass.surges() == []
    assert here.mass.watch is not None
    assert here.mass.watch.baseline.per_hour == pytest.approx(1.0, rel=0.2)


async def test_decisions_are_audited_remembered_and_reversible() -> None:
    here = room()
    await here.arrive(*wave(4), *[replace(each, body=TEXT.replace("5083769", "5082052")) for each in wave(3, start=9)])
    one, other = here.mass.groups()
    edit = await here.mass.merge(other.key, one.key)
    assert [len(group.members) for group in here.mass.groups()] == [7]
    row = here.audit.written[-1]
    assert (row.entry.event, row.entry.operator) == (AuditEvent.REVIEW, ME)
    later = room(here.audit)
    await later.arrive(*wave(4), *[replace(each, body=TEXT.replace("5083769", "5082052")) for each in wave(3, start=9)])
    await later.mass.load()
    assert [len(group.members) for group in later.mass.groups()] == [7]
    await here.mass.undo(edit)
    assert here.mass.groups() == (one, other)


async def test_a_denied_incident_leaves_and_a_split_takes_some() -> None:
    here = room()
    await here.arrive(*wave(5))
    (group,) = here.mass.groups()
    await here.mass.deny(group.key, "desk:00001")
    await here.mass.split(group.key, ("desk:00002",), "docked")
    assert sorted(len(each.members) for each in here.mass.groups()) == [1, 1, 3]


async def test_what_must_stay_apart_is_not_merged() -> None:
    here = room()
    await here.arrive(*wave(2), ticket("9", body="It hangs in a repair loop, no key is asked for."))
    pcr, other = here.mass.groups()
    with pytest.raises(Problem, match="not merged"):
        await here.mass.merge(other.key, pcr.key)
    assert here.audit.written == []


async def test_a_group_closes_when_all_are_closed_and_comes_back_with_a_new_one() -> None:
    here = room()
    await here.arrive(*wave(2))
    (group,) = here.mass.groups()
    with pytest.raises(Problem, match="still open"):
        await here.mass.close(group)
    await here.arrive(*[replace(each, state=IncidentState.CLOSED, updated_at=here.clock.now()) for each in wave(2)])
    (group,) = here.mass.groups()
    await here.mass.close(group)
    assert here.mass.is_closed(group)
    await here.arrive(*wave(1, start=7))
    assert not here.mass.is_closed(here.mass.groups()[0])


async def test_what_is_learned_moves_the_incident_and_fills_its_facets() -> None:
    here = room()
    await here.arrive(*wave(2))
    here.mass.groups()
    cause = Cause(CauseCode.USER_REQUESTED, confidence=Confidence.CERTAIN)
    here.mass.learn("desk:00000", IncidentEvidence(cause=cause, facets=Facets(model="Tower 7020")))
    assert {group.key.cause for group in here.mass.groups()} == {CauseCode.USER_REQUESTED, CauseCode.SECUREBOOT_CHANGED}
    mine = next(group for group in here.mass.groups() if group.key.cause is CauseCode.USER_REQUESTED)
    members, fleet = here.mass.facets(mine)
    assert [each.model for each in members] == ["Tower 7020"]
    assert fleet == []


async def test_a_decision_that_cannot_be_recorded_changes_nothing() -> None:
    here = room()
    await here.arrive(*wave(2))
    (group,) = here.mass.groups()
    here.audit.fails_on = frozenset({AuditEvent.REVIEW})
    with pytest.raises(Problem):
        await here.mass.deny(group.key, group.members[0])
    assert here.mass.groups() == (group,)


async def test_a_ticket_that_changes_again_and_again_is_no_surge() -> None:
    here = room()
    (one,) = wave(1)
    for minute in range(40):
        here.clock.at = MORNING + timedelta(minutes=minute)
        await here.arrive(replace(one, title=f"changed {minute}", updated_at=here.clock.now()))
        await here.mass.catch_up()
    assert here.mass.surges() == []
    assert len(here.mass.book) == 1


async def test_an_export_holds_the_members_and_a_script_only_for_devices_that_wait(tmp_path: Path) -> None:
    here = room()
    await here.arrive(*wave(3))
    (group,) = here.mass.groups()
    bare = await export_group(here.mass, here.audit, ME, tmp_path / "one", group, 2)
    assert [path.name.rsplit("-", 1)[1] for path in bare.paths] == ["members.csv"]
    assert "inventory has not been read" in bare.left_out
    assert bare.paths[0].read_text(encoding="utf-8").count("DEMO-") == 3
    here.mass.show_fleet(Fleet((managed("LT-9", MARCH), managed("LT-8", APRIL_BUILD)), MORNING))
    full = await export_group(here.mass, here.audit, ME, tmp_path / "two", group, 2)
    assert [path.name.rsplit("-", 1)[1] for path in full.paths] == ["members.csv", "waiting.csv", "suspend.ps1"]
    script = full.paths[2].read_text(encoding="utf-8")
    assert "'LT-9'" in script
    assert "LT-8" not in script
    assert here.audit.events == ["export", "export"]


async def test_collected_evidence_outlives_the_console_and_keeps_what_directories_said() -> None:
    here = room()
    await here.arrive(*wave(3))
    here.mass.learn("desk:00000", IncidentEvidence(facets=Facets(model="Tower 7020", site="Berlin")))
    cause = Cause(CauseCode.WRONG_PIN, confidence=Confidence.CERTAIN, because=("event 24635",))
    collected = IncidentEvidence(cause=cause, facets=Facets(build="26100.8246"))
    incident = here.queue.book.get("desk:00000")
    assert incident is not None
    await here.mass.remember(incident, "bundle.zip", collected)
    known = here.mass.known("desk:00000")
    assert known is not None
    assert known.facets == Facets(model="Tower 7020", site="Berlin", build="26100.8246")
    later = MassService(here.queue, here.audit, here.clock, lambda: ME, {})
    await later.load()
    assert later.known("desk:00000") == collected
    sizes = {group.key.cause: len(group.members) for group in later.groups()}
    assert sizes == {CauseCode.SECUREBOOT_CHANGED: 2, CauseCode.WRONG_PIN: 1}
    assert [group.key for group in later.groups()] == [group.key for group in here.mass.groups()]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_a_damaged_row_of_evidence_is_passed_over(data: bytes) -> None:
    note = "evidence " + data.decode("utf-8", "replace")
    assert evidence_of_rows([row_of(AuditEntry(event=AuditEvent.REVIEW, note=note))]) == {}
