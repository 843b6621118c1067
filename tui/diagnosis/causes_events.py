"""The boot in question, found in the event logs, and which updates and events belong to it. Pure.

Bootmgr's events are written at the boot that follows the prompt, and the clock may be hours off between firmware and
Windows: a boot's records are told by their numbers in the System log, and only another log's records by time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tui.diagnosis.sample import Facts, Parsed

EVTX = "evtx"
_RECOVERY, _BOOT, _INSTALLED = "recovery", "boot", "installed"


@dataclass(frozen=True, slots=True)
class Window:
    """A boot and the run before it.

    `recovery` says that a recovery key was used for this boot, else it is only the last one in the logs. `build` and
    `build_before` are `10.0.BUILD.UBR` of this boot and the one before, empty where not logged. `installed` are the KBs
    installed in the run before; `before` and `during` are the timeline entries of that run and of this boot's own.
    """

    recovery: bool
    time: str
    build: str
    build_before: str
    installed: tuple[str, ...]
    before: tuple[Facts, ...]
    during: tuple[Facts, ...]
    mismatches: tuple[Facts, ...] = ()
    """BitLocker-Driver 24705-24708 of this boot, in the shape of an event log's facts."""


def recovery_window(inputs: Sequence[Parsed]) -> Window | None:
    """The last boot for which a recovery key was used, else the last boot logged; None where no boot is logged."""
    found = [window for parsed in inputs if parsed.kind == EVTX for window in _windows(parsed, inputs)]
    return max(found, key=_rank, default=None)


def _rank(window: Window) -> tuple[object, ...]:
    """The later recovery first; of two logs of one boot the fuller one, whatever their order."""
    size = len(window.mismatches) + len(window.during) + len(window.before)
    return window.recovery, window.time, window.build, size, repr(window)


def recovery_times(inputs: Sequence[Parsed]) -> list[str]:
    """When recovery keys were used, one time a boot, in order; times are ISO 8601, UTC."""
    told = sorted({str(entry["time"]) for entry in _listed(inputs, "recoveries") if entry.get("time")})
    boots = sorted({str(boot["time"]) for boot in _listed(inputs, "boots") if boot.get("time")})
    by_boot: dict[str, str] = {}
    for time in told:
        by_boot.setdefault(max((boot for boot in boots if boot <= time), default=time[:13]), time)
    return sorted(by_boot.values())


def told_of_recovery(inputs: Sequence[Parsed]) -> bool:
    """Whether anything says that a device asked for its recovery key: a log, a screen, or a ticket about BitLocker."""
    for parsed in inputs:
        if parsed.kind == EVTX and listed(parsed, "recoveries"):
            return True
        if parsed.kind == "recovery-screen" and parsed.facts.get("cause") != "not_bitlocker":
            return True
        if parsed.kind == "ticket" and parsed.facts.get("bitlocker") is True:
            return True
    return False


def listed(parsed: Parsed, name: str) -> list[Facts]:
    """A list of objects among an input's facts; what is no object is left out."""
    return [entry for entry in items(parsed.facts.get(name)) if isinstance(entry, dict)]


def items(value: object) -> list[Any]:
    """A list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def _listed(inputs: Sequence[Parsed], name: str) -> Iterator[Facts]:
    return (entry for parsed in inputs if parsed.kind == EVTX for entry in listed(parsed, name))


def _windows(parsed: Parsed, inputs: Sequence[Parsed]) -> list[Window]:
    """A window for each recovery boot of one log, and one for its last boot."""
    timeline = listed(parsed, "timeline")
    starts = [n for n, entry in enumerate(timeline) if entry.get("role") == _BOOT]
    if not starts:
        return []
    others = [time for other in inputs if other is not parsed for time in _recovered_elsewhere(other)]
    bounds = [*pairwise(starts), (starts[-1], len(timeline))]
    windows = [_window(timeline, start, end, starts, others, parsed) for start, end in bounds]
    return [window for window in windows if window.recovery] or windows[-1:]


def _recovered_elsewhere(parsed: Parsed) -> list[str]:
    """Recoveries told by a log without boots: the BitLocker Management log (805, unlocked in WinRE)."""
    if parsed.kind != EVTX or listed(parsed, "boots"):
        return []
    return [str(entry.get("time", "")) for entry in listed(parsed, "recoveries")]


def _window(
    timeline: list[Facts], start: int, end: int, starts: list[int], others: list[str], parsed: Parsed
) -> Window:
    boot, during = timeline[start], tuple(timeline[start + 1 : end])
    previous = max((n for n in starts if n < start), default=None)
    before = tuple(timeline[(-1 if previous is None else previous) + 1 : start])
    began, ended = str(boot.get("time", "")), str(timeline[end].get("time", "")) if end < len(timeline) else "~"
    records = {entry.get("record") for entry in during}
    return Window(
        recovery=any(entry.get("role") == _RECOVERY for entry in during) or any(began <= t < ended for t in others),
        time=began,
        build=str(boot.get("build") or ""),
        build_before=str(timeline[previous].get("build") or "") if previous is not None else "",
        installed=_kbs(before),
        before=before,
        during=during,
        mismatches=tuple(entry for entry in listed(parsed, "mismatches") if entry.get("record") in records),
    )


def _kbs(entries: Sequence[Facts]) -> tuple[str, ...]:
    kbs = (entry.get("kb") for entry in entries if entry.get("role") == _INSTALLED)
    return tuple(sorted({str(kb) for kb in kbs if kb}))
