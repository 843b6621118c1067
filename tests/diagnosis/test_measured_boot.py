"""Measured-boot logs: both forms, damage, replay, facts."""

import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tests.diagnosis.measured_boot_writer import (
    agile_log,
    image,
    record,
    sha1_log,
    sipa,
    spec_id,
    variable,
    windows_boot,
)
from tui.diagnosis.measured_boot import log as log_module
from tui.diagnosis.measured_boot import parse, read_log, read_records, recognise, replay
from tui.diagnosis.sample import Facts, Sample


def facts(data: bytes) -> Facts:
    return parse(Sample("x.log", data)).facts


def test_corpus_logs_agree_field_by_field() -> None:
    found = cases("tcg")
    assert found
    for case in found:
        assert disagreements(case.expected, facts(case.data)) == [], case.path.name
        assert recognise(Sample(case.path.name, case.data)) >= 80


def test_windows_log() -> None:
    told = facts(agile_log(windows_boot(unlock=0x40, counter=300)))
    assert told["format"] == "crypto-agile"
    assert told["algorithms"] == ["sha1", "sha256"]
    assert told["secure_boot"] is True
    assert told["firmware_version"] == ["A1"]
    assert told["boot_order"] == ["0001", "0000"]
    assert told["boot_applications"] == [
        {
            "pcr": 4,
            "event": "EV_EFI_BOOT_SERVICES_APPLICATION",
            "path": "Acpi/\\EFI\\Microsoft\\Boot\\bootmgfw.efi",
        }
    ]
    assert told["windows"] is True
    assert told["bitlocker_unlock"] == [{"pcr": 12, "value": 0x40}]
    assert told["sipa_flags"] == {"BootCounter": [300], "WinPE": [0]}
    assert told["ebs_invoked"] is True


def test_sha1_log_counts_no_header() -> None:
    told = facts(sha1_log(windows_boot()))
    assert told["format"] == "sha1-legacy"
    assert told["spec"] is None
    assert told["event_count"] == len(windows_boot())
    assert set(told["replayed_pcrs"]) == {"sha1"}


@pytest.mark.parametrize("locality", [0, 3, 4])
def test_replay_begins_pcr_0_with_the_startup_locality(locality: int) -> None:
    events = [(0, 3, b"StartupLocality\0" + bytes([locality])), (0, 8, b"1\0"), (17, 1, b"dynamic")]
    values = replay(read_log(agile_log(events)))["sha256"]
    first = bytes(31) + bytes([locality])
    assert values[0] == hashlib.sha256(first + hashlib.sha256(b"1\0").digest()).digest()
    assert values[17] == hashlib.sha256(b"\xff" * 32 + hashlib.sha256(b"dynamic").digest()).digest()


def test_records_with_fewer_digests_leave_their_pcr_out_of_the_bank() -> None:
    data = spec_id() + record((0, 8, b"v")) + record((11, 12, b"x"), (11,))
    values = replay(read_log(data))
    assert list(values["sha1"]) == [0]
    assert list(values["sha256"]) == [0, 11]


def test_trust_point_record_is_read_and_not_replayed() -> None:
    data = agile_log([(0, 8, b"v")]) + record((0xFFFFFFFF, 3, sipa(0xC0010004, b"")), (4,))
    told = facts(data)
    assert told["events_per_pcr"] == {"0": 2, "4294967295": 1}
    assert list(told["replayed_pcrs"]["sha256"]) == ["0"]


def test_vendor_bytes_are_told() -> None:
    assert facts(spec_id(vendor=b"\xde\xad"))["vendor_info"] == "dead"


