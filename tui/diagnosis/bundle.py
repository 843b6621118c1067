"""Bundles: a zip or a folder that holds what was collected from a device, read in place and within bounds.

Nothing is unpacked to disk. Members come one at a time, so memory holds one of them; what is refused, left out or
damaged is said in words.
"""

import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tui.text import clean_line

MOST_MEMBERS = 10_000
LARGEST_MEMBER = 1 << 30
"""Bytes of one member; System logs grow to 1 GB at the most that policies allow in practice."""
LARGEST_TOTAL = 4 << 30
"""Bytes of all members together."""
LARGEST_NESTED = 64 << 20
"""Bytes of a zip within a zip, compressed."""
LARGEST_DIRECTORY = 4 << 20
"""Bytes of a zip's central directory: some 20,000 members with long names."""
RATIO = 400
"""How much larger than its compressed form a member may be once it is over `_SMALL`: event and trace logs reach 100."""
DEEPEST = 1

_SMALL = 8 << 20
_CHUNK = 1 << 20
_END = struct.Struct("<4s4H2LH")
_DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    struct.error,
    UnicodeError,
    OverflowError,
    KeyError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a bundle. `path` has forward slashes; `size` is that of the data, 0 also where it was refused."""

    path: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)


@dataclass(slots=True)
class Bundle:
    """What is known of a zip while and after its members are read."""

    names: list[str] = field(default_factory=list)
    """Every member that is a file, as written in the archive but made safe to show."""
    problems: list[str] = field(default_factory=list)
    left: int = LARGEST_TOTAL
    """Bytes that may still be read."""


def is_zip(data: bytes) -> bool:
    """The bytes begin as a zip does, with a member or empty."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def is_cabinet(data: bytes) -> bool:
    """The bytes begin as a Windows cabinet does."""
    return data.startswith(b"MSCF")


def read_zip(data: bytes, bundle: Bundle, within: str = "", depth: int = 0) -> Iterator[Member]:
    """The members of a zip, nested zips one level deep, in the order of the archive. Never raises on bad input."""
    archive = _open(data, bundle, within)
    if archive is None:
        return
    seen: set[str] = set()
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MOST_MEMBERS:
        bundle.problems.append(f"{len(files)} members, of which the first {MOST_MEMBERS} are read")
    for info in files[:MOST_MEMBERS]:
        shown = clean_line(info.filename)
        if depth == 0:
            bundle.names.append(shown)
        path = safe_path(info.filename)
        if path is None:
            bundle.problems.append(f"{shown}: the name leads out of the bundle, refused")
            continue
        if path.lower() in seen:
            bundle.problems.append(f"{path}: the name stands twice, both are read")
        seen.add(path.lower())
        content = _content(archive, info, path, bundle)
        if content is not None:
            yield from _opened(Member(within + path, content), bundle, depth)


def _opened(member: Member, bundle: Bundle, depth: int) -> Iterator[Member]:
    if is_cabinet(member.data):
        bundle.problems.append(f"{member.path}: a cabinet, not unpacked")
    elif is_zip(member.data) and depth >= DEEPEST:
        bundle.problems.append(f"{member.path}: a zip within a zip within a zip, not opened")
    elif is_zip(member.data) and member.size > LARGEST_NESTED:
        bundle.problems.append(f"{member.path}: a zip of {member.size} bytes within the bundle, too large to open")
    elif is_zip(member.data):
        yield from read_zip(member.data, bundle, f"{member.path}/", depth + 1)
        return
    yield member


def _open(data: bytes, bundle: Bundle, within: str) -> zipfile.ZipFile | None:
    name = within.rstrip("/") or "the zip"
    if _directory_size(data) > LARGEST_DIRECTORY:
        bundle.problems.append(f"{name}: its directory is too large, not opened")
        return None
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as error:
        bundle.problems.append(f"{name}: damaged or cut off ({type(error).__name__})")
        return None


def _directory_size(data: bytes) -> int:
    """Size of the central directory as the end record claims; the whole file for a record of the 64-bit form."""
    place = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if place < 0 or place + _END.size > len(data):
        return 0
    size = int(_END.unpack_from(data, place)[5])
    return min(len(data), size)


def safe_path(name: str) -> str | None:
    """A member's path with forward slashes; None when it is absolute or climbs out."""
    path = name.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or ".." in (part.strip() for part in parts) or (len(path) > 1 and path[1] == ":"):
        return None
    return clean_line("/".join(part for part in parts if part not in ("", "."))) or None


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, bundle: Bundle) -> bytes | None:
    if info.flag_bits & 1:
        bundle.problems.append(f"{path}: encrypted, not read")
        return None
    limit = min(LARGEST_MEMBER, max(_SMALL, RATIO * info.compress_size), bundle.left)
    if info.file_size > limit:
        bundle.problems.append(f"{path}: {info.file_size} bytes unpacked are more than is read, left out")
        return None
    try:
        with archive.open(info) as stream:
            content = _read(stream, limit)
    except _DAMAGED as error:
        bundle.problems.append(f"{path}: damaged ({type(error).__name__})")
        return None
    if content is None:
        bundle.problems.append(f"{path}: it unpacks to more than {limit} bytes, left out")
        return None
    bundle.left -= len(content)
    return content


def _read(stream: IO[bytes], limit: int) -> bytes | None:
    """The stream's bytes; None when there are more than `limit`, whatever the directory says."""
    parts, left = [], limit
    while chunk := stream.read(min(_CHUNK, left + 1)):
        left -= len(chunk)
        if left < 0:
            return None
        parts.append(chunk)
    return b"".join(parts)


def walk(folder: Path, bundle: Bundle) -> Iterator[Member]:
    """The files under a folder in the order of their paths, bounded; links and devices are not followed."""
    count = 0
    for directory, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(files):
            path = Path(directory, name)
            shown = clean_line(path.relative_to(folder).as_posix())
            count += 1
            if count > MOST_MEMBERS:
                bundle.problems.append(f"more than {MOST_MEMBERS} files, the rest is not read")
                return
            bundle.names.append(shown)
            if (content := _file(path, shown, bundle)) is not None:
                yield Member(shown, content)


def _file(path: Path, shown: str, bundle: Bundle) -> bytes | None:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            bundle.problems.append(f"{shown}: no regular file, not read")
            return None
        if status.st_size > min(LARGEST_MEMBER, bundle.left):
            bundle.problems.append(f"{shown}: {status.st_size} bytes are more than is read, left out")
            return None
        content = path.read_bytes()
    except OSError as error:
        bundle.problems.append(f"{shown}: cannot be read ({type(error).__name__})")
        return None
    bundle.left -= len(content)
    return content
