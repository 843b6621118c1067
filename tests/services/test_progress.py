"""The work on an incident: steps are rows, closing needs its facts, and time is counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.samples import MORNING, ListedAudit, SetClock, incident
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, Operator
from tui.model.cause import CauseCode
from tui.model.incident import Incident, IncidentState
from tui.services.progress import FOLLOWS, Closing, ProgressService, due_at, minutes_left, read_steps, standing

STATES = list(IncidentState)
COARSE = {
    IncidentState.DISCLOSED: IncidentState.CLAIMED,
    IncidentState.UNLOCKED: IncidentState.CLAIMED,
    IncidentState.ROTATION_DUE: IncidentState.CLAIMED,
}
"""What a ticket system makes of the console's own states."""


class TicketSystem:
    """Keeps the one incident as a coarse system does."""

    def __init__(self, found: Incident) -> None:
        self.incident = found
        self.moves: list[IncidentState] = []

    async def move(self, incident_id: str, state: IncidentState) -> Incident:
        self.moves.append(state)
        self.incident = replace(self.incident, ticket=replace(self.incident.ticket, state=COARSE.get(state, state)))
        return self.incident


def working(audit: ListedAudit, clock: SetClock, system: TicketSystem) -> ProgressService:
    return ProgressService(audit, clock, lambda: Operator("me@demo.example"), system.move)


def closing(clock: SetClock, cause: CauseCode | None = CauseCode.PCR_MISMATCH, owner: str = "") -> Closing:
    return Closing(clock.at, cause, owner)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(STATES), max_size=12))
async def test_only_steps_that_follow_are_taken_and_the_rows_say_where_it_stands(wanted: list[IncidentState]) -> None:
    clock = SetClock()
    audit, system = ListedAudit(clock), TicketSystem(incident("1"))
    service, stands, taken = working(audit, clock, system), IncidentState.NEW, 0
    for after in wanted:
        clock.go(60)
        if after in FOLLOWS[stands]:
            await service.step(system.incident, after, closing(clock))
            stands, taken = after, taken + 1
        else:
            with pytest.raises(Problem, match="cannot follow"):
                await service.step(system.incident, after, closing(clock))
        assert service.state(system.incident) is stands
    assert audit.events == [AuditEvent.REVIEW.value] * taken
    assert len(system.moves) == taken
    later = working(audit, clock, system)
    await later.load()
    assert later.state(system.incident) is stands


def test_a_disclosed_key_is_never_just_closed() -> None:
    assert IncidentState.CLOSED not in FOLLOWS[IncidentState.DISCLOSED]
    assert set(FOLLOWS) == set(STATES)


@pytest.mark.parametrize(
    ("offered", "word"),
    [
        (None, "unlocked is missing"),
        (Closing(None, CauseCode.PCR_MISMATCH), "unlocked is missing"),
        (Closing(MORNING - timedelta(hours=1), CauseCode.PCR_MISMATCH), "between the ticket's opening and now"),
        (Closing(MORNING + timedelta(hours=9), CauseCode.PCR_MISMATCH), "between the ticket's opening and now"),
        (Closing(MORNING, None), "cause is missing"),
        (Closing(MORNING, CauseCode.UNKNOWN, " "), "needs an owner"),
    ],
)
async def test_closing_needs_a_time_and_a_cause_or_an_owner(offered: Closing | None, word: str) -> None:
    clock = SetClock()
    audit, system = ListedAudit(clock), TicketSystem(incident("1", state=IncidentState.CLAIMED))
    service = working(audit, clock, system)
    with pytest.raises(Problem) as caught:
        await service.step(system.incident, IncidentState.CLOSED, offered)
    assert caught.value.kind is ProblemKind.POLICY
    assert word in caught.value.why
    assert (audit.events, system.moves) == ([], [])
    await service.step(system.incident, IncidentState.CLOSED, Closing(MORNING, CauseCode.UNKNOWN, "endpoint team"))
    [row] = audit.written
    assert read_steps([row])[system.incident.id].owner == "endpoint team"


async def test_a_step_that_cannot_be_recorded_is_not_taken() -> None:
    clock = SetClock()
    audit = ListedAudit(clock, fails_on=frozenset({AuditEvent.REVIEW}))
    system = TicketSystem(incident("1"))
    service = working(audit, clock, system)
    with pytest.raises(Problem):
        await service.step(system.incident, IncidentState.CLAIMED)
    assert system.moves == []
    assert service.state(system.incident) is IncidentState.NEW


def test_the_ticket_system_has_the_last_word_on_what_it_knows() -> None:
    found = incident("1", state=IncidentState.CLAIMED)
    clock = SetClock()
    rows = ListedAudit(clock)
    assert standing(found, read_steps(rows.written)) is IncidentState.CLAIMED
    for told in (IncidentState.NEW, IncidentState.WAITING, IncidentState.CLOSED):
        moved = replace(found, ticket=replace(found.ticket, state=told))
        assert standing(moved, {}) is told


def test_time_counts_by_the_system_else_by_priority_and_stands_while_the_caller_is_waited_for() -> None:
    plain = incident("1", priority=2).ticket
    assert due_at(plain) == plain.opened_at + timedelta(hours=1)
    assert due_at(replace(plain, vip=True)) == plain.opened_at + timedelta(minutes=30)
    assert due_at(replace(plain, due_at=MORNING)) == MORNING
    assert minutes_left(plain, plain.opened_at + timedelta(minutes=45)) == 15
    assert minutes_left(plain, plain.opened_at + timedelta(minutes=61)) == -1
    for state in (IncidentState.WAITING, IncidentState.CLOSED):
        assert minutes_left(replace(plain, state=state), MORNING) is None
