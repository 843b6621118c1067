"""Two measured-boot logs of one machine: what differs, and what that is called."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tests.diagnosis.measured_boot_writer import OWNER, Event, agile_log, hash_list, image, sha1_log, windows_boot
from tui.diagnosis.measured_boot import compare, diff, read_log
from tui.diagnosis.sample import Facts, Sample

HASHES = [hashlib.sha256(bytes([n])).digest() for n in range(4)]


def pair(before: list[Event], after: list[Event]) -> Facts:
    return compare(Sample("a.log", agile_log(before)), Sample("b.log", agile_log(after))).facts


def test_corpus_pairs_agree_field_by_field() -> None:
    found = cases("tcg-pairs")
    assert found
    for case in found:
        before, after = (Sample(path.name, path.read_bytes()) for path in case.files)
        assert disagreements(case.expected, compare(before, after).facts) == [], case.path.name


def test_dbx_update_names_the_variable_and_what_was_added() -> None:
    told = pair(windows_boot(dbx=hash_list(HASHES[0])), windows_boot(dbx=hash_list(*HASHES)))
    assert told["changed_pcrs"] == [7]
    assert told["cause"] == ["secureboot_changed"]
    assert told["per_pcr"][0]["first_difference_position"] == 1
    assert told["per_pcr"][0]["positions_that_differ"] == 1
    assert told["per_pcr"][0]["b"] == {
        "index": 3,
        "event_type": "EV_EFI_VARIABLE_DRIVER_CONFIG",
        "variable": "dbx",
        "size": 28 + 4 * 48,
    }
    assert told["changed_variable_sizes"] == {"dbx": [76, 220]}
    added = [{"type": "sha256", "owner": str(OWNER), "count": 3}]
    assert told["signature_changes"] == {"dbx": {"added": added, "removed": []}}
    assert told["profile_7_11_affected"] is True
    assert told["profile_0_2_4_11_affected"] is False


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({}, ["no_change"]),
        ({"firmware": "A2"}, ["firmware_update"]),
        ({"secure_boot": 0}, ["secureboot_disabled"]),
        ({"loader": "\\EFI\\other.efi"}, ["boot_app_changed"]),
        ({"boot_order": (0, 1)}, ["boot_order"]),
        ({"counter": 8}, ["reboot_noise"]),
        ({"counter": 8, "transfer": 2}, ["resume"]),
        ({"firmware": "A2", "counter": 8, "dbx": b"x"}, ["firmware_update", "secureboot_changed"]),
    ],
)
def test_causes(changed: dict[str, object], cause: list[str]) -> None:
    assert pair(windows_boot(), windows_boot(**changed))["cause"] == cause  # type: ignore[arg-type]


def test_another_device_tried_first_is_the_boot_order() -> None:
    tried: list[Event] = [(4, 0x80000007, b"Returning from EFI Application from Boot Option")]
    before = windows_boot()
    told = pair(before, before[:6] + tried + before[5:])
    assert told["cause"] == ["boot_order"]
    assert told["per_pcr"][0]["b"]["text"] == "Returning from EFI Application from Boot Option"


def test_what_was_loaded_after_another_attempt_is_not_the_cause() -> None:
    before, other = windows_boot(), windows_boot(loader="\\EFI\\other.efi")
    tried: list[Event] = [(4, 0x80000007, b"Returning from EFI Application from Boot Option")]
    assert pair(before, other[:6] + tried + other[6:])["cause"] == ["boot_order"]


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        ((14, 0xD, b"MokList\0"), "mok_list"),
        ((5, 0x80000006, b"EFI PART"), "partition"),
        ((2, 0x80000004, image("rom")), "pcr_mismatch"),
        ((9, 0xD, b"(hd0,gpt2)/vmlinuz\0"), "boot_app_changed"),
        ((9, 0xD, b"(hd0,gpt2)/grub/grubenv\0"), "reboot_noise"),
        ((11, 0xC, b"\x01\0\0\0"), "unknown"),
        ((1, 0x80000001, b"not a variable"), "unknown"),
    ],
)
def test_cause_of_an_added_event(event: Event, cause: str) -> None:
    told = pair(windows_boot(), [*windows_boot(), event])
    assert told["cause"] == [cause]
    assert told["per_pcr"][0]["a"] is None


def test_difference_is_restricted_to_the_profile() -> None:
    a = read_log(agile_log(windows_boot()))
    b = read_log(agile_log(windows_boot(firmware="A2", dbx=b"x", counter=9)))
    assert diff(a, b).changed == [0, 7, 12]
    assert diff(a, b, {7, 11}).changed == [7]
    assert diff(a, b, {4, 11}).changed == []


def test_cut_log_names_no_cause() -> None:
    parsed = compare(Sample("a", agile_log(windows_boot())), Sample("b", agile_log(windows_boot())[:-10]))
    assert parsed.facts["cause"] == ["unknown"]
    assert "cut off" in parsed.problems[0]


def test_logs_without_a_common_algorithm() -> None:
    parsed = compare(Sample("a", sha1_log(windows_boot())), Sample("b", agile_log(windows_boot(), (11,))))
    assert parsed.facts["algorithm"] is None
    assert parsed.facts["cause"] == ["unknown"]
    assert parsed.problems == ("The logs have no hash algorithm in common.",)


@given(st.binary(max_size=300), st.binary(max_size=300))
@settings(max_examples=100)
def test_arbitrary_pairs_never_raise(a: bytes, b: bytes) -> None:
    head = agile_log(windows_boot())
    compare(Sample("a", a), Sample("b", b))
    assert compare(Sample("a", head + a), Sample("b", head + a)).facts["changed_pcrs"] == []
    compare(Sample("a", head + a), Sample("b", head + b))
