"""Every trap of the field guide that the cloud decides, played by the demo tenant and joined over real HTTP.

The names are those of the guide's steps (S) and traps (T).
"""

from pathlib import Path

import pytest

from tests.demo.tenant import Running
from tests.services.demo_cloud import CONTACT, demo_cloud, query_of_case
from tui.model.dossier import Query, Verdict
from tui.model.finding import FindingCode
from tui.model.ids import parse_key_term

CASES = [
    ("S1 identify by the key ID", "plain", 8, "one-match", {"self-service-available"}),
    ("S1 the whole ID", "vip", 32, "one-match", set()),
    ("S1 a prefix that fits two keys selects none", "same-prefix", 8, "several-matches", set()),
    ("S1 the whole ID decides between them", "same-prefix", 32, "one-match", set()),
    ("S3 nothing was ever backed up", "never-escrowed", 8, "never-escrowed", {"escrow-missing", "escrow-failed"}),
    ("S3 no policy asks for the backup", "no-policy", 8, "one-match", {"escrow-policy-absent"}),
    ("S2 the fault is in the MDM pipeline", "mdm-pipeline", 8, "one-match", {"mdm-pipeline"}),
    ("S9 Intune lags behind Entra ID", "compliance-lag", 8, "one-match", {"compliance-lag"}),
    ("S8 operating system and data are never mixed", "data-volume", 32, "data-volume", {"wrong-volume"}),
    ("T1 the name in the ticket is not the device's", "renamed-device", 8, "one-match", {"renamed-device"}),
    (
        "T1 two objects of one name",
        "same-display-name",
        8,
        "one-match",
        {"duplicate-device-objects", "device-at-risk"},
    ),
    ("T1 set up anew under another name", "re-imaged", 8, "other-device-object", {"duplicate-device-objects"}),
    ("T2 Autopilot reuse", "autopilot-reuse", 32, "one-match", {"owner-changed"}),
    ("T3 hybrid, keys in Active Directory only", "ad-only", 32, "ad-only", {"escrow-ad-only"}),
    ("T5 a key that a rotation has replaced", "stale-key", 32, "not-found", {"stale-key"}),
    ("T7 cloned disk", "cloned-disk", 32, "key-of-another-machine", {"key-id-not-on-device"}),
    ("U8 deleting the device deletes its keys", "device-deleted", 32, "device-deleted", set()),
    ("U8 an object that a clean-up would take", "left-alone", 8, "one-match", {"device-at-risk"}),
    ("U9 the escrow is full", "escrow-cap", 8, "escrow-cap-reached", {"escrow-cap"}),
]


@pytest.mark.parametrize(("step", "name", "digits", "verdict", "codes"), CASES, ids=[case[0] for case in CASES])
async def test_a_trap_gets_its_verdict_and_its_findings(
    demo_tenant: Running, tmp_path: Path, step: str, name: str, digits: int, verdict: str, codes: set[str]
) -> None:
    case = demo_tenant.case(name)
    async with demo_cloud(demo_tenant, tmp_path) as cloud:
        dossier = await cloud.join(query_of_case(case, digits=digits))
    assert dossier.verdict == verdict, dossier.headline
    assert codes <= {finding.code for finding in dossier.findings}, step
    assert dossier.headline and dossier.next_step
    assert all(finding.evidence and finding.next for finding in dossier.findings)
    disclosed = dossier.key.id if dossier.key else None
    assert disclosed == (case["keys"][0] if verdict in ("one-match", "data-volume", "other-device-object") else None)


async def test_t7_a_cloned_disk_discloses_nothing_even_with_the_whole_id(demo_tenant: Running, tmp_path: Path) -> None:
    async with demo_cloud(demo_tenant, tmp_path) as cloud:
        dossier = await cloud.join(query_of_case(demo_tenant.case("cloned-disk"), digits=32))
    assert dossier.key is None
    assert "No disclosure" in dossier.headline


async def test_t1_the_former_object_of_a_machine_is_found_by_its_serial_number_alone(
    demo_tenant: Running, tmp_path: Path
) -> None:
    case = demo_tenant.case("re-imaged")
    async with demo_cloud(demo_tenant, tmp_path) as cloud:
        dossier = await cloud.join(query_of_case(case, digits=0))
    assert dossier.verdict is Verdict.OTHER_DEVICE_OBJECT
    assert [key.id for key in dossier.evidence.twin_keys] == case["keys"]
    assert dossier.key is None, "without an ID nothing of another object is disclosed"


async def test_s15_winre_is_another_playbook(demo_tenant: Running, tmp_path: Path) -> None:
    name = demo_tenant.case("winre-loop")["device_name"]
    async with demo_cloud(demo_tenant, tmp_path) as cloud:
        dossier = await cloud.join(Query(device_name="no such device of " + name, not_bitlocker=True))
    assert dossier.verdict is Verdict.NOT_BITLOCKER


