"""What the PCRs must hold after the events of a log (TPM 2.0 Library, part 1, section 17.5)."""

import hashlib

from tui.diagnosis.measured_boot.log import BootEvent, BootLog
from tui.diagnosis.measured_boot.names import ALGORITHM_NAMES, EV_NO_ACTION, algorithm_name

_LOCALITY = b"StartupLocality\0"
_DYNAMIC = range(17, 23)
_PCRS = range(24)

PcrValues = dict[str, dict[int, bytes]]
"""PCR values by bank name and PCR."""


def measured(event: BootEvent) -> bool:
    """Whether an event was extended into a PCR. Windows' trust point record (PCR 0xFFFFFFFF) never was."""
    return event.kind != EV_NO_ACTION and event.pcr in _PCRS


def replay(log: BootLog) -> PcrValues:
    """Extend each bank with the log's digests; a PCR without an event in a bank is absent there.

    A bank whose hash this Python does not have is empty.
    """
    locality = startup_locality(log)
    return {algorithm_name(algorithm): _bank(log, algorithm, locality) for algorithm in log.algorithms}


def startup_locality(log: BootLog) -> int:
    """The locality of TPM2_Startup that the log tells, which is the last byte of PCR 0's first value."""
    for event in log.events:
        if event.kind == EV_NO_ACTION and event.pcr == 0 and event.data.startswith(_LOCALITY):
            return event.data[16] if len(event.data) > 16 else 0
    return 0


def _bank(log: BootLog, algorithm: int, locality: int) -> dict[int, bytes]:
    name = ALGORITHM_NAMES.get(algorithm, "")
    if name not in hashlib.algorithms_available:
        return {}
    size = hashlib.new(name, usedforsecurity=False).digest_size
    values: dict[int, bytes] = {}
    for event in log.events:
        digest = event.digests.get(algorithm)
        if digest is None or not measured(event):
            continue
        before = values.get(event.pcr)
        if before is None:
            before = _first_value(event.pcr, size, locality)
        values[event.pcr] = hashlib.new(name, before + digest, usedforsecurity=False).digest()
    return dict(sorted(values.items()))


def _first_value(pcr: int, size: int, locality: int) -> bytes:
    if pcr in _DYNAMIC:
        return b"\xff" * size
    return bytes(size - 1) + bytes([locality if pcr == 0 else 0])
