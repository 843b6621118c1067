"""Chunks that are condensed tell the same as whole ones, and what matters is never hidden."""

from io import BytesIO
from typing import Any

import pytest
from evtx import PyEvtxParser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import cases
from tests.diagnosis.evtx_writer import CHUNK_SIZE, Event, evtx, with_checksums
from tui.diagnosis.events import parse
from tui.diagnosis.events.condensed_chunk import Hidden, condense
from tui.diagnosis.events.meanings import PLATFORM_PROVIDERS
from tui.diagnosis.sample import Facts, Sample

HEADER = 4096
PROVIDERS = (
    "Chatter",
    "Microsoft-Windows-Kernel-General",
    "Microsoft-Windows-TPM-WMI",
    "Microsoft-Windows-BitLocker-API",
)
TIMES = ("2026-04-15T08:00:00.000000Z", "2026-04-15T07:59:59.500000Z", "2026-04-16T08:00:00.123456Z")


def facts(data: bytes) -> Facts:
    return parse(Sample("System.evtx", data)).facts


def whole_facts(data: bytes) -> Facts:
    """The facts when no chunk is condensed, since none has the right checksum."""
    changed = bytearray(data)
    for at in range(HEADER, len(data) - CHUNK_SIZE + 1, CHUNK_SIZE):
        changed[at + 124] ^= data.startswith(b"ElfChnk", at)
    return facts(bytes(changed))


def events(count: int) -> list[Event]:
    return [Event("Chatter", 7036 + n % 2, {"n": str(n)}, computer=f"LAB-{n // 30}") for n in range(count)]


def rendered(chunk: bytes) -> dict[int, str]:
    data = evtx([Event("Chatter", 1)])[:HEADER] + chunk
    parser: Any = PyEvtxParser(BytesIO(data))
    return {record["event_record_id"]: record["data"] for record in parser.records_json()}


def test_records_that_stay_are_unchanged_and_stand_for_the_others() -> None:
    chunk = evtx(events(40), per_chunk=40, templated=True)[HEADER:]
    hidden = Hidden()
    left, before = rendered(condense(chunk, hidden)), rendered(chunk)
    assert len(before) == 40
    assert left == {number: before[number] for number in (1, 2, 31, 32)}
    assert hidden.by_number == {1: 14, 2: 14, 31: 4, 32: 4}
    assert hidden.last_stamp == "2026-04-15T08:00:00.0000000Z"


def test_everything_is_counted() -> None:
    told = facts(evtx(events(70), templated=True))
    assert told["record_count"] == 70
    assert told["top_events"] == {"Chatter/7036": 35, "Chatter/7037": 35}
    assert told["computers"] == {"LAB-0": 30, "LAB-1": 30, "LAB-2": 10}
    assert told["channels"] == ["System"]


def test_numbers_that_are_used_twice_are_not_condensed_again() -> None:
    data = evtx(events(20), templated=True)
    told = facts(data + data[HEADER:])
    assert told["record_count"] == 40
    assert told["unreadable_records"] == 0


@pytest.mark.parametrize(
    "wanted",
    [
        Event("Microsoft-Windows-Kernel-General", 12, {"BuildVersion": "26100"}),
        Event("Microsoft-Windows-BitLocker-Driver", 24652, {"Volume": "C:"}),
        *(Event(provider, 60000, {"VolumeMountPoint": "C:"}) for provider in sorted(PLATFORM_PROVIDERS)),
    ],
)
def test_what_is_decoded_is_never_hidden(wanted: Event) -> None:
    chunk = evtx([*events(10), wanted, wanted, *events(10), wanted], per_chunk=30, templated=True)[HEADER:]
    left = rendered(condense(chunk, Hidden()))
    assert {11, 12, 23} <= left.keys()
    assert len(left) == 5


def test_a_damaged_chunk_is_left_whole() -> None:
    chunk = bytearray(evtx(events(20), templated=True)[HEADER:])
    assert condense(bytes(chunk), Hidden()) != chunk
    chunk[-CHUNK_SIZE + 512 + 3_000] ^= 1
    assert condense(bytes(chunk), Hidden()) == chunk


def test_the_corpus_tells_the_same_either_way() -> None:
    for case in cases("evtx"):
        assert facts(case.data) == whole_facts(case.data), case.path.name


_EVENTS = st.builds(
    Event,
    st.sampled_from(PROVIDERS),
    st.sampled_from((1, 12, 7036, 24652)),
    st.dictionaries(st.sampled_from(("Volume", "title")), st.text('ab"\\<&é', max_size=3)),
    st.sampled_from(TIMES),
    st.sampled_from(("LAB-1", "LAB-2", 'odd"name')),
    st.sampled_from(("System", "Setup")),
)


@given(st.lists(_EVENTS, max_size=60))
@settings(max_examples=40, deadline=None)
def test_any_log_tells_the_same_either_way(log: list[Event]) -> None:
    data = evtx(log, templated=True)
    assert facts(data) == whole_facts(data)


_LOG = evtx(events(20), templated=True)


@given(st.lists(st.tuples(st.integers(HEADER + 512, HEADER + 8_000), st.integers(0, 255)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_mutated_chunks_with_right_checksums_never_raise(changes: list[tuple[int, int]]) -> None:
    data = bytearray(_LOG)
    for place, value in changes:
        data[place] = value
    facts(with_checksums(bytes(data)))
