"""Causes from sealed logs and from rows of measured-boot logs, with logs made here byte by byte."""

import hashlib
import struct
from typing import Any

import pytest

from tests.diagnosis import corpus
from tests.diagnosis.given import API, protectors, recovery_log, screen, ticket
from tui.diagnosis.causes import name_cause
from tui.diagnosis.causes_boots import RECOVERY
from tui.diagnosis.formats import diagnose_inputs
from tui.diagnosis.sample import Facts, Parsed
from tui.model.cause import CauseCode, Confidence

_GLOBAL = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
_CONFIG, _AUTHORITY, _SEPARATOR = 0x80000001, 0x800000E0, 4


def _event(kind: int, name: str, data: bytes) -> bytes:
    """A TCG_PCR_EVENT2 of PCR 7 with a SHA-256 digest over a UEFI variable."""
    value = _GLOBAL + struct.pack("<QQ", len(name), len(data)) + name.encode("utf-16-le") + data
    value = b"\0\0\0\0" if kind == _SEPARATOR else value
    head = struct.pack("<IIIH", 7, kind, 1, 0x000B)
    return head + hashlib.sha256(value).digest() + struct.pack("<I", len(value)) + value


def _sealed(dbx: bytes = b"old", authority: bytes = b"2011", secure_boot: bytes = b"\1") -> str:
    events = [
        _event(_CONFIG, "SecureBoot", secure_boot),
        _event(_CONFIG, "db", b"db"),
        _event(_CONFIG, "dbx", dbx),
        _event(_SEPARATOR, "", b""),
        _event(_AUTHORITY, "db", authority),
    ]
    return b"".join(events).hex().upper()


def _seals(*logs: tuple[str, str]) -> Parsed:
    """A BitLocker Management log with seal events: time and sealed log."""
    records = [
        {"id": 817, "time": time, "data": {"PCRBitmap": 2176, "PCRBitmapSource": 3, "FilteredTcgLog": log}}
        for time, log in logs
    ]
    seals = [{"event": f"{API}/817", "time": time, "pcrs": [7, 11], "source": "secure-boot"} for time, _ in logs]
    return Parsed("evtx", {"bitlocker_records": records, "seals": seals})


_BEFORE, _AFTER = "2026-03-01T08:00:00Z", "2026-04-15T06:05:00Z"


@pytest.mark.parametrize(
    ("anew", "event"),
    [
        (_sealed(dbx=b"newer"), "dbx"),
        (_sealed(authority=b"2023"), "boot-manager-authority"),
        (_sealed(secure_boot=b"\0"), "SecureBoot"),
    ],
)
def test_the_seals_around_a_recovery_name_the_event(anew: str, event: str) -> None:
    cause = name_cause([recovery_log(), _seals((_BEFORE, _sealed()), (_AFTER, anew))])
    assert (cause.code, cause.pcr, cause.event) == ("secureboot_changed", 7, event)
    assert cause.confidence is Confidence.LIKELY


def test_seals_decide_nothing_without_a_recovery_between_them() -> None:
    changed = _seals((_BEFORE, _sealed()), (_AFTER, _sealed(dbx=b"newer")))
    assert name_cause([changed]).code is CauseCode.UNKNOWN
    early = _seals(("2026-01-01T08:00:00Z", _sealed()), (_BEFORE, _sealed(dbx=b"newer")))
    assert name_cause([recovery_log(), early]).code is CauseCode.UNKNOWN
    assert name_cause([recovery_log(), _seals((_BEFORE, _sealed()), (_AFTER, _sealed()))]).code is CauseCode.UNKNOWN
    damaged = _seals((_BEFORE, "zz"), (_AFTER, _sealed()))
    assert name_cause([recovery_log(), damaged]).code is CauseCode.UNKNOWN


def test_seals_complete_a_screen_and_never_speak_for_other_pcrs() -> None:
    changed = _seals((_BEFORE, _sealed()), (_AFTER, _sealed(dbx=b"newer")))
    cause = name_cause([screen("pcr_mismatch", "E_FVE_PCR_MISMATCH"), recovery_log(), changed])
    assert (cause.code, cause.pcr, cause.event, cause.confidence) == ("secureboot_changed", 7, "dbx", "certain")
    assert name_cause([recovery_log(), changed, protectors((0, 2, 4, 11))]).code is CauseCode.UNKNOWN


