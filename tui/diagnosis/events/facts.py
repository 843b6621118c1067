"""The facts of one event log."""

from pathlib import Path
from typing import BinaryIO

from tui.diagnosis.events.bitlocker import bitlocker_facts
from tui.diagnosis.events.installs import install_facts
from tui.diagnosis.events.kept import KeptRecords
from tui.diagnosis.events.meanings import BITLOCKER_PROVIDERS, PLATFORM_PROVIDERS, meanings
from tui.diagnosis.events.reader import Header, Record, Tally, read_header, records, utc
from tui.diagnosis.events.timeline import boots, timeline
from tui.diagnosis.sample import Facts, Parsed

KIND = "evtx"
KEPT_CHARACTERS = 64_000_000
"""Size of the records kept for the facts; a seal event takes 35,000."""

_MOST_COMMON = 25


def read_evtx(source: Path | BinaryIO, kept_characters: int = KEPT_CHARACTERS) -> Parsed:
    """Read an event log from a path or an open file in bounded memory; it never raises on bad content.

    Raises OSError when the path itself cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_evtx(file, kept_characters)
    header = read_header(source)
    if header is None:
        return Parsed(KIND, {"type": KIND, "malformed": True, "record_count": 0}, ("This is not an event log.",))
    tally, kept, problems = Tally(), KeptRecords(kept_characters), []
    try:
        for record in records(source, tally):
            kept.add(record)
    except (RuntimeError, OSError, ValueError) as problem:
        problems.append(f"The log cannot be read further: {type(problem).__name__}.")
    if tally.unreadable:
        problems.append(f"{tally.unreadable} records are damaged and were left out.")
    if kept.dropped:
        problems.append(f"{kept.dropped} older records of note were left out to bound memory.")
    return Parsed(
        KIND, {**_counts(tally), **_content(tally, list(kept)), "header": _header_facts(header)}, tuple(problems)
    )


def _counts(tally: Tally) -> Facts:
    labels = tally.labels
    return {
        "type": KIND,
        "malformed": False,
        "record_count": labels.total(),
        "unreadable_records": tally.unreadable,
        "channels": sorted(tally.channels),
        "computers": tally.computers,
        "first_record": utc(tally.first) or None,
        "last_record": utc(tally.last) or None,
        "top_events": dict(labels.most_common(_MOST_COMMON)),
    }


def _content(tally: Tally, kept: list[Record]) -> Facts:
    facts: Facts = {
        "boots": boots(kept),
        **install_facts(kept),
        "bitlocker_events": [[label, count] for label, count in sorted(tally.labels.items()) if _is_platform(label)],
        "timeline": timeline(kept),
        **bitlocker_facts(kept),
    }
    told = [
        {"id": record.id, "time": record.time, "data": record.data}
        for record in kept
        if record.provider in BITLOCKER_PROVIDERS and not _is_noise(record)
    ]
    if told:
        facts["bitlocker_records"] = told
    return facts


def _is_platform(label: str) -> bool:
    return label.rpartition("/")[0] in PLATFORM_PROVIDERS


def _is_noise(record: Record) -> bool:
    meaning = meanings().get((record.provider, record.id))
    return meaning is not None and meaning.role == "noise"


def _header_facts(header: Header) -> Facts:
    return {
        "dirty_flag": header.dirty,
        "chunk_count_in_header": header.chunks_told,
        "whole_chunks_found": header.chunks_found,
    }
