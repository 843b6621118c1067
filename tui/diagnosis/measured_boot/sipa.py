"""Windows' own measurements: SIPA records, nested type-length-value data inside EV_EVENT_TAG (wbcl.h)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tui.diagnosis.measured_boot.log import BootLog
from tui.diagnosis.measured_boot.names import EV_EVENT_TAG, EV_SEPARATOR

TRANSFER_CONTROL = 0x00020003
BITLOCKER_UNLOCK = 0x00020005

FLAG_NAMES = {
    0x00020002: "BootCounter",
    0x00020006: "EventCounter",
    0x00040001: "BootDebugging",
    0x00050001: "OSKernelDebug",
    0x00050002: "CodeIntegrity",
    0x00050003: "TestSigning",
    0x00050005: "SafeMode",
    0x00050006: "WinPE",
    0x0005000A: "HypervisorLaunchType",
    0x00050012: "VSMLaunchType",
}
RESUME = 2
"""Value of the transfer-control record that hands over to the resume loader; 1 hands over to the OS loader."""

_HEAD = struct.Struct("<II")
_CONTAINER = 0x40000000
_TRUST_BOUNDARY = 0x40010001
_WINDOWS_PCRS = range(11, 15)
_MAX_DEPTH = 8
_MAX_NUMBER = 8


@dataclass(frozen=True, slots=True)
class SipaRecord:
    """One SIPA value and the PCR that it was measured into."""

    pcr: int
    kind: int
    data: bytes

    @property
    def number(self) -> int:
        """The value as an unsigned integer; only its first eight bytes count."""
        return int.from_bytes(self.data[:_MAX_NUMBER], "little")


def sipa_records(log: BootLog) -> Iterator[SipaRecord]:
    """All SIPA values of PCRs 11 to 14, in the order of the log."""
    for event in log.events:
        if event.kind == EV_EVENT_TAG and event.pcr in _WINDOWS_PCRS:
            for kind, data in _values(event.data, 0):
                yield SipaRecord(event.pcr, kind, data)


def is_windows(log: BootLog) -> bool:
    """Whether a Windows boot manager wrote into the log."""
    return any(
        (event.kind == EV_SEPARATOR and event.data == b"WBCL")
        or (event.kind == EV_EVENT_TAG and event.data[:4] == _TRUST_BOUNDARY.to_bytes(4, "little"))
        for event in log.events
        if event.pcr in _WINDOWS_PCRS
    )


def _values(data: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEAD.size <= len(data):
        kind, size = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        value = data[at : at + size]
        at += size
        if kind & _CONTAINER:
            if depth < _MAX_DEPTH:
                yield from _values(value, depth + 1)
        elif len(value) == size:
            yield kind, value
