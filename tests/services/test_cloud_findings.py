"""Findings from cloud facts: each has the facts that decide it, and stays silent without them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.cloud import KEY, NOW, OTHER, entra, key, managed
from tui.model.device import (
    ActionResult,
    AdministrativeUnit,
    DirectoryChange,
    EncryptionReport,
    PolicyState,
    User,
)
from tui.model.dossier import Evidence, Query
from tui.model.fact import SourceHealth, SourceState
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.ids import parse_key_term
from tui.model.rights import Rights, RoleGrant
from tui.services.cloud_findings import by_severity, cloud_findings
from tui.services.verdict import judge

OK = SourceHealth(SourceState.OK, NOW)
ALL_WELL = {"entra": OK, "entra-keys": OK, "admin-units": OK, "intune": OK}


def evidence(**rest: Any) -> Evidence:
    """A device whose key fits, everything answered and well."""
    fields: dict[str, Any] = {
        "query": Query(term=parse_key_term(KEY), device_name="LT-1"),
        "named": (entra(),),
        "matches": (key(),),
        "matched_device": entra(),
        "keys": (key(),),
        "managed": managed(),
        "indexed_at": NOW,
        "sources": ALL_WELL,
        "pending": False,
    }
    return Evidence(**(fields | rest))


def found(**rest: Any) -> dict[FindingCode, Finding]:
    about = evidence(**rest)
    return {each.code: each for each in cloud_findings(about, judge(about, NOW), NOW, "the directory team")}


def report(**rest: Any) -> EncryptionReport:
    fields: dict[str, Any] = {
        "readiness": "ready",
        "encryption": "encrypted",
        "policy_state": "compliant",
        "policies": ("Disk",),
        "causes": (),
    }
    return EncryptionReport(**(fields | rest))


def test_a_device_in_order_has_no_finding() -> None:
    assert found() == {}


@pytest.mark.parametrize(("count", "severity"), [(149, None), (150, "warning"), (194, "warning"), (195, "critical")])
def test_u9_the_escrow_warns_at_150_and_alarms_at_195(count: int, severity: str | None) -> None:
    keys = tuple(key(f"0e0e0e0e-0000-4000-8000-{place:012x}") for place in range(1, count + 1))
    cap = found(keys=keys).get(FindingCode.ESCROW_CAP)
    assert (cap.severity if cap else None) == severity


def test_s2_the_pipeline_needs_encryption_escrow_and_an_unmet_bitlocker_setting() -> None:
    unmet = (PolicyState("Compliance", "nonCompliant", ("BitLockerEnabled",)),)
    case: dict[str, Any] = {"managed": managed(compliance="noncompliant"), "policies": unmet}
    assert FindingCode.MDM_PIPELINE in found(**case)
    assert FindingCode.MDM_PIPELINE not in found(**case | {"policies": ()})
    assert FindingCode.MDM_PIPELINE not in found(**case | {"encryption": report(encryption="notEncrypted")})
    assert FindingCode.MDM_PIPELINE not in found(
        **case | {"managed": managed(compliance="noncompliant", encrypted=None)}
    )


def test_s9_a_lag_needs_a_contradiction_and_an_older_intune() -> None:
    old = NOW - timedelta(days=3)
    assert FindingCode.COMPLIANCE_LAG in found(managed=managed(compliance="noncompliant", last_sync=old))
    assert FindingCode.COMPLIANCE_LAG not in found(managed=managed(last_sync=old))
    fresh = managed(compliance="noncompliant", last_sync=NOW)
    assert FindingCode.COMPLIANCE_LAG not in found(managed=fresh)
    late_key = found(
        managed=managed(encrypted=False, last_sync=old), keys=(key(created=NOW),), matches=(key(created=NOW),)
    )
    assert FindingCode.COMPLIANCE_LAG in late_key


def test_s3_a_missing_policy_is_only_said_when_the_report_says_so() -> None:
    assert FindingCode.ESCROW_POLICY_ABSENT in found(encryption=report(policy_state="notAssigned", policies=()))
    for known in (report(), report(policy_state="unknown", policies=()), report(policy_state="notAssigned")):
        assert FindingCode.ESCROW_POLICY_ABSENT not in found(encryption=known)


def test_s10_a_failed_backup_is_read_from_several_causes() -> None:
    failed = found(encryption=report(causes=("networkError", "recoveryKeyBackupFailed")))
    assert FindingCode.ESCROW_FAILED in failed
    assert FindingCode.ESCROW_FAILED not in found(encryption=report(causes=("networkError",)))


def test_t5_a_stale_key_names_the_rotation_that_replaced_it() -> None:
    rotated = ActionResult("rotateBitLockerKeys", "done", NOW, NOW)
    stale = found(matches=(), matched_device=None, keys=(key(OTHER),), managed=managed(actions=(rotated,)))
    assert any("rotation done" in said for said in stale[FindingCode.STALE_KEY].evidence)
    assert FindingCode.STALE_KEY not in found(matches=(), matched_device=None, keys=(key(OTHER),), pending=True)


@pytest.mark.parametrize(
    "rest",
    [
        {"owner_changes": (DirectoryChange("Add registered owner to device", "LT-1", "", NOW, "x@y"),)},
        {"matched_device": entra(registered_at=NOW)},
        {
            "matched_device": entra(physical_ids=("[ZTDID]:1",)),
            "owners": (User("1", "ada@demo.example", ""),),
            "managed": managed(user="ben@demo.example"),
        },
    ],
)
def test_t2_an_owner_change_shows_in_the_log_in_the_dates_or_in_two_names(rest: dict[str, Any]) -> None:
    assert FindingCode.OWNER_CHANGED in found(**rest)


def test_t2_the_owner_that_came_with_the_registration_is_no_change() -> None:
    first = DirectoryChange("Add registered owner to device", "LT-1", "", entra().registered_at, "x@y")
    assert FindingCode.OWNER_CHANGED not in found(owner_changes=(first,))


def grants(*held: RoleGrant, eligible: tuple[RoleGrant, ...] = ()) -> Rights:
    return Rights(observed_at=NOW, active=held, eligible=eligible)


READER = RoleGrant("Helpdesk Administrator", "/", reads_keys=True)
SCOPED = RoleGrant("Helpdesk Administrator", "/administrativeUnits/1", reads_keys=True)


def test_t2_a_role_that_does_not_reach_the_device_is_said_before_anything_is_asked() -> None:
    elsewhere = (AdministrativeUnit("2", "Lyon"),)
    assert FindingCode.OUTSIDE_ADMIN_UNIT in found(rights=grants(SCOPED), units=elsewhere)
    assert FindingCode.OUTSIDE_ADMIN_UNIT not in found(rights=grants(SCOPED, READER), units=elsewhere)
    assert FindingCode.OUTSIDE_ADMIN_UNIT not in found(
        rights=grants(SCOPED), units=(AdministrativeUnit("1", "Berlin"),)
    )
    unread = {**ALL_WELL, "admin-units": SourceHealth(SourceState.FORBIDDEN, NOW)}
    assert FindingCode.OUTSIDE_ADMIN_UNIT not in found(rights=grants(SCOPED), sources=unread), "unknown never matches"


def test_s11_a_missing_role_and_one_that_can_be_activated() -> None:
    missing = found(rights=grants())
    assert missing[FindingCode.ROLE_MISSING].next == "Ask the directory team."
    eligible = found(rights=grants(eligible=(READER,)))
    assert FindingCode.PIM_ELIGIBLE in eligible
    assert FindingCode.PIM_ELIGIBLE not in missing
    assert FindingCode.ROLE_MISSING not in found(rights=Rights(observed_at=NOW)), "unread roles are not missing roles"


def test_u8_objects_that_a_clean_up_would_take() -> None:
    old = entra(last_sign_in=NOW - timedelta(days=91))
    assert FindingCode.DEVICE_AT_RISK in found(named=(old,), matched_device=old)
    off = entra(enabled=False)
    assert FindingCode.DEVICE_AT_RISK in found(named=(off,), matched_device=off)
    assert FindingCode.DEVICE_AT_RISK not in found(named=(old,), matched_device=old, keys=(), matches=())
    younger = entra(OTHER, registered_at=NOW)
    assert FindingCode.DEVICE_AT_RISK in found(named=(entra(), younger))


def test_t1_another_name_with_the_same_id_is_a_renaming_and_letter_case_is_not() -> None:
    assert FindingCode.RENAMED_DEVICE in found(named=(), query=Query(term=parse_key_term(KEY), device_name="LT-OLD"))
    assert FindingCode.RENAMED_DEVICE not in found(query=Query(term=parse_key_term(KEY), device_name="lt-1"))


def test_the_most_severe_comes_first_and_nothing_twice() -> None:
    info, alarm = (
        Finding(FindingCode.STALE_KEY, each, "t", ("e",), "n") for each in (Severity.INFO, Severity.CRITICAL)
    )
    assert by_severity([info, alarm, info]) == (alarm, info)
