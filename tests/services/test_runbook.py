"""The guide's fifteen steps, each state computed from facts and audit rows."""

from typing import Any

import pytest

from tests.services.cloud import DEVICE, KEY, NOW, Cloud, entra, key, managed
from tests.services.samples import MORNING, SetClock, incident
from tests.support.values import replace
from tui.model.audit import AppRef, AuditEntry, AuditEvent, AuditRow, DeviceRef, Operator, Session
from tui.model.dossier import Dossier, Query
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.ids import parse_key_term
from tui.model.incident import TicketReading
from tui.model.rights import Rights, RoleGrant
from tui.services.dossier import DossierJoin
from tui.services.own_findings import own_findings
from tui.services.rotation import Debt, DebtState
from tui.services.runbook import Situation, Step, StepState, runbook

INCIDENT = replace(incident("1"), reading=TicketReading(key_id_prefixes=(KEY[:8],)))
TICKET = INCIDENT.ticket.number


async def dossier(**rest: Any) -> Dossier:
    fields: dict[str, Any] = {"devices": [entra()], "records": [managed()], "keys": [key()], "index": [key()]}
    cloud = Cloud(**(fields | rest))
    query = Query(term=parse_key_term(KEY[:8]), device_name="LT-1")
    return await DossierJoin(cloud.sources, SetClock(), query, lambda _: None).run()


def row(event: AuditEvent, seq: int = 1, **rest: Any) -> AuditRow:
    entry = AuditEntry(
        event=event, ticket=TICKET, operator=Operator("me@demo.example"), device=DeviceRef(DEVICE), **rest
    )
    return AuditRow(
        seq=seq, prev="", mac="", epoch=1, at=MORNING, monotonic_ns=0, boot_id="", session=Session(), app=AppRef(),
        tenant="t", version="", config_hash="", entry=entry,
    )  # fmt: skip


def steps(**rest: Any) -> dict[int, Step]:
    fields: dict[str, Any] = {"incident": INCIDENT}
    return {step.number: step for step in runbook(Situation(**(fields | rest)))}


async def test_there_are_fifteen_and_each_says_why() -> None:
    for found in (steps(), steps(dossier=await dossier())):
        assert list(found) == list(range(1, 16))
        assert all(step.title and step.because for step in found.values())
        assert all(step.next for step in found.values() if step.state is StepState.OPEN)


async def test_a_key_that_fits_opens_step_4_and_its_drawing_closes_it() -> None:
    known = await dossier()
    before = steps(dossier=known)
    assert (before[1].state, before[3].state, before[4].state) == (StepState.DONE, StepState.DONE, StepState.OPEN)
    drawn = row(AuditEvent.DRAW, client_request_id="c-1", request_id="r-1")
    after = steps(dossier=known, rows=[drawn])
    assert after[4].state is StepState.DONE
    assert "me@demo.example" in after[4].because
    assert (after[12].state, "c-1" in after[12].because, "r-1" in after[12].because) == (StepState.DONE, True, True)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (DebtState.DUE, StepState.OPEN),
        (DebtState.FAILED, StepState.OPEN),
        (DebtState.PENDING, StepState.OPEN),
        (DebtState.PROVEN, StepState.DONE),
    ],
)
def test_s6_a_rotation_is_done_when_it_is_proven_and_not_before(state: DebtState, step: StepState) -> None:
    debt = Debt(KEY, DeviceRef(DEVICE, "LT-1"), TICKET, MORNING, state)
    assert steps(debts=[debt])[6].state is step
    assert steps(debts=[replace(debt, ticket="INC9")])[6].state is StepState.NOT_NEEDED


async def test_s3_a_gap_in_the_escrow_offers_the_backup_with_the_devices_name() -> None:
    found = steps(dossier=await dossier(keys=[], index=[]))
    assert found[3].state is StepState.OPEN
    assert "'LT-1'" in found[3].scripts[0].text
    assert found[4].state is StepState.BLOCKED
    assert found[14].state is StepState.OPEN
    assert "Test-NetConnection" in found[14].scripts[0].text


def test_s15_a_ticket_without_a_bitlocker_prompt_blocks_step_1_and_opens_step_15() -> None:
    winre = replace(INCIDENT, reading=TicketReading(bitlocker=False))
    found = steps(incident=winre)
    assert (found[1].state, found[15].state) == (StepState.BLOCKED, StepState.OPEN)
    assert steps()[15].state is StepState.NOT_NEEDED


def test_s11_roles_block_done_or_are_unknown() -> None:
    reader = RoleGrant("Helpdesk Administrator", "/", reads_keys=True)
    assert steps()[11].state is StepState.UNKNOWN
    assert steps(rights=Rights(observed_at=NOW, active=(reader,)))[11].state is StepState.DONE
    assert steps(rights=Rights(observed_at=NOW, active=()))[11].state is StepState.BLOCKED


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (FindingCode.MDM_PIPELINE, 2),
        (FindingCode.ESCROW_AD_ONLY, 3),
        (FindingCode.PROTECTION_SUSPENDED, 5),
        (FindingCode.REPEAT_RECOVERY, 5),
        (FindingCode.SELF_SERVICE_AVAILABLE, 7),
        (FindingCode.WRONG_VOLUME, 8),
        (FindingCode.PIN_PROTECTOR_LOST, 8),
        (FindingCode.COMPLIANCE_LAG, 9),
        (FindingCode.ESCROW_FAILED, 10),
        (FindingCode.TLS_INSPECTION, 14),
        (FindingCode.WINRE_NOT_BITLOCKER, 15),
    ],
)
async def test_a_finding_opens_its_step(code: FindingCode, number: int) -> None:
    finding = Finding(code, Severity.WARNING, "what is wrong", ("because",), "do this")
    found = steps(dossier=await dossier(), findings=[finding])
    assert found[number].state is StepState.OPEN


def test_u3_a_debt_is_a_finding_of_its_device_and_a_second_recovery_within_30_days_too() -> None:
    debt = Debt(KEY, DeviceRef(DEVICE, "LT-1"), "INC0", MORNING, DebtState.FAILED, detail="refused")
    codes = {each.code for each in own_findings(DEVICE, TICKET, [], [debt], MORNING)}
    assert codes == {FindingCode.ROTATION_FAILED}
    assert own_findings("another", TICKET, [row(AuditEvent.DRAW)], [debt], MORNING) == ()
    earlier = row(AuditEvent.DRAW)
    assert own_findings(DEVICE, TICKET, [earlier], [], MORNING) == (), "the same ticket is the same recovery"
    [again] = own_findings(DEVICE, "INC-NEXT", [earlier], [], MORNING)
    assert again.code is FindingCode.REPEAT_RECOVERY
    assert TICKET in again.evidence[0]
    late = SetClock()
    late.go(31 * 86_400)
    assert own_findings(DEVICE, "INC-NEXT", [earlier], [], late.now()) == ()