def _log(count: int, unlock: int = 4, authority: str = "2011", **facts: Any) -> Parsed:
    pcrs = {str(pcr): f"{pcr:02x}" for pcr in (0, 1, 2, 4, 7, 11)} | facts.pop("pcrs", {})
    told: Facts = {
        "sipa_flags": {"BootCounter": [count]},
        "bitlocker_unlock": [{"pcr": 12, "value": unlock}, {"pcr": 12, "value": 1}],
        "replayed_pcrs": {"sha256": pcrs},
        "secure_boot": True,
        "efi_variables": {"SecureBoot": 1, "KEK": 10, "db": 10, "dbx": 10},
        "authorities": [{"pcr": 7, "variable": "db", "subject_cn": authority}],
    }
    return Parsed("tcg", told | facts)


_LONGER_DBX = {"SecureBoot": 1, "KEK": 10, "db": 10, "dbx": 99}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"pcrs": {"7": "ff"}, "efi_variables": _LONGER_DBX}, ("secureboot_changed", 7, "dbx")),
        ({"pcrs": {"7": "ff"}, "authority": "2023"}, ("secureboot_changed", 7, "boot-manager-authority")),
        ({"pcrs": {"7": "ff"}, "secure_boot": False}, ("secureboot_disabled", 7, "SecureBoot")),
        ({"pcrs": {"7": "ff"}}, ("secureboot_changed", 7, None)),
        ({"pcrs": {"0": "ff"}}, ("firmware_update", 0, None)),
        ({"pcrs": {"4": "ff"}}, ("pcr_mismatch", 4, None)),
        ({"pcrs": {"0": "ff", "7": "ff"}}, ("pcr_mismatch", None, None)),
        ({"pcrs": {"1": "ff", "11": "ff"}}, ("unknown", None, None)),
    ],
)  # fmt: skip
def test_a_recovery_boot_is_compared_with_the_boot_before(new: dict[str, Any], expected: tuple[Any, ...]) -> None:
    logs = [_log(5, pcrs={"7": "00", "0": "aa"}), _log(7), _log(9, RECOVERY, **new), _log(10, pcrs={"2": "dd"})]
    for inputs in (logs, logs[::-1]):
        cause = name_cause(inputs)
        assert (cause.code, cause.pcr, cause.event) == expected
    assert any("boot 9" in reason for reason in name_cause(logs).because)


def test_the_protectors_pcrs_narrow_the_comparison() -> None:
    logs = [_log(7), _log(9, RECOVERY, pcrs={"0": "ff", "7": "ff"}, authority="2023")]
    assert name_cause([*logs, protectors((0, 2, 4, 11))]).code is CauseCode.FIRMWARE_UPDATE
    narrowed = name_cause([*logs, protectors((7, 11))])
    assert (narrowed.code, narrowed.confidence) == ("secureboot_changed", "likely")


@pytest.mark.parametrize(
    "logs",
    [
        [_log(7), _log(9, pcrs={"7": "ff"})],
        [_log(9, RECOVERY, pcrs={"7": "ff"}), _log(10)],
        [_log(7, malformed=True), _log(9, RECOVERY, pcrs={"7": "ff"})],
        [_log(7, sipa_flags={}), _log(9, RECOVERY, pcrs={"7": "ff"})],
    ],
)
def test_without_both_boots_nothing_is_named(logs: list[Parsed]) -> None:
    assert name_cause(logs).code is CauseCode.UNKNOWN
    assert name_cause([*logs, ticket("firmware_update")]).code is CauseCode.FIRMWARE_UPDATE


def test_real_logs_of_normal_boots_name_nothing() -> None:
    for case in corpus.cases("tcg"):
        (read,) = diagnose_inputs([(case.path.name, case.data)])
        assert name_cause([read.parsed]).code is CauseCode.UNKNOWN, case.path.name
