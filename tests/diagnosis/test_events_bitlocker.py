"""BitLocker's own events: seals with their logs, mismatches, escrow results."""

from typing import Any

import pytest

from tests.diagnosis.corpus import cases
from tests.diagnosis.measured_boot_writer import agile_log, record, windows_boot
from tui.diagnosis.events import parse, sealed_log
from tui.diagnosis.events.bitlocker import bitlocker_facts
from tui.diagnosis.events.meanings import API, DRIVER
from tui.diagnosis.events.reader import Record
from tui.diagnosis.measured_boot import diff, read_log, replay
from tui.diagnosis.sample import Facts, Sample

PROTECTOR = "0a1b2c3d-0000-4000-8000-00000000beef"


def told(provider: str, number: int, **data: Any) -> Facts:
    return bitlocker_facts([Record(5, provider, number, "2026-04-15T08:00:00.000000Z", data)])


def seal_data(dbx: bytes = b"") -> Facts:
    events = [event for event in windows_boot(dbx=dbx) if event[0] == 7]
    value = replay(read_log(agile_log(events, (11,))))["sha256"][7]
    values = b"\x0b\0\x20\0" + value + b"\x0b\0\x20\0" + bytes(32)
    log = b"".join(record(event, (11,)) for event in events)
    return {
        "PCRBitmap": 2176,
        "PCRBitmapSource": 1,
        "PCRValues": values.hex().upper(),
        "FilteredTcgLog": log.hex().upper(),
    }


@pytest.mark.parametrize("number", [817, 834, 892, 893])
def test_seal_keeps_its_profile_values_and_log(number: int) -> None:
    (seal,) = told(API, number, **seal_data())["seals"]
    assert seal["pcrs"] == [7, 11]
    assert seal["source"] == "group-policy"
    assert seal["pcr_values"]["11"] is None
    assert len(seal["pcr_values"]["7"]) == 64
    assert [event.get("variable") for event in seal["log_events"]] == ["SecureBoot", "dbx", None]
    assert seal["log_agrees"] is True


def test_sealed_log_compares_with_a_later_boot() -> None:
    sealed = sealed_log(seal_data())
    later = read_log(agile_log(windows_boot(dbx=b"changed", counter=9)))
    assert sealed is not None
    (pcr,) = diff(sealed, later, {7}).pcrs
    assert (pcr.pcr, pcr.position) == (7, 1)
    assert diff(sealed, read_log(agile_log(windows_boot())), {7}).changed == []


@pytest.mark.parametrize("data", [{}, {"FilteredTcgLog": "zz"}, {"FilteredTcgLog": ""}, {"FilteredTcgLog": 7}])
def test_seal_without_a_log(data: Facts) -> None:
    assert sealed_log(data) is None
    assert told(API, 817, **data)["seals"][0]["log_agrees"] is None


def test_seals_of_the_corpus_agree_with_their_own_values() -> None:
    seals = [seal for case in cases("evtx") for seal in parse(Sample("x", case.data)).facts["seals"]]
    assert seals
    assert all(seal["log_agrees"] for seal in seals)


def test_mismatch_names_pcr_event_and_digests() -> None:
    (entry,) = told(
        DRIVER,
        24705,
        MismatchedPcr=7,
        MismatchedEvent="0x3",
        ExpectedEventType="0x80000001",
        ObservedEventType=-2147483647,
        ExpectedEventLabel="dbx",
        ObservedEventLabel="dbx",
        ExpectedDigest="AB" * 32,
        ObservedDigest="CD" * 32,
        PcrBitmap="0x880",
        ProtectorGUID=PROTECTOR,
    )["mismatches"]
    assert (entry["pcr"], entry["position"], entry["label"], entry["pcrs"]) == (7, 3, "dbx", [7, 11])
    assert entry["expected"]["event_type"] == entry["observed"]["event_type"] == "EV_EFI_VARIABLE_DRIVER_CONFIG"
    assert (entry["expected"]["digest"], entry["observed"]["digest"]) == ("ab" * 32, "cd" * 32)
    assert entry["key_id"] == PROTECTOR.upper()


@pytest.mark.parametrize("value", ["9" * 5000, "0x" + "f" * 5000, "seven", True, None, [7]])
def test_what_is_no_number_is_left_out(value: Any) -> None:
    (entry,) = told(DRIVER, 24705, MismatchedPcr=value, ObservedEventType=value, PcrBitmap=value)["mismatches"]
    assert (entry["pcr"], entry["observed"]["event_type"], entry["pcrs"]) == (None, None, [])


def test_mismatch_without_labels() -> None:
    (entry,) = told(DRIVER, 24708, MismatchedPcr=4)["mismatches"]
    assert entry["label"] is None
    assert entry["observed"] == {"event_type": None, "label": None, "digest": None, "events": None}


@pytest.mark.parametrize(
    ("number", "data", "result", "directory", "error"),
    [
        (845, {"ProtectorGUID": PROTECTOR}, "ok", "entra", None),
        (846, {"ErrorCode": "0x80072ee7"}, "failed", "entra", "0x80072ee7"),
        (847, {"JsonErrorCode": "invalid_request", "JsonMessage": "no"}, "failed", "entra", "invalid_request"),
        (784, {}, "ok", "ad", None),
        (785, {"ErrorCode": -2147016656}, "failed", "ad", "0x80072030"),
        (829, {}, "failed", "microsoft-account", None),
        (873, {"HttpStatusCode": 403}, "http", "entra", None),
    ],
)
def test_escrow(number: int, data: Facts, result: str, directory: str, error: str | None) -> None:
    (entry,) = told(API, number, **data)["escrow"]
    assert (entry["result"], entry["directory"], entry["error"]) == (result, directory, error)


@pytest.mark.parametrize(
    ("provider", "number", "field", "how"),
    [
        (DRIVER, 24652, "OptionalGUID", "recovery-password"),
        (DRIVER, 24654, "OptionalGUID", "recovery-key-file"),
        (API, 805, "ProtectorGUID", "winre"),
    ],
)
def test_recovery(provider: str, number: int, field: str, how: str) -> None:
    (entry,) = told(provider, number, **{field: f"{{{PROTECTOR}}}"})["recoveries"]
    assert (entry["how"], entry["key_id"]) == (how, PROTECTOR.upper())


def test_ids_count_only_with_their_provider() -> None:
    assert told("Microsoft-Windows-TPM-WMI", 817, **seal_data())["seals"] == []
    assert told("Elsewhere", 24652)["recoveries"] == []
