"""What several tests share. Here: a look into the memory of a process."""

import base64
import contextlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

_DIGIT_RUN = re.compile(rb"[0-9]\0{0,3}(?:[0-9]\0{0,3}){4,}[0-9]")
_WIDTHS = {1: "utf-8", 2: "utf-16", 3: "utf-32", 4: "utf-32"}


def memory_contains(pid: int, password: str) -> set[str]:
    """In which forms a recovery password (48 digits, dashes or not) stands in a process's writable memory.

    Found are: two neighbouring blocks up to three characters apart, or five of the eight anywhere, as `utf-8`, `utf-16`
    or `utf-32` (little-endian); and the whole as `base64`. Needs root or the same user, and a process that lets itself
    be read.
    """
    digits = re.sub(r"\D", "", password).encode()
    blocks = [digits[at : at + 6] for at in range(0, 48, 6)]
    forms: set[str] = set()
    seen: dict[str, set[int]] = {}
    for data in _memory(pid):
        last_end, last_block = 0, b""
        for run in _DIGIT_RUN.finditer(data):
            text = run.group().replace(b"\0", b"")
            width = round(len(run.group()) / len(text))
            found = {index for index, block in enumerate(blocks) if block in text}
            seen.setdefault(_WIDTHS[width], set()).update(found)
            near = last_block + text if run.start() - last_end <= 4 * width else text
            if any(first + second in near for first, second in itertools.pairwise(blocks)):
                forms.add(_WIDTHS[width])
            last_end, last_block = run.end(), text[-6:]
        if any(needle in data for needle in _base64_forms(digits, b"-".join(blocks))):
            forms.add("base64")
    return forms | {name for name, indices in seen.items() if len(indices) >= 5}


def memory_holds(pid: int, text: bytes) -> bool:
    """Whether a text stands anywhere in a process's writable memory; needs what `memory_contains` needs."""
    return any(text in data for data in _memory(pid))


def _base64_forms(*texts: bytes) -> Iterator[bytes]:
    for text in texts:
        for shift in range(3):
            # The ends depend on what stands beside them.
            yield base64.b64encode(b"\0" * shift + text)[4:-4]


def _memory(pid: int) -> Iterator[bytes]:
    """Writable and anonymous regions, in pieces that overlap."""
    piece, overlap = 1 << 24, 1 << 10
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for words in (line.split() for line in maps):
            start, end = (int(text, 16) for text in words[0].split("-"))
            if words[1][0] != "r" or (words[1][1] != "w" and len(words) > 5):
                continue
            for at in range(start, end, piece):
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    memory.seek(at)
                    yield memory.read(min(piece + overlap, end - at))
