"""The boot in question, found in the event logs, and which updates and events belong to it. Pure.

Bootmgr's events are written at the boot that follows the prompt, and the clock may be hours off between firmware and
Windows: a boot's records are told by their numbers in the System log, and only another log's records by time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tui.diagnosis.sample import Facts, Parsed

EVTX = "evtx"
_RECOVERY, _BOOT, _SHUTDOWN, _INSTALLED = "recovery", "boot", "shutdown", "installed"


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
    elsewhere = sorted(time for parsed in inputs for time in _recovered_elsewhere(parsed))
    found = (_window(parsed, elsewhere) for parsed in inputs if parsed.kind == EVTX)
    return max((window for window in found if window is not None), key=_rank, default=None)


def _rank(window: Window) -> tuple[object, ...]:
    """The later recovery first; of two logs of one boot the fuller one, whatever their order."""
    size = len(window.mismatches) + len(window.during) + len(window.before)
    ends = (window.build_before, window.installed, window.before[-1:], window.during[:1], window.during[-1:])
    return window.recovery, window.time, window.build, size, repr(ends)


def recovery_times(inputs: Sequence[Parsed]) -> list[str]:
    """When recovery keys were used, one time a boot, in order; times are ISO 8601, UTC."""
    told = sorted({str(entry["time"]) for entry in _listed(inputs, "recoveries") if entry.get("time")})
    boots = sorted({str(boot["time"]) for boot in _listed(inputs, "boots") if boot.get("time")})
    by_boot: dict[str, str] = {}
    for time in told:
        at = bisect_right(boots, time)
        by_boot.setdefault(boots[at - 1] if at else time[:13], time)
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


def _window(parsed: Parsed, elsewhere: list[str]) -> Window | None:
    """The last recovery boot of one log in the order of its records, else its last boot.

    `elsewhere` are the times, sorted, at which logs without boots tell of recoveries.
    """
    timeline = _in_boots(listed(parsed, "timeline"))
    starts = [n for n, entry in enumerate(timeline) if entry.get("role") == _BOOT]
    if not starts:
        return None
    bounds = [(-1, starts[0]), *pairwise(starts), (starts[-1], len(timeline))]
    boots = [(before, start, end) for (before, start), (_, end) in pairwise(bounds)]
    recovered = [bound for bound in boots if _recovered(timeline, bound, elsewhere)]
    return _cut(parsed, timeline, (recovered or boots)[-1], recovery=bool(recovered))


def _recovered(timeline: list[Facts], bound: tuple[int, int, int], elsewhere: list[str]) -> bool:
    _, start, end = bound
    if any(entry.get("role") == _RECOVERY for entry in timeline[start + 1 : end]):
        return True
    began = str(timeline[start].get("time", ""))
    ended = str(timeline[end].get("time", "")) if end < len(timeline) else "~"
    return bisect_left(elsewhere, began) < bisect_left(elsewhere, ended)


def _cut(parsed: Parsed, timeline: list[Facts], bound: tuple[int, int, int], *, recovery: bool) -> Window:
    previous, start, end = bound
    boot, during, before = timeline[start], tuple(timeline[start + 1 : end]), tuple(timeline[previous + 1 : start])
    records = {entry.get("record") for entry in during}
    return Window(
        recovery=recovery,
        time=str(boot.get("time", "")),
        build=str(boot.get("build") or ""),
        build_before=str(timeline[previous].get("build") or "") if previous >= 0 else "",
        installed=_kbs(before),
        before=before,
        during=during,
        mismatches=tuple(entry for entry in listed(parsed, "mismatches") if entry.get("record") in records),
    )


def _in_boots(timeline: list[Facts]) -> list[Facts]:
    """The timeline with each boot record ahead of what its own early drivers wrote, which may stand before it."""
    placed: list[Facts] = []
    for entry in timeline:
        at = len(placed)
        if entry.get("role") == _BOOT:
            while at and placed[at - 1].get("role") not in (_BOOT, _SHUTDOWN):
                at -= 1
            at = at if at and placed[at - 1].get("role") == _SHUTDOWN else len(placed)
        placed.insert(at, entry)
    return placed


def _recovered_elsewhere(parsed: Parsed) -> list[str]:
    """Recoveries told by a log without boots: the BitLocker Management log (805, unlocked in WinRE)."""
    if parsed.kind != EVTX or listed(parsed, "boots"):
        return []
    return [str(entry.get("time", "")) for entry in listed(parsed, "recoveries")]


def _kbs(entries: Sequence[Facts]) -> tuple[str, ...]:
    kbs = (entry.get("kb") for entry in entries if entry.get("role") == _INSTALLED)
    return tuple(sorted({str(kb) for kb in kbs if kb}))
