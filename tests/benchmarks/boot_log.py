"""Measured-boot logs: facts with replay, beside the least that any reader does, which is to walk and hash the log."""

import hashlib
import struct

from tests.benchmarks import Row, compare
from tests.diagnosis.measured_boot_writer import HASHES, SIZES, agile_log, hash_list, spec_id, variable
from tui.diagnosis.measured_boot import compare as compare_logs
from tui.diagnosis.measured_boot import parse
from tui.diagnosis.sample import Sample

GOAL, PAIR_GOAL = 3.0, 8.0
_EVENTS = 400
_EVENT_TAG, _VARIABLE_CONFIG = 6, 0x80000001


def run() -> list[Row]:
    """One log of four hundred events, and the difference of two of which one has a longer dbx."""
    old, new = (Sample("log", _log(hashes)) for hashes in (200, 220))
    yardstick = "yardstick: a bare walk over the records that extends the PCRs"
    one = compare(lambda: parse(new), lambda: _walk(new.data), rounds=15)
    two = compare(lambda: compare_logs(old, new), lambda: _walk(new.data), rounds=15)
    return [
        Row("boot log: facts", one.ratio, GOAL, f"{one.work * 1e3:.1f} ms for {_EVENTS} events; {yardstick}"),
        Row("boot log: difference of two", two.ratio, PAIR_GOAL, f"{two.work * 1e3:.1f} ms; {yardstick}"),
    ]


def _log(hashes: int) -> bytes:
    dbx = variable("dbx", hash_list(*(hashlib.sha256(bytes([n])).digest() for n in range(hashes))))
    tags = [(11 + n % 4, _EVENT_TAG, struct.pack("<II", n, 8) + bytes(8)) for n in range(_EVENTS)]
    return agile_log([(7, _VARIABLE_CONFIG, variable("SecureBoot", b"\1")), (7, _VARIABLE_CONFIG, dbx), *tags])


def _walk(log: bytes) -> dict[tuple[int, int], bytes]:
    pcrs: dict[tuple[int, int], bytes] = {}
    at = len(spec_id())
    while at < len(log):
        pcr, _, count = struct.unpack_from("<III", log, at)
        at += 12
        for _ in range(count):
            (name,) = struct.unpack_from("<H", log, at)
            digest = log[at + 2 : at + 2 + SIZES[name]]
            before = pcrs.get((pcr, name), bytes(SIZES[name]))
            pcrs[pcr, name] = hashlib.new(HASHES[name], before + digest).digest()
            at += 2 + SIZES[name]
        at += 4 + struct.unpack_from("<I", log, at)[0]
    return pcrs
