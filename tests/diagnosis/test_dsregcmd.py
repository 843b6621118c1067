"""dsregcmd /status. All samples are invented."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import agreement, disguises
from tui.diagnosis.decode import make_sample
from tui.diagnosis.dsregcmd import FORMATS
from tui.diagnosis.sample import Facts, Parsed

(FORMAT,) = FORMATS
BOX = "+----------------------------------------------------------------------+\n"


def box(title: str, **lines: str) -> str:
    head = f"{BOX}| {title:<68} |\n{BOX}\n"
    return head + "".join(f"{name.replace('_', ' '):>26} : {value}\n" for name, value in lines.items()) + f"\n{BOX}"


WHOLE = (
    box("Device State", AzureAdJoined="YES", EnterpriseJoined="NO", DomainJoined="NO", Device_Name="PC-7.example")
    + box(
        "Device Details",
        DeviceId="00aa00aa-bb11-cc22-dd33-44ee44ee44ee",
        Thumbprint="AA11",
        TpmProtected="YES",
        DeviceAuthStatus="SUCCESS",
    )
    + box(
        "Tenant Details",
        TenantName="Example",
        TenantId="aaaabbbb-0000-cccc-1111-dddd2222eeee",
        MdmUrl="https://mdm.example/x",
    )
    + box("User State", NgcSet="NO", WorkplaceJoined="NO", WamDefaultSet="YES")
    + box("SSO State", AzureAdPrt="YES", AzureAdPrtUpdateTime="2026-04-15 07:12:00.000 UTC")
    + box("Diagnostic Data", KeySignTest="PASSED").replace(
        " KeySignTest", "AadRecoveryEnabled: NO\n               KeySignTest"
    )
)
EXPECTED: Facts = {
    "azure_ad_joined": True,
    "enterprise_joined": False,
    "domain_joined": False,
    "join_state": "entra",
    "domain_name": None,
    "device_id": "00aa00aa-bb11-cc22-dd33-44ee44ee44ee",
    "tpm_protected": True,
    "device_auth_status": "SUCCESS",
    "tenant_id": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "tenant_name": "Example",
    "mdm_url_present": True,
    "workplace_joined": False,
    "azure_ad_prt": True,
    "device_name": "PC-7.example",
    "aad_recovery_enabled": False,
    "key_sign_test": "PASSED",
    "ngc_set": False,
}


def read(data: bytes | str) -> Parsed:
    sample = make_sample("a.txt", data.encode() if isinstance(data, str) else data)
    assert FORMAT.recognise(sample) >= 50
    return FORMAT.parse(sample)


def test_a_whole_output_says_the_same_in_every_disguise() -> None:
    for disguise, data in disguises(WHOLE).items():
        parsed = read(data)
        assert EXPECTED.items() <= parsed.facts.items(), disguise
        assert parsed.problems == ()


@pytest.mark.parametrize(
    ("entra", "domain", "workplace", "state"),
    [
        ("YES", "NO", "NO", "entra"),
        ("YES", "YES", "NO", "hybrid"),
        ("NO", "YES", "NO", "domain"),
        ("NO", "NO", "YES", "registered"),
        ("NO", "NO", "NO", "none"),
        ("YES", "", "NO", None),
        ("", "YES", "NO", None),
        ("NO", "NO", "", None),
    ],
)
def test_the_join_state_follows_the_table(entra: str, domain: str, workplace: str, state: str | None) -> None:
    printed = f"AzureAdJoined : {entra}\nDomainJoined : {domain}\nWorkplaceJoined : {workplace}\n"
    assert read(printed).facts["join_state"] == state


def test_the_sections_of_a_user_are_null_when_the_system_asked() -> None:
    facts = read(WHOLE[: WHOLE.index("| User State")]).facts
    assert (facts["workplace_joined"], facts["azure_ad_prt"], facts["join_state"]) == (None, None, "entra")


def test_a_failed_authentication_is_said() -> None:
    status = "FAILED. Device is either disabled or deleted"
    parsed = read(WHOLE.replace("SUCCESS", status))
    assert parsed.facts["device_auth_status"] == status
    assert status in parsed.problems[0]


def test_diagnostic_tests_and_codes_are_kept() -> None:
    tests = {
        "AD Connectivity Test": "PASS",
        "DRS Discovery Test": "FAIL [0x801c0021/0x801c000c]",
        "DRS Connectivity Test": "SKIPPED",
    }
    lines = "".join(f"{name:>26} : {value}\n" for name, value in tests.items())
    codes = "Error Phase : join\n Client ErrorCode : 0x801c03f2\n Server ErrorCode : DirectoryError\n"
    facts = read(f"{lines}   User Context : SYSTEM\n   {codes}").facts
    assert facts["tests"] == tests
    assert (facts["error_phase"], facts["client_error_code"]) == ("join", "0x801c03f2")
    assert (facts["server_error_code"], facts["user_context"], facts["join_state"]) == (
        "DirectoryError",
        "SYSTEM",
        None,
    )


def test_no_management_address_is_false_only_where_the_tenant_is_shown() -> None:
    assert read(WHOLE.replace("https://mdm.example/x", "")).facts["mdm_url_present"] is False
    assert read("AzureAdJoined : YES\nDomainJoined : NO\n").facts["mdm_url_present"] is None


def test_other_lists_are_no_dsregcmd() -> None:
    for text in ("Device Name : PC\nError Phase : x\n", "ComputerName : PC\nRemotePort : 443\n", "Thumbprint : AA", ""):
        assert FORMAT.recognise(make_sample("a.txt", text.encode())) == 0


@given(st.binary(max_size=200), st.text(max_size=100))
@settings(max_examples=100)
def test_no_input_makes_it_fail(data: bytes, text: str) -> None:
    for each in (data, f"AzureAdJoined : {text}\n{text} : {text}".encode("utf-8", "replace")):
        sample = make_sample("a", each)
        assert 0 <= FORMAT.recognise(sample) <= 100
        assert FORMAT.parse(sample).kind == "dsregcmd"


def test_the_corpus_agrees() -> None:
    assert agreement("dsregcmd", lambda _, data: read(data).facts) == []
