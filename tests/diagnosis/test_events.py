"""Event logs: what is counted, what is read, damage, and bounded memory."""

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases, disagreements
from tests.diagnosis.evtx_writer import CHUNK_SIZE, Event, evtx
from tui.diagnosis.events import meanings, parse, read_evtx, recognise
from tui.diagnosis.events.checked_file import CheckedFile
from tui.diagnosis.events.reader import utc
from tui.diagnosis.sample import Facts, Sample
from tui.model.cause import CauseCode

GENERAL = "Microsoft-Windows-Kernel-General"
UPDATE = "Microsoft-Windows-WindowsUpdateClient"
DRIVER = "Microsoft-Windows-BitLocker-Driver"


def boot(qfe: int, time: str = "2026-04-15T08:00:00.000000Z") -> Event:
    data = {"MajorVersion": "10", "MinorVersion": "0", "BuildVersion": "26100", "QfeVersion": str(qfe)}
    return Event(GENERAL, 12, data, time)


def installed(title: str) -> Event:
    return Event(UPDATE, 19, {"updateTitle": title})


def facts(data: bytes) -> Facts:
    return parse(Sample("System.evtx", data)).facts


def test_corpus_logs_agree_field_by_field() -> None:
    found = cases("evtx")
    assert found
    for case in found:
        told = facts(case.data)
        # Sealed values are long hexadecimal numbers, compared as they stand.
        assert told.get("bitlocker_records") == case.expected.pop("bitlocker_records", None)
        assert disagreements(case.expected, told) == [], case.path.name
        assert recognise(Sample(case.path.name, case.data)) == 100


def test_everything_is_counted_across_chunks() -> None:
    events = [Event("Chatter", 7036 + n % 2, computer=f"LAB-{n // 30}") for n in range(70)]
    told = facts(evtx(events))
    assert told["record_count"] == 70
    assert told["top_events"] == {"Chatter/7036": 35, "Chatter/7037": 35}
    assert told["computers"] == {"LAB-0": 30, "LAB-1": 30, "LAB-2": 10}
    assert told["channels"] == ["System"]
    assert told["header"] == {"dirty_flag": False, "chunk_count_in_header": 4, "whole_chunks_found": 4}


def test_dirty_log_is_read_beyond_its_stale_header() -> None:
    told = facts(evtx([Event("Chatter", 1)] * 50, dirty=True))
    assert told["record_count"] == 50
    assert told["header"] == {"dirty_flag": True, "chunk_count_in_header": 1, "whole_chunks_found": 3}


def test_cut_log_gives_its_whole_chunks() -> None:
    told = facts(evtx([boot(1)] * 40)[: 4096 + CHUNK_SIZE + 5000])
    assert told["record_count"] == 20
    assert told["header"]["whole_chunks_found"] == 1


def test_damaged_record_is_counted_and_left_out() -> None:
    data = bytearray(evtx([Event("Chatter", 1)] * 10))
    place = data.index(b"\x0f\x01\x01\x00", 4096 + 512 + 2000)
    data[place : place + 40] = b"\xff" * 40
    parsed = parse(Sample("x", bytes(data)))
    assert parsed.facts["record_count"] == 9
    assert parsed.facts["unreadable_records"] == 1
    assert parsed.problems == ("1 records are damaged and were left out.",)


def test_boots_follow_the_record_numbers_and_not_the_clock() -> None:
    later_by_clock = boot(1, "2026-04-15T20:00:00.000000Z")
    told = facts(evtx([later_by_clock, boot(2, "2026-04-15T08:00:00.000000Z")]))
    assert [entry["build"] for entry in told["boots"]] == ["10.0.26100.1", "10.0.26100.2"]
    assert told["first_record"] == "2026-04-15T08:00:00.000000Z"
    assert told["last_record"] == "2026-04-15T20:00:00.000000Z"


def test_installs_without_the_daily_noise() -> None:
    told = facts(
        evtx(
            [
                installed("2026-04 Cumulative Update (KB5083769) (26100.8246)"),
                installed("Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.4)"),
                installed("Windows-Tool zum Entfernen bösartiger Software x64 - v5.140 (KB890830)"),
                installed("Definitionsupdate für Microsoft Defender (KB9999999)"),
                installed("Feature update to Windows 11, version 25H2"),
                Event(UPDATE, 20, {"errorCode": "-2145124318", "updateTitle": "2026-04 Update (KB5083769)"}),
            ]
        )
    )
    assert told["installs_ok"] == 5
    assert told["kbs_installed"] == ["KB5083769"]
    assert told["kbs_installed_noise"] == ["KB2267602", "KB890830", "KB9999999"]
    assert told["installs_without_kb"] == 1
    assert [(entry["kb"], entry["code"]) for entry in told["installs_failed"]] == [("KB5083769", "0x80240022")]
    assert [entry["role"] for entry in told["timeline"]] == ["installed", "installed", "install-failed"]


