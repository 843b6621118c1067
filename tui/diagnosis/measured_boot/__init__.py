"""Measured-boot (TCG) logs: what firmware and boot loaders measured, and what changed between two boots.

Pure: bytes in, facts out. `FORMATS` reads single logs; `compare` tells what differs between two, older first.
"""

import struct

from tui.diagnosis.measured_boot.difference import LogDifference, PcrDifference, diff
from tui.diagnosis.measured_boot.facts import log_facts
from tui.diagnosis.measured_boot.log import BootEvent, BootLog, read_log, read_records
from tui.diagnosis.measured_boot.names import EVENT_NAMES
from tui.diagnosis.measured_boot.pair import pair_facts
from tui.diagnosis.measured_boot.replay import replay
from tui.diagnosis.sample import Format, Parsed, Sample

__all__ = [
    "FORMATS",
    "BootEvent",
    "BootLog",
    "LogDifference",
    "PcrDifference",
    "compare",
    "diff",
    "parse",
    "read_log",
    "read_records",
    "recognise",
    "replay",
]

KIND = "tcg"
PAIR_KIND = "tcg-pair"

_FIRST_RECORD = struct.Struct("<II20sI")
_SPEC_ID = b"Spec ID Event"
_STATIC_PCRS = range(24)


def recognise(sample: Sample) -> int:
    """Certain of a crypto-agile header; likely for a SHA-1 log whose first two records make sense."""
    data = sample.data
    if len(data) < _FIRST_RECORD.size:
        return 0
    pcr, kind, _, size = _FIRST_RECORD.unpack_from(data)
    if pcr not in _STATIC_PCRS or kind not in EVENT_NAMES:
        return 0
    if data.startswith(_SPEC_ID, _FIRST_RECORD.size):
        return 98
    second = _FIRST_RECORD.size + size
    if second + _FIRST_RECORD.size > len(data) or not any(data[8:28]):
        return 0
    pcr, kind, _, _ = _FIRST_RECORD.unpack_from(data, second)
    return 80 if pcr in _STATIC_PCRS and kind in EVENT_NAMES else 0


def parse(sample: Sample) -> Parsed:
    """The facts of one log, as far as it can be read; a cut is told as a problem."""
    log = read_log(sample.data)
    return Parsed(KIND, log_facts(log), _problems(log))


def compare(a: Sample, b: Sample) -> Parsed:
    """What differs between two logs of one machine, older first. A log that was cut off is compared as far as it goes,
    and said to be so: its missing events look like changes."""
    before, after = read_log(a.data), read_log(b.data)
    problems = [f"{sample.name}: {text}" for sample, log in ((a, before), (b, after)) for text in _problems(log)]
    facts = pair_facts(before, after)
    if facts["algorithm"] is None:
        problems.append("The logs have no hash algorithm in common.")
    return Parsed(PAIR_KIND, facts, tuple(problems))


def _problems(log: BootLog) -> tuple[str, ...]:
    if log.error:
        return (f"The log is cut off or damaged: {log.error}; {len(log.events)} events are readable.",)
    if log.trailing:
        return (f"{log.trailing} bytes follow the last event.",)
    return ()


FORMATS: tuple[Format, ...] = (Format(KIND, recognise, parse),)
