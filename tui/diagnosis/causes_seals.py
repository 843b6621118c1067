"""The sealed PCR 7 log of BitLocker's own events against what was measured later: the cause from the logs alone. Pure.

Events 817 and 892 keep the log of PCR 7 as it was sealed. The last seal before a recovery and the first one after it
differ in the event that broke the seal.
"""

from collections.abc import Iterator, Sequence

from tui.diagnosis.causes_events import listed, recovery_times
from tui.diagnosis.causes_names import event_name
from tui.diagnosis.causes_witness import Trust, Witness
from tui.diagnosis.events.bitlocker import sealed_log
from tui.diagnosis.measured_boot import BootLog, diff
from tui.diagnosis.measured_boot.describe import describe
from tui.diagnosis.sample import Facts, Parsed
from tui.model.cause import CauseCode, Confidence

_SEALED = frozenset({817, 892})
_SECURE_BOOT_PCR = 7


def seal_witnesses(inputs: Sequence[Parsed], profile: frozenset[int] | None) -> Iterator[Witness]:
    """What changed in PCR 7 between the seals around the last recovery; nothing where either seal is missing."""
    recoveries = recovery_times(inputs)
    if not recoveries or (profile is not None and _SECURE_BOOT_PCR not in profile):
        return
    seals = sorted(_seals(inputs), key=lambda seal: str(seal["time"]))
    before = [seal for seal in seals if str(seal["time"]) < recoveries[-1]]
    after = [seal for seal in seals if str(seal["time"]) >= recoveries[-1]]
    if not before or not after:
        return
    old, new = sealed_log(before[-1]["data"]), sealed_log(after[0]["data"])
    if old is not None and new is not None:
        yield from _change(old, new, str(before[-1]["time"]), str(after[0]["time"]))


def _seals(inputs: Sequence[Parsed]) -> Iterator[Facts]:
    for parsed in inputs:
        if parsed.kind == "evtx":
            for record in listed(parsed, "bitlocker_records"):
                if record.get("id") in _SEALED and isinstance(record.get("data"), dict) and record.get("time"):
                    yield record


def _change(old: BootLog, new: BootLog, sealed: str, anew: str) -> Iterator[Witness]:
    for pcr in diff(old, new, {_SECURE_BOOT_PCR}).pcrs:
        first = next((event for event in reversed(pcr.first) if event is not None), None)
        told = describe(first) if first is not None else {}
        event = event_name(_SECURE_BOOT_PCR, told.get("event_type"), told.get("variable"))
        says = f"the log of PCR 7 sealed {sealed[:19]} and the one sealed after the recovery, {anew[:19]}, differ"
        says += f" first in {event}" if event else ""
        yield Witness(Trust.BOOT_LOGS, CauseCode.SECUREBOOT_CHANGED, says, Confidence.LIKELY, _SECURE_BOOT_PCR, event)
