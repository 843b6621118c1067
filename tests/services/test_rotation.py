"""Debts: opened by a disclosure, closed by a new key that was seen, never by an accepted request."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.services.samples import MORNING, ListedAudit, SetClock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Operator
from tui.model.device import ManagedDevice
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.dossier import CloudSources
from tui.services.rotation import DebtState, RotationService

ME = Operator("engineer@demo.example", "oid")
DEVICE = DeviceRef("device-1", "DEMO-1")


MANAGED = ManagedDevice("m1", "device-1", "DEMO-1", "", "", "", "", "", True, "", None)


@dataclass
class Cloud:
    """Intune and escrow of one device."""

    keys: list[RecoveryKey] = field(default_factory=list)
    managed: ManagedDevice | None = MANAGED
    refuses: Problem | None = None
    asked: list[str] = field(default_factory=list)

    async def managed_device(self, entra_device_id: str) -> ManagedDevice | None:
        return self.managed

    async def request_rotation(self, managed_device_id: str, client_request_id: str) -> str:
        self.asked.append(managed_device_id)
        if self.refuses:
            raise self.refuses
        return "request-7"

    async def keys_of_device(self, device_id: str) -> list[RecoveryKey]:
        return self.keys

    async def sources(self) -> CloudSources:
        """As the service gets them."""
        own = cast(Any, self)
        return CloudSources(own, own, own, own, own, "t")


def key(name: str, minutes: int) -> RecoveryKey:
    """A key backed up so long after the morning began."""
    return RecoveryKey(name, "device-1", MORNING + timedelta(minutes=minutes), Volume.OPERATING_SYSTEM)


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


async def drawn(audit: ListedAudit, key_id: str = "old") -> None:
    """A disclosure."""
    await audit.append(AuditEntry(event=AuditEvent.DRAW, flow=key_id, ticket="INC1", device=DEVICE, key_id=key_id))


async def test_a_debt_goes_from_due_to_pending_to_proven(audit: ListedAudit) -> None:
    cloud = Cloud(keys=[key("old", -60)])
    service = RotationService(audit, cloud.sources, lambda: ME)
    await drawn(audit)
    (debt,) = await service.debts()
    assert debt.state is DebtState.DUE
    await service.request(debt)
    assert [row.entry.event for row in audit.written][1:] == [AuditEvent.ROTATE_REQUEST, AuditEvent.OUTCOME]
    assert [each.state for each in await service.debts()] == [DebtState.PENDING]
    assert await service.follow() == []
    cloud.keys = [key("old", -60), key("new", 5)]
    assert await service.follow() == [], "the old key is still there"
    cloud.keys = []
    assert await service.follow() == [], "no new key was seen"
    cloud.keys = [key("new", 5)]
    (proven,) = await service.follow()
    assert "new" in proven.detail
    assert [each.state for each in await service.debts()] == [DebtState.PROVEN]
    assert cloud.asked == ["m1"]


async def test_a_refused_request_is_a_failed_debt_that_can_be_asked_again(audit: ListedAudit) -> None:
    cloud = Cloud(refuses=Problem(ProblemKind.FORBIDDEN, "Intune refused", status=403))
    service = RotationService(audit, cloud.sources, lambda: ME)
    await drawn(audit)
    with pytest.raises(Problem, match="Intune refused"):
        await service.request((await service.debts())[0])
    (debt,) = await service.debts()
    assert (debt.state, debt.detail) == (DebtState.FAILED, "Intune refused")
    cloud.refuses = None
    await service.request(debt)
    assert (await service.debts())[0].state is DebtState.PENDING


async def test_a_device_that_intune_does_not_know_is_said(audit: ListedAudit) -> None:
    service = RotationService(audit, Cloud(managed=None).sources, lambda: ME)
    await drawn(audit)
    with pytest.raises(Problem, match="does not manage"):
        await service.request((await service.debts())[0])
    assert audit.events == ["draw"]


async def test_a_request_counts_for_every_key_of_the_device_and_a_new_disclosure_is_owed_again(
    audit: ListedAudit,
) -> None:
    service = RotationService(audit, Cloud().sources, lambda: ME)
    await drawn(audit, "one")
    await drawn(audit, "two")
    await service.request((await service.debts())[0])
    assert {debt.state for debt in await service.debts()} == {DebtState.PENDING}
    confirmed = AuditEntry(event=AuditEvent.ROTATE_CONFIRM, device=DEVICE, key_id="one")
    await audit.append(confirmed)
    await drawn(audit, "one")
    assert {debt.key_id: debt.state for debt in await service.debts()} == {
        "one": DebtState.DUE,
        "two": DebtState.PENDING,
    }
    await audit.append(replace(confirmed, key_id="unheard-of"))
    assert len(await service.debts()) == 2