def test_cut_log_tells_what_is_readable_and_where_it_stops() -> None:
    whole = agile_log([*windows_boot(), (13, 6, bytes(300))])
    parsed = parse(Sample("cut.log", whole[:-100]))
    assert parsed.facts["malformed"] is True
    assert parsed.facts["error_hint"].startswith("event size 300 past end at ")
    assert parsed.facts["readable_events"] == len(windows_boot()) + 1
    assert parsed.facts["secure_boot"] is True
    assert "replayed_pcrs" not in parsed.facts
    assert "cut off" in parsed.problems[0]


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_filler_behind_the_log_is_no_event(filler: bytes) -> None:
    told = facts(agile_log(windows_boot()) + filler * 4096)
    assert told["event_count"] == len(windows_boot()) + 1
    assert told["trailing_bytes"] == 4096


def test_empty_secure_boot_variable_is_unknown_and_not_off() -> None:
    assert facts(agile_log([(7, 0x80000001, variable("SecureBoot", b""))]))["secure_boot"] is None
    assert facts(agile_log([(7, 0x80000001, variable("SecureBoot", b"\0"))]))["secure_boot"] is False
    assert facts(agile_log([(0, 8, b"v")]))["secure_boot"] is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("N1 ".encode("utf-16-le") + b"\0\0", "N1 "),
        (b"N1429 ", "N1429 "),
        (b"M60\0\0\0\x02\0garbage", "M60"),
        (bytes.fromhex("1efb6b540c1d5540a4ad4ef4bf17b83a"), "guid:546bfb1e-1d0c-4055-a4ad-4ef4bf17b83a"),
        (b"\0\0", None),
        (b"", None),
    ],
)
def test_firmware_version(data: bytes, said: str | None) -> None:
    assert facts(agile_log([(0, 8, data)]))["firmware_version"] == [said]


def test_variables_of_other_pcrs_carry_the_pcr() -> None:
    events = [(7, 0x80000001, variable("db", b"12")), (1, 0x80000001, variable("Setup", b"123"))]
    assert facts(agile_log(events))["efi_variables"] == {"db": 2, "pcr1:Setup": 3}


def test_image_without_a_path() -> None:
    told = facts(agile_log([(4, 0x80000003, struct.pack("<QQQQ", 1, 2, 3, 0)), (4, 0x80000003, image("\\a.efi"))]))
    assert [entry["path"] for entry in told["boot_applications"]] == [None, "Acpi/\\a.efi"]


def test_recognise_is_not_taken_in() -> None:
    for data in (b"", b"Volume C: [OS]\n" * 20, bytes(200), b"PK\x03\x04" + bytes(100), b"ElfFile\0" + bytes(100)):
        assert recognise(Sample("x", data)) == 0
    assert recognise(Sample("x", agile_log(windows_boot()))) == 98
    assert recognise(Sample("x", sha1_log(windows_boot()))) == 80


def test_number_of_events_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_EVENTS", 50)
    log = read_log(agile_log([(0, 1, b"x")] * 60))
    assert len(log.events) == 50
    assert log.error.startswith("more than 50 events")


def test_records_without_a_header() -> None:
    log = read_records(b"".join(record(event, (11,)) for event in windows_boot()))
    assert log.algorithms == (11,)
    assert len(log.events) == len(windows_boot())
    assert replay(log) == {"sha256": replay(read_log(agile_log(windows_boot(), (11,))))["sha256"]}


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    parse(Sample("x", data))
    parse(Sample("x", spec_id() + data))
    read_records(data)
    recognise(Sample("x", data))


_WHOLE = agile_log(windows_boot(dbx=bytes(100)))


@given(st.lists(st.tuples(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255)), max_size=12), st.integers(0, 400))
@settings(max_examples=150)
def test_mutated_logs_never_raise_nor_grow(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(_WHOLE)
    for place, value in changes:
        data[place] = value
    log = read_log(bytes(data[: len(data) - cut]))
    assert sum(len(event.data) for event in log.events) <= len(data)
    facts(bytes(data))


@pytest.mark.long
@given(st.binary(max_size=4000))
@settings(max_examples=20_000, deadline=None)
def test_arbitrary_bytes_never_raise_for_long(data: bytes) -> None:
    parse(Sample("x", spec_id() + data))
    parse(Sample("x", _WHOLE[:700] + data))
