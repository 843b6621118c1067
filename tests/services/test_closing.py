"""Closing an incident: its facts are known, no debt is forgotten, and the row comes first."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.samples import MORNING, ListedAudit, SetClock, incident
from tests.support.values import replace
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, DeviceRef, Operator
from tui.model.cause import CauseCode
from tui.model.incident import Incident, IncidentState
from tui.services.closing import Closing, ClosingService, read_unlocked
from tui.services.outbox import WAITS
from tui.services.rotation import Debt

FOUND = incident("1", state=IncidentState.CLAIMED)
NOW = MORNING + timedelta(hours=1)
RIGHT = Closing(MORNING + timedelta(minutes=20), CauseCode.PCR_MISMATCH)


@dataclass
class Systems:
    """A ticket system and the debts of a ticket."""

    owed: tuple[Debt, ...] = ()
    refuses: Problem | None = None
    moves: list[IncidentState] = field(default_factory=list)

    async def set_state(self, incident_id: str, state: IncidentState, actor: str = "") -> Incident:
        if self.refuses is not None:
            raise self.refuses
        self.moves.append(state)
        return replace(FOUND, ticket=replace(FOUND.ticket, state=state))

    async def blocking(self, ticket: str) -> tuple[Debt, ...]:
        return self.owed if ticket == FOUND.ticket.number else ()


def closing(systems: Systems, fails_on: frozenset[AuditEvent] = frozenset()) -> tuple[ClosingService, ListedAudit]:
    rows = ListedAudit(SetClock(NOW), fails_on=fails_on)
    return ClosingService(rows, rows.clock, lambda: Operator("me@demo.example"), systems, systems.blocking), rows


@pytest.mark.parametrize(
    ("closing_with", "said"),
    [
        (RIGHT, "unlocked 2026-04-15T07:30Z; cause pcr_mismatch"),
        (replace(RIGHT, cause=CauseCode.UNKNOWN, owner="endpoint team"), "cause unknown; goes on: endpoint team"),
        (
            Closing(None, CauseCode.TPM_FAILURE, "repair desk"),
            "never unlocked; cause tpm_failure; goes on: repair desk",
        ),
    ],
)
async def test_an_incident_is_closed_with_its_facts_in_a_row(closing_with: Closing, said: str) -> None:
    systems = Systems()
    service, audit = closing(systems)
    assert (await service.close(FOUND, closing_with)).ticket.state is IncidentState.CLOSED
    (row,) = audit.written
    assert (row.entry.event, row.entry.ended_by, row.entry.ticket) == (AuditEvent.REVIEW, "closed", "INC1")
    assert said in row.entry.note
    assert row.entry.operator.upn == "me@demo.example"
    assert systems.moves == [IncidentState.CLOSED]


@pytest.mark.parametrize(
    ("closing_with", "word"),
    [
        (replace(RIGHT, unlocked_at=MORNING - timedelta(minutes=1)), "not unlocked then"),
        (replace(RIGHT, unlocked_at=NOW + timedelta(minutes=1)), "not unlocked then"),
        (replace(RIGHT, cause=CauseCode.UNKNOWN), "unknown cause needs an owner"),
        (replace(RIGHT, unlocked_at=None), "stayed locked needs an owner"),
    ],
)
async def test_what_is_not_known_keeps_it_open(closing_with: Closing, word: str) -> None:
    systems = Systems()
    service, audit = closing(systems)
    with pytest.raises(Problem, match=word) as caught:
        await service.close(FOUND, closing_with)
    assert caught.value.kind is ProblemKind.POLICY
    assert (audit.events, systems.moves) == ([], [])


async def test_an_open_debt_keeps_it_open_whatever_the_screen_asked() -> None:
    systems = Systems((Debt("4a23d596-0000-4000-8000-000000000001", DeviceRef("d"), "INC1", MORNING),))
    service, audit = closing(systems)
    with pytest.raises(Problem, match="not proven rotated: 4A23D596"):
        await service.close(FOUND, RIGHT)
    assert (audit.events, systems.moves) == ([], [])


async def test_without_a_row_the_ticket_system_is_not_told() -> None:
    systems = Systems()
    service, _ = closing(systems, fails_on=frozenset({AuditEvent.REVIEW}))
    with pytest.raises(Problem, match="audit"):
        await service.close(FOUND, RIGHT)
    assert systems.moves == []


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (Problem(ProblemKind.UPSTREAM, "Somebody else changed the ticket"), "not-closed"),
        (Problem(ProblemKind.UNREACHABLE, "The state waits in the outbox", code=WAITS), "waits"),
    ],
)
async def test_what_the_ticket_system_did_not_take_is_a_row_too(problem: Problem, told: str) -> None:
    service, audit = closing(Systems(refuses=problem))
    with pytest.raises(Problem, match=problem.what):
        await service.close(FOUND, RIGHT)
    assert [row.entry.ended_by for row in audit.written] == ["closed", told]


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:60", "7", "2026-02-30 07:00", "07:00 08:00", "²:00"])
def test_no_time_is_refused(text: str) -> None:
    with pytest.raises(Problem, match=r"unlock|is no time"):
        read_unlocked(text, NOW)


def test_never_is_an_answer() -> None:
    assert read_unlocked(" Never ", NOW) is None


@given(st.integers(0, 360 * 24 * 3600), st.integers(0, 24 * 60 - 1))
def test_a_time_of_the_clock_is_the_last_such_moment(seconds: int, back: int) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
    meant = at.replace(second=0, microsecond=0) - timedelta(minutes=back)
    local = meant.astimezone()
    if local.utcoffset() == at.astimezone().utcoffset():
        assert read_unlocked(f"{local:%H:%M}", at) == meant
    assert read_unlocked(f"{local:%Y-%m-%d %H:%M}", at) == meant


def test_the_answer_keeps_the_zone_of_the_question() -> None:
    zone = timezone(timedelta(hours=9))
    found = read_unlocked("2026-04-15 06:00", NOW.astimezone(zone))
    assert found is not None
    assert found.tzinfo is zone
