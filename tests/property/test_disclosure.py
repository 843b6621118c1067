"""Adversarial matching: whatever is typed, only the key whose ID stands on the screen is disclosed, or none."""

from collections import Counter
from dataclasses import dataclass, field
from typing import cast

import pytest

from tests.property.disclosure_world import HONEST, TRAPS, Case, Maker
from tests.services.cloud import NOW
from tests.services.samples import ListedAudit, SetClock
from tests.services.test_reveal import StillVault
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, DeviceRef, Operator, Proof
from tui.model.dossier import Query
from tui.model.ids import KeyReading
from tui.model.policy import OfficeHours
from tui.model.recovery_key import RecoveryKey
from tui.ports import KeyRead, KeyReadRequest, KeyVault
from tui.services.clearance import ClearanceService
from tui.services.disclosure_policy import Limits, Rules
from tui.services.dossier import DossierJoin
from tui.services.matching import Selection, read_out, select
from tui.services.reveal import Intake, RevealPolicy, RevealService

ME = Operator("engineer@demo.example", "oid")
RULES = Rules(limits=Limits(10**6, 10**6, 10**6, 10**6), office_hours=OfficeHours(days=frozenset()))


@dataclass
class Vault(StillVault):
    """Reads from the case's escrow and checks the answer's ID, as the real one does."""

    case: Case | None = None
    read_ids: list[str] = field(default_factory=list)

    async def read(self, request: KeyReadRequest) -> KeyRead:
        assert self.case is not None
        world = self.case.world
        if request.key_id in world.gone_at_read or all(each.id != request.key_id for each in world.keys):
            raise Problem(ProblemKind.NOT_FOUND, "no such key", status=404)
        if (world.answers_with or request.key_id) != request.key_id:
            raise Problem(ProblemKind.ALARM, "another key came")
        self.read_ids.append(request.key_id)
        return KeyRead("r", "today", 200)


async def disclosed(case: Case) -> str:
    """The ID of the key that was handed to the engineer; empty when none was."""
    found = read_out(case.typed)
    if isinstance(found, Selection) or found.blocking:
        return ""
    key = await _selected(case, found)
    if key is None:
        return ""
    audit = ListedAudit(SetClock(NOW))
    gate = ClearanceService(audit, audit.clock, lambda: ME, rules=RULES)
    vault = Vault(audit, case=case)
    policy = RevealPolicy(60, 10**6, True)
    service = RevealService(
        audit, cast(KeyVault, vault), audit.clock, policy, lambda: ME, recorder=lambda: "no", gate=gate
    )
    assert found.term is not None
    intake = Intake(
        found.term, key, DeviceRef(key.device_id), "INC1", case.caller or "somebody", "locked out", Proof("call-back")
    )
    try:
        disclosure = await service.begin(intake)
    except Problem:
        assert vault.read_ids == []
        return ""
    await disclosure.end("cleared")
    assert [row.entry.key_id for row in audit.written if row.entry.event is AuditEvent.INTENT] == vault.read_ids
    (read,) = vault.read_ids
    return read


async def _selected(case: Case, found: KeyReading) -> RecoveryKey | None:
    query = Query(found.term, device_name=case.device_name, user=case.caller, incident_id="desk:1")
    dossier = await DossierJoin(case.world.sources, SetClock(NOW), query, lambda _: None).run()
    return select(dossier, found).key


async def judge(seed: int, count: int) -> None:
    """Play so many cases; the seed is in the message when one goes wrong."""
    maker, refused, seen = Maker(seed), Counter[str](), Counter[str]()
    for number in range(count):
        case = maker.case()
        seen[case.trap] += 1
        got = await disclosed(case)
        where = f"seed {seed}, case {number}, {case.trap}: typed {case.typed!r}, screen {case.on_screen}, got {got}"
        assert got in ("", case.on_screen), where
        assert not (case.forbidden and got), where
        refused[case.trap] += not got
    honest = sum(seen[trap] for trap in HONEST)
    turned_away = {trap: refused[trap] for trap in HONEST if refused[trap]}
    assert sum(turned_away.values()) <= honest * 0.005, turned_away
    assert set(seen) == set(TRAPS)
    assert refused["clone"] == seen["clone"] > 0
    assert refused["other-id-answered"] == seen["other-id-answered"] > 0
    assert refused["rotated-after"] == seen["rotated-after"] > 0


@pytest.mark.parametrize("seed", range(4))
async def test_no_wrong_key_is_disclosed_and_honest_callers_are_served(seed: int) -> None:
    await judge(seed, 250)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 110))
async def test_no_wrong_key_is_disclosed_in_ten_thousand_cases(seed: int) -> None:
    await judge(seed, 1_000)
