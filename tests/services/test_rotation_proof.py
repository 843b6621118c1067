"""How far a rotation has come: only Entra ID proves, Intune explains."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from tests.services.samples import MORNING, ListedAudit, SetClock
from tests.services.test_rotation import DEVICE, MANAGED, ME, Cloud, drawn, key
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent
from tui.model.device import ActionResult
from tui.model.finding import FindingCode
from tui.model.recovery_key import Escrow
from tui.model.rights import Rights
from tui.services.own_findings import own_findings
from tui.services.rotation import DebtState, RotationService
from tui.services.rotation_proof import Stage, age_words, error_words, pin_lost, sight_of, sight_on_prem

REQUESTED = MORNING + timedelta(minutes=2)
SYNCED = replace(MANAGED, last_sync=REQUESTED + timedelta(minutes=1))


def action(state: str, code: int | None = None, minutes: int = 2) -> ActionResult:
    """Intune's word on a rotation, begun so long after the morning began."""
    at = MORNING + timedelta(minutes=minutes)
    return ActionResult("rotateBitLockerKeys", state, at, at, code)


@pytest.mark.parametrize(
    ("keys", "managed", "stage"),
    [
        ([key("old", -60)], MANAGED, Stage.QUEUED),
        (None, None, Stage.QUEUED),
        ([key("old", -60)], SYNCED, Stage.CHECKED_IN),
        ([key("old", -60)], replace(MANAGED, actions=(action("done"),)), Stage.CHECKED_IN),
        ([key("old", -60), key("new", 5)], SYNCED, Stage.NEW_ID_SEEN),
        ([key("new", 5)], None, Stage.PROVEN),
        ([key("new", 5)], replace(MANAGED, actions=(action("failed"),)), Stage.PROVEN),
        ([], replace(MANAGED, actions=(action("done"),)), Stage.CHECKED_IN),
        ([key("old", -60)], replace(MANAGED, actions=(action("failed", -2016281112),)), Stage.FAILED),
        ([key("old", -60)], replace(MANAGED, actions=(action("failed", 1, minutes=-90),)), Stage.QUEUED),
    ],
)
def test_the_stages_come_in_their_order(keys: object, managed: object, stage: Stage) -> None:
    assert sight_of("old", MORNING, REQUESTED, keys, managed).stage is stage  # type: ignore[arg-type]


def test_a_request_that_intune_never_had_is_told_from_one_that_waits() -> None:
    assert sight_of("old", MORNING, REQUESTED, [], MANAGED, answered=False).stage is Stage.NOT_QUEUED
    assert sight_of("old", MORNING, REQUESTED, [], None, answered=False).stage is Stage.QUEUED
    waiting = replace(MANAGED, actions=(action("pending"),))
    assert sight_of("old", MORNING, REQUESTED, [], waiting, answered=False).stage is Stage.QUEUED


def test_a_key_of_active_directory_is_never_proven_void_by_a_directory() -> None:
    managed = replace(MANAGED, actions=(action("done"),))
    for new in (key("new", 5), replace(key("new", 5), escrow=Escrow.AD)):
        sight = sight_on_prem("old", MORNING, REQUESTED, [new], managed)
        assert sight.stage is Stage.NEW_ID_SEEN
        assert "manage-bde" in sight.detail
    assert sight_on_prem("old", MORNING, REQUESTED, [key("old", -60)], MANAGED).stage is Stage.QUEUED
    assert sight_on_prem("old", MORNING, REQUESTED, [], managed).stage is Stage.CHECKED_IN


async def test_a_debt_of_active_directory_stays_open_and_says_why(audit: ListedAudit) -> None:
    cloud = Cloud(keys=[key("new", 5)])
    service = RotationService(audit, cloud.sources, lambda: ME)
    await audit.append(AuditEntry(event=AuditEvent.DRAW, device=DEVICE, key_id="old", ticket="INC1", escrow="ad"))
    (due,) = await service.debts()
    assert "only the device proves it" in due.words(MORNING)
    await service.request(due)
    assert await service.follow() == []
    (debt,) = await service.debts()
    assert (debt.state, debt.stage) == (DebtState.PENDING, Stage.NEW_ID_SEEN)
    cloud.managed = None
    with pytest.raises(Problem) as caught:
        await service.request(due)
    assert "-adbackup" in caught.value.next_step
    (finding,) = own_findings(DEVICE.id, "INC1", [], [debt], MORNING)
    assert "waiver" in finding.next


def test_an_error_code_is_said_in_words() -> None:
    assert "could not (remediation failed)" in error_words(action("failed", -2016281112))
    assert "0x87D1FDE8" in error_words(action("failed", -2016281112))
    assert "not in the list" in error_words(action("failed", 7))
    assert "without a code" in error_words(action("failed"))
    assert [age_words(MORNING - timedelta(minutes=minutes), MORNING) for minutes in (0, 59, 180, 4320)] == [
        "0 min", "59 min", "3 h", "3 days",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (["TpmPin", "RecoveryPassword"], ["TpmPin", "RecoveryPassword"], False),
        (["TpmPin", "RecoveryPassword"], ["Tpm", "RecoveryPassword"], True),
        (["TpmPin", "RecoveryPassword"], ["TpmPin", "Tpm", "RecoveryPassword"], True),
        (["Tpm", "RecoveryPassword"], ["Tpm", "RecoveryPassword"], False),
        (["TpmPin"], [], False),
    ],
)
def test_a_pin_that_no_longer_guards_is_a_finding(before: list[str], after: list[str], lost: bool) -> None:
    found = pin_lost(before, after)
    assert (found.code if found else None) is (FindingCode.PIN_PROTECTOR_LOST if lost else None)


