"""An event log of 100 MB through `read_evtx`, beside the bare `evtx` package reading the same file."""

import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

from tests.benchmarks import Row, compare
from tests.diagnosis.corpus import ROOT
from tui.diagnosis.events import read_evtx

SIZE = 100 << 20
HUGE = 1 << 30
GOAL = 1.3
_NAME = "evtx: a log of 100 MB"
_HEADER, _CHUNK = 4096, 65536
_NUMBERS = struct.Struct("<QQQQ")
_NUMBERS_AT = 8
_RECORD = b"**\0\0"


def run() -> list[Row]:
    """Speed and memory; skipped without the corpus, whose largest log is written out until it has 100 MB."""
    logs = sorted((ROOT / "evtx").glob("*.evtx"), key=lambda path: path.stat().st_size) if ROOT.is_dir() else []
    if not logs:
        return [Row(_NAME, None, GOAL, "the corpus is not beside the project (../shared/corpus)")]
    if shutil.disk_usage(tempfile.gettempdir()).free < 2 * HUGE:
        return [Row(_NAME, None, GOAL, "no room for it in the folder for temporary files")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.evtx")
        written = write_long(logs[-1].read_bytes(), path, SIZE)
        told = read_evtx(path).facts["record_count"]
        assert told == written == _bare(path), f"{written} records were written, and {told} read"
        pace = compare(lambda: read_evtx(path), lambda: _bare(path), rounds=7)
        huge = Path(folder, "huge.evtx")
        many = write_long(logs[-1].read_bytes(), huge, HUGE)
        peak = _peak(huge, many)
    size = SIZE / 1e6
    note = f"{size / pace.work:.0f} MB a second, {written:,} records; yardstick: the evtx package's own read"
    return [
        Row(_NAME, pace.ratio, GOAL, note),
        Row(
            "evtx: memory of a process that reads 1 GB, against 128 MB",
            peak / 128,
            1.0,
            f"{peak} MiB, {many:,} records",
        ),
    ]


def _peak(path: Path, records: int) -> int:
    """Most memory that a process of its own needs for a log, in MiB (getrusage(2), ru_maxrss)."""
    code = (
        "import resource, sys; from pathlib import Path; from tui.diagnosis.events import read_evtx; "
        "found = read_evtx(Path(sys.argv[1])).facts['record_count']; "
        "print(found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    found, peak = map(int, done.stdout.split())
    assert found == records
    return peak


def _bare(path: Path) -> int:
    parser: Any = PyEvtxParser(str(path))
    count = 0
    for _ in parser.records_json():
        count += 1
    return count


def write_long(log: bytes, path: Path, size: int) -> int:
    """Repeat the chunks of a log with record numbers that go on; how many records there are."""
    chunks = [log[at : at + _CHUNK] for at in range(_HEADER, len(log) - _CHUNK + 1, _CHUNK)]
    chunks = [chunk for chunk in chunks if chunk.startswith(b"ElfChnk\0") and _last(chunk) >= _first(chunk)]
    number = 1
    with path.open("wb") as file:
        file.write(bytes(_HEADER))
        count = 0
        while file.tell() < size:
            chunk = chunks[count % len(chunks)]
            file.write(_renumbered(chunk, number))
            number += _last(chunk) - _first(chunk) + 1
            count += 1
        file.seek(0)
        file.write(_header(log[:_HEADER], count, number))
    return number - 1


def _first(chunk: bytes) -> int:
    return int(_NUMBERS.unpack_from(chunk, _NUMBERS_AT)[0])


def _last(chunk: bytes) -> int:
    return int(_NUMBERS.unpack_from(chunk, _NUMBERS_AT)[1])


def _renumbered(chunk: bytes, number: int) -> bytes:
    """The chunk with other record numbers and its two checksums made to fit (libyal, "Windows XML Event Log")."""
    changed = bytearray(chunk)
    last = number + _last(chunk) - _first(chunk)
    _NUMBERS.pack_into(changed, _NUMBERS_AT, number, last, number, last)
    (free,) = struct.unpack_from("<I", chunk, 48)
    at = 512
    while at + 24 <= free and changed[at : at + 4] == _RECORD:
        struct.pack_into("<Q", changed, at + 8, number)
        (length,) = struct.unpack_from("<I", changed, at + 4)
        number, at = number + 1, at + max(length, 24)
    struct.pack_into("<I", changed, 52, zlib.crc32(changed[512:free]))
    struct.pack_into("<I", changed, 124, zlib.crc32(bytes(changed[:120] + changed[128:512])))
    return bytes(changed)


def _header(header: bytes, chunks: int, next_number: int) -> bytes:
    # The header counts chunks in 16 bits, which 100 MB do not fill.
    head = bytearray(header)
    struct.pack_into("<QQQ", head, 8, 0, chunks - 1, next_number)
    struct.pack_into("<H", head, 42, chunks)
    struct.pack_into("<I", head, 120, 0)
    struct.pack_into("<I", head, 124, zlib.crc32(bytes(head[:120])))
    return bytes(head)
