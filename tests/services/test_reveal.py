"""The disclosure: no digit without a durable row, one key, one end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import pytest

from tests.services.samples import MORNING, ListedAudit, SetClock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, DeviceRef, Operator, Proof
from tui.model.ids import KeyTerm
from tui.model.recovery_key import RecoveryKey, Volume
from tui.ports import (
    Cleared,
    DictationRegion,
    DrawRegion,
    KeyboardLoan,
    KeyRead,
    KeyReadRequest,
    SealRegion,
    VaultEvent,
)
from tui.services.reveal import Intake, RevealPolicy, RevealService

KEY_ID = "0a1b2c3d-0000-4000-8000-000000000001"
REGION = DrawRegion(((0, 0),) * 8, "1", tuple(range(8)))
ME = Operator("engineer@demo.example", "oid")


@dataclass
class StillVault:
    """A vault that does as it is told; the real one has tests of its own."""

    audit: ListedAudit
    refuses: Problem | None = None
    seen_at_read: list[str] = field(default_factory=list)
    seen_at_draw: list[str] = field(default_factory=list)
    cleared_by: list[str] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    heard: Callable[[VaultEvent], None] | None = None

    async def open(self) -> "StillVault":
        return self

    async def read(self, request: KeyReadRequest) -> KeyRead:
        self.seen_at_read += self.audit.events
        if self.refuses:
            raise self.refuses
        return KeyRead("request-1", "today", 200)

    async def draw(self, region: DrawRegion, deadline_boottime_ns: int) -> None:
        self.seen_at_draw += self.audit.events

    async def dictate(self, region: DictationRegion, deadline_boottime_ns: int) -> None:
        self.seen_at_draw += self.audit.events

    async def seal(self, region: SealRegion, deadline_boottime_ns: int) -> None:
        self.seen_at_draw += self.audit.events

    async def copy(self, route: Literal["local", "osc52"], deadline_boottime_ns: int) -> None:
        self.seen_at_draw += self.audit.events

    async def lend_keyboard(self, loan: KeyboardLoan, on_event: Callable[[VaultEvent], None]) -> None:
        self.heard = on_event

    async def cleared(self) -> Cleared:
        await self.gone.wait()
        return Cleared(self.cleared_by[0], 1234)

    async def clear(self, why: str) -> Cleared:
        self.cleared_by.append(why)
        self.gone.set()
        return Cleared(self.cleared_by[0], 1234)


def intake(**changes: object) -> Intake:
    """An honest order."""
    key = RecoveryKey(KEY_ID, "device-1", MORNING, Volume.OPERATING_SYSTEM)
    device = DeviceRef("device-1", "DEMO-1")
    plain = Intake(KeyTerm("0a1b2c3d"), key, device, "INC1", "ada@demo.example", "locked out", Proof("call-back"))
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


@pytest.fixture
def vault(audit: ListedAudit) -> StillVault:
    return StillVault(audit)


@pytest.fixture
def service(audit: ListedAudit, vault: StillVault) -> RevealService:
    return RevealService(audit, vault, audit.clock, RevealPolicy(60, 3, True), lambda: ME)


async def test_rows_come_before_deeds(service: RevealService, audit: ListedAudit, vault: StillVault) -> None:
    disclosure = await service.begin(intake())
    assert vault.seen_at_read == ["intent"]
    await disclosure.draw(REGION)
    await disclosure.draw(REGION)
    assert vault.seen_at_draw == ["intent", "draw"] * 2
    await disclosure.end("cleared")
    await disclosure.end("blur")
    assert audit.events == ["intent", "draw", "outcome"]
    outcome = audit.written[-1].entry
    assert (outcome.ended_by, outcome.shown_ms, outcome.http_status, outcome.operator) == ("cleared", 1234, 200, ME)
    assert len({row.entry.flow for row in audit.written}) == 1


@pytest.mark.parametrize(("event", "asked"), [(AuditEvent.INTENT, False), (AuditEvent.DRAW, True)])
async def test_without_its_row_nothing_happens(
    service: RevealService, audit: ListedAudit, vault: StillVault, event: AuditEvent, asked: bool
) -> None:
    audit.fails_on = frozenset({event})
    with pytest.raises(Problem, match="could not be written"):
        await (await service.begin(intake())).draw(REGION)
    assert bool(vault.seen_at_read) is asked
    assert vault.seen_at_draw == []
    if asked:
        assert vault.cleared_by == ["draw-failed"]
        assert audit.events == ["intent", "outcome"]


async def test_a_refusal_is_an_outcome(service: RevealService, audit: ListedAudit, vault: StillVault) -> None:
    vault.refuses = Problem(ProblemKind.FORBIDDEN, "Graph refused", status=403, request_id="r-9")
    with pytest.raises(Problem, match="Graph refused"):
        await service.begin(intake())
    assert audit.events == ["intent", "outcome"]
    outcome = audit.written[-1].entry
    assert (outcome.ended_by, outcome.http_status, outcome.request_id) == ("refused", 403, "r-9")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"term": KeyTerm("ffffffff")}, "not the ID of this key"),
        ({"ticket": ""}, "No ticket, no key"),
        ({"reason": "  "}, "reason"),
        ({"proof": Proof()}, "verification"),
    ],
)
async def test_what_policy_forbids_is_denied_and_recorded(
    service: RevealService, audit: ListedAudit, vault: StillVault, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(Problem, match=said):
        await service.begin(intake(**changes))
    assert audit.events == ["deny"]
    assert vault.seen_at_read == []


async def test_the_hourly_limit_counts_reads_of_this_engineer(service: RevealService, audit: ListedAudit) -> None:
    for _ in range(3):
        await (await service.begin(intake())).end("cleared")
    with pytest.raises(Problem, match="the limit is 3"):
        await service.begin(intake())
    assert audit.events[-1] == "deny"
    audit.clock.go(3601)
    await (await service.begin(intake())).end("cleared")


async def test_what_ends_by_itself_is_told(service: RevealService, audit: ListedAudit, vault: StillVault) -> None:
    disclosure = await service.begin(intake())
    waiting = asyncio.create_task(disclosure.wait())
    await asyncio.sleep(0)
    await vault.clear("deadline")
    assert (await waiting).ended_by == "deadline"
    assert audit.written[-1].entry.ended_by == "deadline"
    with pytest.raises(Problem, match="already gone"):
        await disclosure.draw(REGION)


async def test_a_cancelled_read_still_gets_its_outcome(audit: ListedAudit, vault: StillVault) -> None:
    class Slow(StillVault):
        asked = asyncio.Event()

        async def read(self, request: KeyReadRequest) -> KeyRead:
            self.asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    slow = Slow(audit)
    service = RevealService(audit, slow, audit.clock, RevealPolicy(60, 3, True), lambda: ME)
    task = asyncio.create_task(service.begin(intake()))
    await slow.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert audit.events == ["intent", "outcome"]
    assert slow.cleared_by == ["cancelled"]