def _known(rights: Rights | None) -> Rights | None:
    return rights


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


async def test_a_failure_that_intune_tells_is_a_row_and_can_be_asked_again(audit: ListedAudit) -> None:
    cloud = Cloud(keys=[key("old", -60)])
    service = RotationService(audit, cloud.sources, lambda: ME)
    await drawn(audit)
    audit.clock.go(120)
    await service.request((await service.debts())[0])
    cloud.managed = replace(MANAGED, actions=(action("failed", -2016281112),))
    assert await service.follow() == []
    (debt,) = await service.debts()
    assert debt.state is DebtState.FAILED
    assert "remediation failed" in debt.words(audit.clock.now())
    assert audit.written[-1].entry.ended_by == "failed"
    await service.follow()
    assert len([row for row in audit.written if row.entry.ended_by == "failed"]) == 1


async def test_progress_and_age_are_told_while_it_is_pending(audit: ListedAudit) -> None:
    cloud = Cloud(keys=[key("old", -60)])
    service = RotationService(audit, cloud.sources, lambda: ME)
    await drawn(audit)
    await service.request((await service.debts())[0])
    audit.clock.go(3 * 3600)
    cloud.managed = replace(MANAGED, last_sync=audit.clock.now())
    await service.follow()
    (debt,) = await service.debts()
    assert debt.words(audit.clock.now()) == "device checked in, requested 3 h ago"
    cloud.keys = [key("old", -60), key("new", 100)]
    await service.follow()
    assert (await service.debts())[0].stage is Stage.NEW_ID_SEEN


async def test_a_kill_between_row_and_request_does_not_leave_a_debt_pending_for_ever(audit: ListedAudit) -> None:
    cloud = Cloud(keys=[key("old", -60)])
    service = RotationService(audit, cloud.sources, lambda: ME)
    await drawn(audit)
    await audit.append(
        AuditEntry(event=AuditEvent.ROTATE_REQUEST, flow="f", device=DEVICE, key_id="old", ticket="INC1")
    )
    assert (await service.debts())[0].state is DebtState.PENDING
    await service.follow()
    assert (await service.debts())[0].state is DebtState.FAILED
    assert cloud.asked == []


async def test_another_device_in_the_answer_is_not_rotated(audit: ListedAudit) -> None:
    cloud = Cloud(managed=replace(MANAGED, entra_device_id="device-2"))
    service = RotationService(audit, cloud.sources, lambda: ME)
    await drawn(audit)
    with pytest.raises(Problem, match="another device") as caught:
        await service.request((await service.debts())[0])
    assert caught.value.kind is ProblemKind.ALARM
    assert (cloud.asked, audit.events) == ([], ["draw"])


async def test_a_missing_permission_is_said_before_and_after(audit: ListedAudit) -> None:
    cloud = Cloud()
    rights = Rights(observed_at=MORNING, scopes=("DeviceManagementManagedDevices.Read.All",))
    await drawn(audit)
    service = RotationService(audit, cloud.sources, lambda: ME, lambda: rights)
    with pytest.raises(Problem, match="PrivilegedOperations") as caught:
        await service.request((await service.debts())[0])
    assert (caught.value.kind, cloud.asked) == (ProblemKind.FORBIDDEN, [])
    cloud.refuses = Problem(ProblemKind.FORBIDDEN, "Not allowed", "Graph says no", status=403, code="Forbidden")
    for known, said in (
        (None, "needs the permission"),
        (Rights(observed_at=MORNING, intune=("RemoteTasks_SyncDevice",)), "Intune role lacks"),
    ):
        asking = RotationService(audit, cloud.sources, lambda: ME, partial(_known, known))
        with pytest.raises(Problem, match=said) as caught:
            await asking.request((await asking.debts())[0])
        assert caught.value.code == "Forbidden"


async def test_a_ticket_stays_open_until_proof_or_a_waiver_with_a_reason(audit: ListedAudit) -> None:
    service = RotationService(audit, Cloud(keys=[key("old", -60)]).sources, lambda: ME)
    await drawn(audit)
    (debt,) = await service.blocking("INC1")
    assert await service.blocking("INC2") == ()
    with pytest.raises(Problem, match="needs a reason"):
        await service.waive(debt, "because")
    await service.waive(debt, "device was scrapped")
    assert await service.blocking("INC1") == ()
    (kept,) = await service.debts()
    assert kept.is_open
    assert "waived: device was scrapped" in kept.words(audit.clock.now())
    await drawn(audit)
    assert len(await service.blocking("INC1")) == 1, "a new disclosure is owed anew"
