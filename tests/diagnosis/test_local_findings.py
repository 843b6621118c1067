"""Findings of local facts: each by the facts that make it, and by their absence."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.given import (
    API,
    DRIVER,
    KEY_ID,
    boot,
    entry,
    msinfo,
    protectors,
    recovery,
    recovery_log,
    screen,
    status,
    system_log,
    ticket,
)
from tui.diagnosis.causes import name_cause
from tui.diagnosis.findings import CloudSide, local_findings
from tui.diagnosis.kb import update_in_force
from tui.diagnosis.sample import Facts, Parsed
from tui.model.finding import Finding, FindingCode, Severity

_OTHER_ID = "7D2B90E4-51A6-4C3F-8E07-2B64F1A9C85D"


def _found(*inputs: Parsed, cloud: CloudSide | None = None, build: str = "") -> dict[str, Finding]:
    findings = local_findings(inputs, name_cause(inputs), update_in_force(inputs, build), cloud or CloudSide())
    assert len({finding.code for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.title
        assert finding.next
        assert finding.evidence
    return {str(finding.code): finding for finding in findings}


def _escrow(result: str, time: str, event: int = 846, **facts: Any) -> Facts:
    return {"result": result, "time": time, "event": f"{API}/{event}", "directory": "entra", **facts}


def _log(**facts: Any) -> Parsed:
    return Parsed("evtx", facts)


def test_nothing_known_is_no_finding() -> None:
    assert _found() == {}
    assert _found(status(), protectors(), msinfo("bound"), ticket()) == {}


def test_a_failed_backup_stands_until_one_succeeds() -> None:
    failed = _escrow("failed", "2026-04-10T08:00:00Z", error="0x80072efd")
    found = _found(_log(escrow=[failed]))["escrow-failed"]
    assert found.severity is Severity.CRITICAL
    assert "no connection to the server" in found.evidence[0]
    later = _escrow("ok", "2026-04-11T08:00:00Z", 845)
    assert "escrow-failed" not in _found(_log(escrow=[failed, later]))
    earlier = _escrow("ok", "2026-04-09T08:00:00Z", 845)
    assert "escrow-failed" in _found(_log(escrow=[earlier, failed]))
    for elsewhere in ({"volume": "D:"}, {"directory": "ad"}):
        assert "escrow-failed" in _found(
            _log(escrow=[{**failed, "volume": "C:"}, {**later, "volume": "C:", **elsewhere}])
        )


def test_a_pasted_failure_and_an_http_refusal_count_too() -> None:
    assert "escrow-failed" in _found(Parsed("event-text", {"events": [{"id": 846, "error": "0x80072f9a"}]}))
    refused = _escrow("http", "2026-04-10T08:00:00Z", 873, http_status=403)
    assert "HTTP 403" in _found(_log(escrow=[refused]))["escrow-failed"].evidence[0]
    assert _found(_log(escrow=[_escrow("http", "2026-04-10T08:00:00Z", 873, http_status=200)])) == {}


def test_tls_errors_and_foreign_issuers_are_inspection() -> None:
    tested = Parsed(
        "test-netconnection",
        {"computer_name": "enterpriseregistration.windows.net", "remote_port": 443, "tcp_test_succeeded": True},
    )
    failed = _log(escrow=[_escrow("failed", "2026-04-10T08:00:00Z", error="0x80072F8F")])
    assert "TCP to port 443 works" in _found(failed, tested)["tls-inspection"].evidence
    proxy = Parsed("collector-facts", {"tls_issuer": "CN=Corp Proxy CA, O=Example"})
    assert "tls-inspection" in _found(proxy)
    public = Parsed(
        "collector-facts", {"tls_issuer": "CN=Microsoft Azure RSA TLS Issuing CA 03, O=Microsoft Corporation"}
    )
    assert _found(public, tested) == {}
    assert "tls-inspection" not in _found(_log(escrow=[_escrow("failed", "2026-04-10T08:00:00Z", error="0x80072f9a")]))


@pytest.mark.parametrize(
    ("host", "port", "succeeded", "blocked"),
    [
        ("enterpriseregistration.windows.net", 443, False, True),
        ("EnterpriseRegistration.windows.net", None, False, True),
        ("enterpriseregistration.microsoftonline.us", 443, False, True),
        ("enterpriseregistration.windows.net", 80, False, False),
        ("enterpriseregistration.windows.net", 443, None, False),
        ("login.example", 443, False, False),
    ],
)
def test_a_blocked_path(host: str, port: int | None, succeeded: bool | None, blocked: bool) -> None:
    test = Parsed("test-netconnection", {"computer_name": host, "remote_port": port, "tcp_test_succeeded": succeeded})
    assert ("network-path-blocked" in _found(test)) is blocked


def test_keys_on_the_disk_that_the_directory_lacks() -> None:
    disk = protectors((), "RecoveryPassword")
    assert "escrow-missing" in _found(disk, cloud=CloudSide(key_ids=frozenset()))
    assert "escrow-missing" in _found(disk, cloud=CloudSide(key_ids=frozenset({_OTHER_ID})))
    assert _found(disk, cloud=CloudSide(key_ids=frozenset({KEY_ID.lower()}))) == {}
    assert _found(disk) == {}, "nobody asked the directory"
    listing = Parsed("escrow-entra", {"keys": [{"id": _OTHER_ID.lower()}]})
    assert "escrow-missing" in _found(disk, listing)
    masked = protectors((), "RecoveryPassword", key_id="DFA26333-XXXX-402C-YYYY-A8C40AF3ZZZZ")
    assert _found(masked, cloud=CloudSide(key_ids=frozenset())) == {}


def test_a_policy_that_asks_for_no_backup() -> None:
    assert "escrow-policy-absent" in _found(Parsed("collector-facts", {"backup_required": False}))
    assert _found(Parsed("collector-facts", {"backup_required": True})) == {}
    assert _found(Parsed("collector-facts", {"backup_required": None})) == {}


def test_suspended_with_and_without_an_end() -> None:
    ends = _found(status("Off", reboots_left=1))["protection-suspended"]
    assert (ends.severity, "1 restarts left until it resumes" in ends.evidence) == (Severity.INFO, True)
    open_end = _found(status("Off"), system_log(entry(1, "2026-04-01T00:00:00Z", f"{API}/773", "suspended")))
    assert open_end["protection-suspended"].severity is Severity.WARNING
    assert any("suspended 2026-04-01" in fact for fact in open_end["protection-suspended"].evidence)
    assert _found(status("Off", "FullyDecrypted")) == {}
    assert _found(status("Off", mount="D:")) == {}
    assert _found(status("Off"), status("On")) == {}, "inputs that differ decide nothing"


def test_the_disk_against_intune() -> None:
    assert "mdm-pipeline" in _found(status(), cloud=CloudSide(compliant=False))
    assert "mdm-pipeline" in _found(status(conversion="UsedSpaceOnlyEncrypted"), cloud=CloudSide(encrypted=False))
    assert _found(status(), cloud=CloudSide(compliant=True, encrypted=True)) == {}
    assert "mdm-pipeline" not in _found(status("Off"), cloud=CloudSide(compliant=False))
    assert _found(cloud=CloudSide(compliant=False)) == {}


def test_profiles_other_than_the_usual() -> None:
    fallback = _found(protectors((0, 2, 4, 11)))["custom-pcr-profile"]
    assert fallback.severity is Severity.INFO
    seal = {"time": "2026-04-01T00:00:00Z", "event": f"{API}/817", "pcrs": [7, 11], "source": "group-policy"}
    assert _found(_log(seals=[seal]))["custom-pcr-profile"].severity is Severity.WARNING
    assert _found(_log(seals=[{**seal, "source": "secure-boot"}])) == {}
    older = {**seal, "time": "2026-03-01T00:00:00Z"}
    assert _found(_log(seals=[older, {**seal, "source": "secure-boot"}])) == {}
    assert "custom-pcr-profile" in _found(Parsed("intune-zip", {"fve_platform_validation_uefi": [7, 11]}))


def test_pcr7_that_cannot_be_bound() -> None:
    refused = entry(5, "2026-04-01T00:00:00Z", f"{API}/815", "binding-refused")
    assert "pcr7-binding-not-possible" in _found(msinfo("binding_not_possible"))
    assert "pcr7-binding-not-possible" in _found(system_log(refused))
    assert _found(system_log(refused), msinfo("bound")) == {}, "msinfo32 tells the state of today"
    assert _found(msinfo("elevation_required")) == {}


def test_a_second_recovery_within_thirty_days() -> None:
    def log(first: str, second: str, *between: Facts) -> Parsed:
        return system_log(
            boot(1, first, "10.0.26100.8246"),
            recovery(2, first.replace("00:00Z", "00:05Z")),
            *between,
            boot(50, second, "10.0.26100.8246"),
            recovery(51, second.replace("00:00Z", "00:05Z")),
        )

    near = _found(log("2026-04-01T07:00:00Z", "2026-04-20T07:00:00Z"))["repeat-recovery"]
    assert "no event in between says that it was sealed anew" in near.evidence
    failed = entry(9, "2026-04-01T07:01:00Z", f"{API}/794", "reseal-failed")
    assert any(
        "/794" in fact
        for fact in _found(log("2026-04-01T07:00:00Z", "2026-04-20T07:00:00Z", failed))["repeat-recovery"].evidence
    )
    assert "repeat-recovery" not in _found(log("2026-04-01T07:00:00Z", "2026-06-20T07:00:00Z"))
    twice_told = [recovery(80, "2026-04-15T06:00:09Z"), entry(81, "2026-04-15T06:02:00Z", f"{API}/805", "recovery")]
    assert "repeat-recovery" not in _found(recovery_log(*twice_told)), "one boot is one recovery"


def test_a_prompt_that_is_none() -> None:
    assert "winre-not-bitlocker" in _found(screen("not_bitlocker"))
    assert "winre-not-bitlocker" not in _found(screen("not_bitlocker"), screen("tpm_absent", "E_FVE_TPM_NOT_DETECTED"))


def test_the_id_of_a_data_volume() -> None:
    data = [protectors((), "RecoveryPassword", "D:"), status(mount="D:")]
    asked = screen("unknown", key_id_prefix=KEY_ID[:8])
    assert "wrong-volume" in _found(*data, asked)
    assert "wrong-volume" in _found(*data, ticket(key_id_prefixes=[KEY_ID[:8].lower()]))
    assert "wrong-volume" not in _found(*data, asked, protectors((), "RecoveryPassword", "C:"), status())
    assert "wrong-volume" not in _found(data[0], asked), "the kind of the volume is not known"
    assert "wrong-volume" not in _found(*data, screen("unknown", key_id_prefix=_OTHER_ID[:8]))


def test_a_pin_that_went_with_the_recovery() -> None:
    def record(number: int, time: str, key_id: str, kind: int = 4) -> Facts:
        data = {"ProtectorGUID": key_id} | ({"ProtectorType": hex(kind)} if number == 775 else {})
        return {"id": number, "time": time, "data": data}

    made, gone = record(775, "2026-01-01T00:00:00Z", KEY_ID), record(776, "2026-04-15T07:00:00Z", KEY_ID)
    assert "pin-protector-lost" in _found(recovery_log(), _log(bitlocker_records=[made, gone]))
    anew = record(775, "2026-04-15T08:00:00Z", _OTHER_ID)
    assert "pin-protector-lost" not in _found(recovery_log(), _log(bitlocker_records=[made, gone, anew]))
    assert "pin-protector-lost" not in _found(_log(bitlocker_records=[made, gone])), "no recovery, no loss by one"
    tpm = record(775, "2026-01-01T00:00:00Z", KEY_ID, 1)
    assert "pin-protector-lost" not in _found(recovery_log(), _log(bitlocker_records=[tpm, gone]))


def test_network_unlock() -> None:
    assert _found(protectors((7, 11), "TpmNetworkKey"))["network-unlock"].severity is Severity.INFO
    failed = recovery_log(entry(60, "2026-04-15T06:00:05Z", f"{DRIVER}/24645", "cause", "network_unlock"))
    assert _found(failed)["network-unlock"].severity is Severity.WARNING


def test_known_issues_are_told_with_fix_and_sources() -> None:
    found = _found(ticket("secureboot_changed", ["KB5012170"], pcr=7, event="dbx"))["known-issue"]
    assert any("sources:" in fact for fact in found.evidence)
    fixed = _found(ticket("winre_boot_failure", ["KB5058379"]))["known-issue"]
    assert "KB5061768" in fixed.next
    assert "known-issue" not in _found(ticket("unknown", ["KB5012170"]))
    assert "known-issue" not in _found(ticket("firmware_update", ["KB5012170"]))


def test_april_2026_needs_all_five() -> None:
    facts = {"ca_2023_in_db": True, "boot_manager_2023": False, "fve_platform_validation_uefi": [7, 11]}
    device = [status(), msinfo("binding_not_possible"), Parsed("collector-facts", facts)]
    found = _found(*device)["april-2026-predicate"]
    assert (found.severity, len(found.evidence)) == (Severity.CRITICAL, 5)
    for name in facts:
        fewer = Parsed("collector-facts", {key: value for key, value in facts.items() if key != name})
        assert "april-2026-predicate" not in _found(*device[:2], fewer)


_MAKERS: list[Callable[[], Parsed]] = [
    status,
    lambda: status("Off"),
    lambda: status(mount="D:"),
    protectors,
    lambda: protectors((0, 2, 4, 11)),
    lambda: protectors((), "RecoveryPassword", "D:"),
    lambda: msinfo("binding_not_possible"),
    lambda: screen("not_bitlocker"),
    lambda: screen("unknown", key_id_prefix=KEY_ID[:8]),
    recovery_log,
    lambda: _log(escrow=[_escrow("failed", "2026-04-10T08:00:00Z", error="0x80072f8f")]),
    lambda: Parsed("event-text", {"events": [{"id": 846}, {"id": 24645}]}),
    lambda: ticket("secureboot_changed", ["KB5012170"], pcr=7, event="dbx"),
]


@given(st.lists(st.sampled_from(_MAKERS), max_size=6), st.randoms())
@settings(max_examples=60)
def test_the_order_of_inputs_does_not_matter(makers: list[Callable[[], Parsed]], chance: random.Random) -> None:
    inputs = [make() for make in makers]
    shuffled = list(inputs)
    chance.shuffle(shuffled)
    assert _found(*inputs) == _found(*shuffled)


def test_the_worst_comes_first() -> None:
    inputs = [protectors((0, 2, 4, 11)), Parsed("event-text", {"events": [{"id": 846}]})]
    findings = local_findings(inputs, name_cause(inputs), update_in_force(inputs))
    assert [finding.code for finding in findings] == [FindingCode.ESCROW_FAILED, FindingCode.CUSTOM_PCR_PROFILE]
