"""An event log of 100 MB through `read_evtx`, beside the bare `evtx` package reading the same file."""

import shutil
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

from tests.benchmarks import Row, compare
from tests.diagnosis.corpus import ROOT
from tui.diagnosis.events import read_evtx

SIZE = 100 << 20
GOAL = 1.3
_NAME = "evtx: a log of 100 MB"
_HEADER, _CHUNK = 4096, 65536
_NUMBERS = struct.Struct("<QQQQ")
_NUMBERS_AT = 8
_RECORD = b"**\0\0"


def run() -> list[Row]:
    """One row; skipped without the corpus, whose largest log is written out until it has 100 MB."""
    logs = sorted((ROOT / "evtx").glob("*.evtx"), key=lambda path: path.stat().st_size) if ROOT.is_dir() else []
    if not logs:
        return [Row(_NAME, None, GOAL, "the corpus is not beside the project (../shared/corpus)")]
    if shutil.disk_usage(tempfile.gettempdir()).free < 4 * SIZE:
        return [Row(_NAME, None, GOAL, "no room for it in the folder for temporary files")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "long.evtx")
        written = write_long(logs[-1].read_bytes(), path, SIZE)
        told = read_evtx(path).facts["record_count"]
        assert told == written == _bare(path), f"{written} records were written, and {told} read"
        pace = compare(lambda: read_evtx(path), lambda: _bare(path), rounds=7)
    size = SIZE / 1e6
    note = f"{size / pace.work:.0f} MB a second, {written:,} records; yardstick: the evtx package's own read"
    return [Row(_NAME, pace.ratio, GOAL, note)]


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
