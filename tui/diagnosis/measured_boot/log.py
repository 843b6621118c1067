"""Measured-boot logs as records: the SHA-1 form and the crypto-agile form, whole or cut off.

Layouts: TCG PC Client Platform Firmware Profile 1.05, sections 10.2.1 (TCG_PCClientPCREvent), 10.2.2 (TCG_PCR_EVENT2)
and 10.4.5.1 (TCG_EfiSpecIDEvent). All integers are little endian.
"""

import struct
from dataclasses import dataclass, field

from tui.diagnosis.measured_boot.names import DIGEST_SIZES, EV_NO_ACTION, SHA1

MAX_EVENTS = 100_000
"""Records read of one log; real ones have a few hundred, a file of zeros has one every sixteen bytes."""

MAX_BYTES = 16 << 20
"""Bytes read of one log; firmware sets aside some ten kilobytes, and Windows' part takes as much again."""

_SPEC_ID = b"Spec ID Event03\0"
_SHA1_HEAD = struct.Struct("<II20sI")
_AGILE_HEAD = struct.Struct("<III")
_SPEC_HEAD = struct.Struct("<16sIBBBBI")
_WORD = struct.Struct("<I")
_ALGORITHM = struct.Struct("<HH")
_MAX_ALGORITHMS = 16


@dataclass(frozen=True, slots=True)
class BootEvent:
    """One record: where it stands (`index` counts the header record as 0), what was measured and its digests.

    `digests` maps a TPM_ALG_ID to the digest; a record may carry fewer of them than the header announces.
    """

    index: int
    pcr: int
    kind: int
    digests: dict[int, bytes]
    data: bytes


@dataclass(frozen=True, slots=True)
class SpecId:
    """The header record of a crypto-agile log; `sizes` maps each TPM_ALG_ID to its digest size in bytes."""

    platform_class: int
    version: str
    errata: int
    uintn_size: int
    sizes: dict[int, int]
    vendor: bytes


@dataclass(frozen=True, slots=True)
class BootLog:
    """A log as far as it could be read. `error` says where reading stopped; it is empty when all was read.

    `trailing` counts the bytes after the last record that are too few to be another one, or are only filler.
    """

    events: tuple[BootEvent, ...] = ()
    spec: SpecId | None = None
    trailing: int = 0
    error: str = ""

    @property
    def algorithms(self) -> tuple[int, ...]:
        """The TPM_ALG_IDs of the banks that the log tells about."""
        return tuple(self.spec.sizes) if self.spec else (SHA1,)


@dataclass(slots=True)
class _Reader:
    data: bytes
    offset: int
    sizes: dict[int, int] | None
    events: list[BootEvent] = field(default_factory=list)

    def read(self) -> str:
        """Read records until the end; answers what stopped it, or nothing."""
        least = _SHA1_HEAD.size if self.sizes is None else _AGILE_HEAD.size + _WORD.size
        end = min(len(self.data.rstrip(filler)) for filler in (b"\0", b"\xff"))
        while len(self.data) - self.offset >= least:
            if self.offset >= end:
                return ""
            if len(self.events) >= MAX_EVENTS:
                return f"more than {MAX_EVENTS} events at {self.offset}"
            problem = self._sha1_event() if self.sizes is None else self._agile_event(self.sizes)
            if problem:
                return problem
        return ""

    def _sha1_event(self) -> str:
        pcr, kind, digest, size = _SHA1_HEAD.unpack_from(self.data, self.offset)
        return self._keep(pcr, kind, {SHA1: digest}, self.offset + _SHA1_HEAD.size, size)

    def _agile_event(self, sizes: dict[int, int]) -> str:
        pcr, kind, count = _AGILE_HEAD.unpack_from(self.data, self.offset)
        if count > _MAX_ALGORITHMS:
            return f"digest count {count} not plausible at {self.offset}"
        digests: dict[int, bytes] = {}
        at = self.offset + _AGILE_HEAD.size
        for _ in range(count):
            algorithm = int.from_bytes(self.data[at : at + 2], "little")
            size = sizes.get(algorithm)
            if size is None:
                return f"unknown digest algorithm 0x{algorithm:04x} at {self.offset}"
            digests[algorithm] = self.data[at + 2 : at + 2 + size]
            at += 2 + size
        if at + _WORD.size > len(self.data):
            return f"digests past end at {self.offset}"
        return self._keep(pcr, kind, digests, at + _WORD.size, *_WORD.unpack_from(self.data, at))

    def _keep(self, pcr: int, kind: int, digests: dict[int, bytes], at: int, size: int) -> str:
        if size > len(self.data) - at:
            return f"event size {size} past end at {self.offset}"
        self.events.append(BootEvent(len(self.events), pcr, kind, digests, self.data[at : at + size]))
        self.offset = at + size
        return ""


def read_log(data: bytes) -> BootLog:
    """Read a measured-boot log. Damage ends the reading and is told in `error`; it never raises."""
    data = data[:MAX_BYTES]
    reader = _Reader(data, 0, None)
    if len(data) < _SHA1_HEAD.size:
        return BootLog(trailing=len(data), error="shorter than one event")
    problem = reader._sha1_event()
    if problem:
        return BootLog(trailing=len(data), error=problem)
    spec = _spec_id(reader.events[0], data)
    reader.sizes = {**DIGEST_SIZES, **spec.sizes} if spec else None
    problem = reader.read()
    return BootLog(tuple(reader.events), spec, 0 if problem else len(data) - reader.offset, problem)


def read_records(data: bytes) -> BootLog:
    """Read crypto-agile records that stand without a header, as in the seal events 817 and 834 of BitLocker-API."""
    reader = _Reader(data, 0, dict(DIGEST_SIZES))
    problem = reader.read()
    sizes = {algorithm: DIGEST_SIZES[algorithm] for event in reader.events for algorithm in event.digests}
    spec = SpecId(0, "2.0", 0, 2, sizes, b"")
    return BootLog(tuple(reader.events), spec, 0 if problem else len(data) - reader.offset, problem)


def _spec_id(first: BootEvent, data: bytes) -> SpecId | None:
    if first.kind != EV_NO_ACTION or not first.data.startswith(_SPEC_ID) or len(first.data) < _SPEC_HEAD.size:
        return None
    _, platform, minor, major, errata, uintn, count = _SPEC_HEAD.unpack_from(first.data)
    sizes: dict[int, int] = {}
    at = _SPEC_HEAD.size
    for _ in range(min(count, _MAX_ALGORITHMS)):
        if at + _ALGORITHM.size > len(first.data):
            break
        algorithm, size = _ALGORITHM.unpack_from(first.data, at)
        sizes[algorithm] = size
        at += _ALGORITHM.size
    # Some firmware leaves the vendor bytes out of the record's size, so they are looked for behind it as well.
    start = _SHA1_HEAD.size + at + 1
    vendor = data[start : start + data[start - 1]] if start <= len(data) else b""
    return SpecId(platform, f"{major}.{minor}", errata, uintn, sizes, vendor)