def test_recovery_boot() -> None:
    key = "{0A1B2C3D-0000-4000-8000-00000000BEEF}"
    told = facts(
        evtx(
            [
                boot(1),
                installed("2026-04 Update (KB5083769)"),
                boot(2),
                Event(DRIVER, 24658, {"ErrorCode": "0xC0210000", "Volume": "C:"}),
                Event(DRIVER, 24652, {"ErrorCode": "0xC0210000", "Volume": "C:", "OptionalGUID": key}),
                Event(DRIVER, 24620, {"Volume": "E:"}),
            ]
        )
    )
    assert [entry["role"] for entry in told["timeline"]] == ["boot", "installed", "boot", "cause", "recovery"]
    assert told["timeline"][3]["cause"] == "secureboot_changed"
    assert told["recoveries"][0]["key_id"] == "0A1B2C3D-0000-4000-8000-00000000BEEF"
    assert told["recoveries"][0]["how"] == "recovery-password"
    assert told["bitlocker_events"] == [[f"{DRIVER}/{number}", 1] for number in (24620, 24652, 24658)]
    assert [record["id"] for record in told["bitlocker_records"]] == [24658, 24652]


def test_kept_records_are_bounded_and_the_newest_stay() -> None:
    data = evtx([boot(n) for n in range(60)])
    parsed = read_evtx(BytesIO(data), kept_characters=3_000)
    assert parsed.facts["record_count"] == 60
    assert len(parsed.facts["boots"]) < 20
    assert parsed.facts["boots"][-1]["build"] == "10.0.26100.59"
    assert "left out to bound memory" in parsed.problems[0]


def test_a_path_reads_as_bytes_do(tmp_path: Path) -> None:
    path = tmp_path / "System.evtx"
    path.write_bytes(evtx([boot(1)]))
    assert read_evtx(path) == parse(Sample("x", path.read_bytes()))


def test_chains_in_a_circle_do_not_hang_the_reader() -> None:
    data = bytearray(evtx([Event("Chatter", 1)] * 40))
    first, second = 4096, 4096 + CHUNK_SIZE
    data[first + 128 : first + 132] = (600).to_bytes(4, "little")
    data[first + 600 : first + 604] = (600).to_bytes(4, "little")
    seen = CheckedFile(BytesIO(bytes(data)))
    assert (seen.seek(first), seen.read(8)) == (first, bytes(8))
    assert (seen.seek(second), seen.read(8)) == (second, b"ElfChnk\0")
    assert facts(bytes(data))["record_count"] == 20


@pytest.mark.parametrize("data", [b"", b"ElfFile\0", b"ElfFile\0" + bytes(4088), b"PK\x03\x04" * 2000])
def test_what_is_no_log(data: bytes) -> None:
    assert facts(data)["record_count"] == 0


def test_times_are_cut_to_microseconds() -> None:
    assert utc("2022-10-31T03:30:34.7821623Z UTC") == "2022-10-31T03:30:34.782162Z"
    assert utc("2012-03-15T07:08:54.625Z UTC") == "2012-03-15T07:08:54.625000Z"
    assert utc("2012-03-15T07:08:54Z UTC") == "2012-03-15T07:08:54.000000Z"


def test_first_and_last_record_within_one_second() -> None:
    stamps = ["2026-04-15T08:00:00.500000Z", "2026-04-15T08:00:00.515625Z", "2026-04-15T08:00:00.531250Z"]
    told = facts(evtx([Event("Chatter", 1, time=time) for time in stamps]))
    assert (told["first_record"], told["last_record"]) == (stamps[0], stamps[2])


def test_meanings_name_only_causes_of_the_contract() -> None:
    assert {meaning.cause for meaning in meanings().values() if meaning.cause} <= set(CauseCode)
    assert meanings()[DRIVER, 24652].role == "recovery"
    assert all(meaning.words for meaning in meanings().values())


_LOG = evtx([boot(1), installed("(KB5083769)"), Event(DRIVER, 24652, {"Volume": "C:"})] * 3)
_USED = 4096 + 512 + 6000


@given(st.lists(st.tuples(st.integers(0, _USED), st.integers(0, 255)), min_size=1, max_size=30))
@settings(max_examples=80, deadline=None)
def test_mutated_logs_never_raise_nor_hang(changes: list[tuple[int, int]]) -> None:
    data = bytearray(_LOG)
    for place, value in changes:
        data[place] = value
    assert facts(bytes(data))["record_count"] <= 2_000


@given(st.binary(max_size=2_000))
@settings(max_examples=80)
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    parse(Sample("x", data))
    parse(Sample("x", _LOG[: 4096 + 512] + data))


@pytest.mark.long
@given(st.lists(st.tuples(st.integers(0, _USED), st.integers(0, 255)), min_size=1, max_size=200))
@settings(max_examples=10_000, deadline=None)
def test_mutated_logs_never_raise_nor_hang_for_long(changes: list[tuple[int, int]]) -> None:
    data = bytearray(_LOG)
    for place, value in changes:
        data[place] = value
    facts(bytes(data))