async def test_t2_a_scoped_role_gets_hidden_by_scope_and_a_colleague_and_never_none(
    demo_tenant: Running, tmp_path: Path
) -> None:
    async with demo_cloud(demo_tenant, tmp_path, "au-engineer") as cloud:
        outside = await cloud.join(query_of_case(demo_tenant.case("vip"), digits=32))
        reused = await cloud.join(query_of_case(demo_tenant.case("autopilot-reuse"), digits=32))
    for dossier in (outside, reused):
        assert dossier.verdict is Verdict.HIDDEN_BY_SCOPE
        assert CONTACT in dossier.next_step
        assert "Global Administrator" not in dossier.next_step
        assert FindingCode.OUTSIDE_ADMIN_UNIT in {finding.code for finding in dossier.findings}
    assert "Lyon" in outside.headline
    assert "Autopilot" in reused.headline


async def test_s11_no_role_is_said_and_the_role_that_can_be_activated_is_named(
    demo_tenant: Running, tmp_path: Path
) -> None:
    async with demo_cloud(demo_tenant, tmp_path, "no-role", indexed=False) as cloud:
        dossier = await cloud.join(query_of_case(demo_tenant.case("plain"), digits=32))
    assert dossier.verdict is Verdict.HIDDEN_BY_SCOPE
    codes = [finding.code for finding in dossier.findings]
    assert FindingCode.ROLE_MISSING in codes
    assert FindingCode.PIM_ELIGIBLE in codes
    assert "Cloud Device Administrator" in dossier.next_step


async def test_without_an_index_the_silence_of_a_prefix_proves_nothing(demo_tenant: Running, tmp_path: Path) -> None:
    async with demo_cloud(demo_tenant, tmp_path, indexed=False) as cloud:
        dossier = await cloud.join(Query(term=parse_key_term("0123456789ab")))
        whole = await cloud.join(Query(term=parse_key_term("0123456789ab" + 20 * "0")))
    assert dossier.verdict is Verdict.FACTS_TOO_OLD
    assert whole.verdict is Verdict.NOT_FOUND, "a whole ID needs no index: it is asked for directly"


@pytest.mark.parametrize("allowed", [True, False])
async def test_s7_self_service_follows_the_tenants_setting(tmp_path: Path, demo_tenant: Running, allowed: bool) -> None:
    demo_tenant.hand("settings", "POST", {"owners_may_read": allowed})
    try:
        async with demo_cloud(demo_tenant, tmp_path) as cloud:
            dossier = await cloud.join(query_of_case(demo_tenant.case("plain")))
    finally:
        demo_tenant.hand("settings", "POST", {"owners_may_read": True})
    code = FindingCode.SELF_SERVICE_AVAILABLE if allowed else FindingCode.SELF_SERVICE_BLOCKED
    assert code in {finding.code for finding in dossier.findings}


async def test_n3_a_person_with_two_machines_is_shown_both_and_none_is_picked(
    demo_tenant: Running, tmp_path: Path
) -> None:
    case = demo_tenant.case("same-display-name")
    async with demo_cloud(demo_tenant, tmp_path) as cloud:
        device = await cloud.sources.directory.device(case["devices"][0])
        [owner] = await cloud.sources.directory.owners(device.device_id)
        dossier = await cloud.join(Query(user=owner.upn))
    assert dossier.verdict is Verdict.SEVERAL_MATCHES
    assert {one.device_id for one in dossier.evidence.named} == set(case["devices"])
    assert dossier.evidence.device is None
    assert dossier.key is None


async def test_facts_carry_source_and_state_and_the_report_of_the_disk_is_there(
    demo_tenant: Running, tmp_path: Path
) -> None:
    async with demo_cloud(demo_tenant, tmp_path) as cloud:
        dossier = await cloud.join(query_of_case(demo_tenant.case("mdm-pipeline")))
    facts = {(str(fact.source), fact.name): fact.value for fact in dossier.facts}
    assert facts["intune", "encryption"] == "encrypted, ready: no cause named"
    assert facts["intune", "policy"] == "Demo compliance policy nonCompliant: BitLockerEnabled"
    assert facts["intune", "tpm"] == "2.0 DEMO"
    assert facts["intune", "bios"]
    assert facts["entra", "admin-units"] == "Berlin Office"
    assert facts["entra", "users"] == facts["entra", "owner"]


async def test_without_a_right_in_intune_the_key_is_still_found_and_intunes_facts_are_denied(
    demo_tenant: Running, tmp_path: Path
) -> None:
    async with demo_cloud(demo_tenant, tmp_path, "auditor") as cloud:
        dossier = await cloud.join(query_of_case(demo_tenant.case("plain")))
    assert dossier.verdict is Verdict.ONE_MATCH
    assert [fact.state for fact in dossier.facts if fact.source == "intune"] == ["denied"]
