"""Recovery screens as photographed, typed from a call, or shown by older builds; and what is no BitLocker screen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tui.diagnosis.decode import make_sample
from tui.diagnosis.formats import identify
from tui.diagnosis.recovery_screen import KIND, parse, read_screen
from tui.diagnosis.recovery_screen_codes import CODES, distance, nearest_code
from tui.diagnosis.recovery_screen_detail import find_detail
from tui.diagnosis.ticket_text import read_ticket
from tui.model.cause import CauseCode

DETAIL = "7_3_80000001_80000001_db_db_7_7351f...0376_769b...4ad2_1"
"""The shape seen in Microsoft Q&A 5873763, digests shortened by their poster."""


def test_the_corpus_agrees() -> None:
    for case in cases("recovery-screen"):
        parsed = identify(make_sample(case.path.name, case.data))
        assert parsed.kind == KIND
        assert disagreements(case.expected, parsed.facts) == []


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_read_as_it_is_and_with_an_error(code: str) -> None:
    middle = len(code) // 2 + 1
    swapped = code[: middle - 1] + code[middle] + code[middle - 1] + code[middle + 1 :]
    spoken = code.replace("_", " ").lower()
    for typed in (code, code.lower(), code.replace("O", "0").replace("I", "1"), code[:middle] + code[middle + 1 :]):
        assert nearest_code(typed) == code, typed
    assert nearest_code(swapped) == code
    assert (screen := read_screen(f"it says {spoken} on the blue screen").code) is not None
    assert screen.name == code


@pytest.mark.parametrize(
    "token", ["E_FAIL", "E_FVE_", "SOME_OTHER_WORD", "FVE_E_NOT_ACTIVATED", "E_FVE_DEVICE", "MY_PC_ID"]
)
def test_a_code_is_not_guessed(token: str) -> None:
    assert nearest_code(token) is None


def test_bad_code_id_and_bad_code_option_are_not_mixed_up() -> None:
    assert read_screen("E_FVE_BAD_CODE_ID").cause is CauseCode.BOOT_APP_CHANGED
    assert read_screen("E_FVE_BAD_CODE_OPTION").cause is CauseCode.BCD_CHANGED


def test_the_detail_line() -> None:
    detail = find_detail(f"error: {DETAIL}.")
    assert detail is not None
    assert (detail.pcr, detail.event, detail.cause) == (7, "db", CauseCode.SECUREBOOT_CHANGED)
    assert (detail.expected_type, detail.observed_digest) == ("80000001", "769b...4ad2")
    facts = identify(make_sample("call.txt", f"Recovery key ID 4A2B9C1D\n{DETAIL}\n".encode())).facts
    assert (facts["pcr"], facts["event"], facts["cause"]) == (7, "db", "secureboot_changed")
    assert facts["key_id_prefix"] == "4A2B9C1D"


def test_other_pcrs_and_missing_labels() -> None:
    detail = find_detail("4_1_80000003_80000003__bootmgfw_2_aa_bb_1")
    assert detail is not None
    assert (detail.pcr, detail.expected_label, detail.observed_label) == (4, None, "bootmgfw")
    assert detail.cause is CauseCode.PCR_MISMATCH
    assert find_detail("99_3_80000001_80000001_db_db_7_aa_bb_1") is None
    assert find_detail("2026_04_15_080211") is None


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "You need to enter your recovery key because Secure Boot policy has unexpectedly changed.",
            "secureboot_changed",
        ),
        ("You need to enter your recovery key because Secure Boot has been disabled.", "secureboot_disabled"),
        ("weil die Richtlinie für den sicheren Start unerwartet geändert wurde", "secureboot_changed"),
        ("la directiva de arranque seguro ha cambiado inesperadamente", "secureboot_changed"),
        ("because your PC's configuration has changed. A disc or USB device was inserted", "pcr_mismatch"),
        ("The wrong PIN has been entered too many times", "wrong_pin"),
        ("Enter the recovery key for this drive", "unknown"),
        ("Automatische Reparatur\nDer PC wurde nicht richtig gestartet", "not_bitlocker"),
        ("自動修復\nPC が正しく起動しませんでした", "not_bitlocker"),
        ("Choose an option\nContinue\nTroubleshoot\nTurn off your PC", "not_bitlocker"),
        ("Automatic Repair\nEnter the recovery key to get going again", "unknown"),
    ],
)
def test_prose_of_older_builds_and_of_the_recovery_environment(text: str, cause: str) -> None:
    assert read_screen(text).cause == cause


def test_ids_and_hints() -> None:
    screen = read_screen(
        "BitLocker recovery\nRecovery key ID:\n063EA4E1-220C-4293-BA01-4754620A96E7\n"
        "aka.ms/myrecoverykey or https://aka.ms/recoverykeyfaq"
    )
    assert screen.key_id == "063EA4E1-220C-4293-BA01-4754620A96E7"
    assert screen.key_id_prefix == "063EA4E1"
    assert screen.hints == ("myrecoverykey", "recoverykeyfaq")
    assert read_screen("TraceId: {cbac2b6f-1434-4faa-a9c3-597b17c1dfa3}").key_id is None
    assert read_screen("error code 803100a1").key_id_prefix is None


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=1500))
def test_any_text_is_read(text: str) -> None:
    screen = read_screen(text)
    assert screen.key_id_prefix is None or len(screen.key_id_prefix) == 8


@settings(max_examples=100, deadline=None)
@given(st.text("ABC_", max_size=8), st.text("ABC_", max_size=8), st.integers(1, 4))
def test_the_distance_is_symmetric_and_zero_for_equals_only(a: str, b: str, bound: int) -> None:
    assert min(distance(a, b, bound), bound + 1) == min(distance(b, a, bound), bound + 1)
    assert (distance(a, b, bound) == 0) == (a == b)


def test_several_codes_name_no_cause() -> None:
    parsed = parse(make_sample("call.txt", b"It is not E_FVE_PCR_MISMATCH, the screen says E_FVE_TPM_DISABLED"))
    assert (parsed.facts["code"], parsed.facts["cause"]) == (None, "unknown")
    assert parsed.problems == ("several codes are named: E_FVE_PCR_MISMATCH, E_FVE_TPM_DISABLED",)
    reading = read_ticket("BitLocker recovery, E_FVE_PCR_MISMATCH on Monday and E_FVE_TPM_DISABLED today")
    assert (reading.cause.code, len(reading.error_codes)) == ("unknown", 2)


def test_an_authority_event_is_named_so_whatever_its_variable() -> None:
    line = "7_3_800000E0_800000E0_db_db_9_aa11...22bb_cc33...44dd_1"
    assert parse(make_sample("call.txt", line.encode())).facts["event"] == "boot-manager-authority"
