"""The bytes of an event log as its reader may see them.

Each 64 KB chunk begins with tables of offsets to names and templates, each of which points to the one before it
(libyal, "Windows XML Event Log (EVTX)", chunk header). A reader that follows a chain which a damaged or hostile file
bent into a circle never comes back, so such chunks are shown without their magic number and are refused.
"""

import struct
from collections.abc import Callable
from typing import BinaryIO

HEADER_SIZE = 4096
CHUNK_SIZE = 65536
CHUNK_MAGIC = b"ElfChnk\0"

_CHAINS = struct.Struct("<96I")
_CHAINS_AT = 128
_OFFSET = struct.Struct("<I")


class CheckedFile:
    """A read-only view of a log, by chunks, each as `change` gives it; `read` may give fewer bytes than asked for."""

    def __init__(self, file: BinaryIO, change: Callable[[bytes], bytes] = bytes) -> None:
        self._file = file
        self._change = change
        self._at = 0
        self._start = -1
        self._chunk = b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of any file."""
        self._at = offset + self._at if whence == 1 else self._file.seek(offset, whence)
        return self._at

    def tell(self) -> int:
        """As of any file."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes of the chunk, or of the file header, at the present place."""
        start = 0 if self._at < HEADER_SIZE else self._at - (self._at - HEADER_SIZE) % CHUNK_SIZE
        if start != self._start:
            self._file.seek(start)
            self._chunk = self._loaded(start)
            self._start = start
        inside = self._at - start
        found = self._chunk[inside:] if size < 0 else self._chunk[inside : inside + size]
        self._at += len(found)
        return found

    def _loaded(self, start: int) -> bytes:
        chunk = self._file.read(CHUNK_SIZE if start else HEADER_SIZE)
        if len(chunk) < CHUNK_SIZE:
            return chunk
        return self._change(chunk) if _chains_end(chunk) else bytes(len(CHUNK_MAGIC)) + chunk[len(CHUNK_MAGIC) :]


def _chains_end(chunk: bytes) -> bool:
    """Whether every chain of offsets runs downwards, as all that Windows writes do."""
    follow = _OFFSET.unpack_from
    last = CHUNK_SIZE - _OFFSET.size
    for at in filter(None, _CHAINS.unpack_from(chunk, _CHAINS_AT)):
        while 0 < at <= last:
            (before,) = follow(chunk, at)
            if before >= at:
                return False
            at = before
    return True
