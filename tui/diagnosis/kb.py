"""Which update brought a Windows build, and which one was in force at the boot in question. Pure.

The table `data/windows-builds.csv` holds facts of Microsoft's release information, each row with its source and the
date of that source. A build number names the update in force without asking the device.
"""

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from tui.diagnosis.causes_events import Window, recovery_window
from tui.diagnosis.sample import Parsed
from tui.model.cause import Confidence, Update

FAMILIES = ((18362, 18363), (19041, 19042, 19043, 19044, 19045), (22621, 22631), (26100, 26200))
"""Builds that one update serves with one revision: an enablement package changes the number, the kernel keeps the
first (a 22H2 kernel of Windows 10 calls itself 19041)."""

_BUILD = re.compile(r"(?:^|\D)(?:10\.0\.)?(\d{5})\.(\d{1,5})(?!\d)")
_KB = re.compile(r"KB\d{6,7}")


@dataclass(frozen=True, slots=True)
class BuildRow:
    """A row of the table: the update `kb` brought `build`.`ubr` on `released` (ISO date).

    `kind` is B (the second Tuesday), C or Preview, OOB (out of band) or hotpatch. `exact` is False when the build asked
    for is newer than this row and older than the next, so that this is only the nearest older update.
    """

    build: int
    ubr: int
    released: str
    kb: str
    kind: str
    source: str
    exact: bool = True


_added: list[BuildRow] = []


def add_builds(rows: Iterable[BuildRow]) -> None:
    """Set builds beyond the table's; the composition root does it once. A row of the table stays as it is."""
    _added[:] = rows
    _table.cache_clear()
    builds_of_kb.cache_clear()


@cache
def _table() -> dict[int, tuple[BuildRow, ...]]:
    text = files("tui.diagnosis").joinpath("data", "windows-builds.csv").read_text(encoding="utf-8")
    rows: dict[int, list[BuildRow]] = {}
    for row in csv.DictReader(text.splitlines()):
        build = BuildRow(int(row["build"]), int(row["ubr"]), row["released"], row["kb"], row["kind"], row["source"])
        rows.setdefault(build.build, []).append(build)
    for added in _added:
        known = rows.setdefault(added.build, [])
        if all(row.ubr != added.ubr for row in known):
            known.append(added)
    return {build: tuple(sorted(found, key=lambda row: row.ubr)) for build, found in rows.items()}


def newest_row() -> BuildRow:
    """The newest update in the table: what came after it is not known here."""
    return max((row for rows in _table().values() for row in rows), key=lambda row: row.released)


def kb_of_build(build: int, ubr: int) -> BuildRow | None:
    """The update that brought this build, or the nearest older one (`exact` is False); None where none is known."""
    older: list[BuildRow] = []
    for member in _family(build):
        rows = _table().get(member, ())
        at = bisect_right(rows, ubr, key=lambda row: row.ubr)
        if at and rows[at - 1].ubr == ubr:
            return rows[at - 1]
        # Server and client share a build with revisions far apart: the last client row is not older than a server's.
        older += rows[at - 1 : at] if at and ubr - rows[at - 1].ubr < _FARTHEST else []
    if not older:
        return None
    nearest = max(older, key=lambda row: row.ubr)
    return BuildRow(nearest.build, nearest.ubr, nearest.released, nearest.kb, nearest.kind, nearest.source, exact=False)


@cache
def builds_of_kb(kb: str) -> Mapping[int, BuildRow]:
    """By build number, the row of every build that this update brings, enablement packages' builds included."""
    rows = {row.build: row for found in _table().values() for row in found if row.kb == kb}
    for row in tuple(rows.values()):
        for member in _family(row.build):
            rows.setdefault(member, row)
    return MappingProxyType(rows)


_FARTHEST = 2_000
"""Revisions between neighbours of one line of updates; a month moves a build by at most some hundreds."""


def _family(build: int) -> tuple[int, ...]:
    family = next((members for members in FAMILIES if build in members), ())
    return (build, *(member for member in family if member != build))


def parse_build(version: str) -> tuple[int, int] | None:
    """Build and revision of `10.0.26100.4061` or `26100.4061`; None where the revision is missing."""
    found = _BUILD.search(version)
    return (int(found[1]), int(found[2])) if found else None


def update_in_force(inputs: Sequence[Parsed], os_version: str = "") -> Update:
    """The update in force at the boot in question.

    That boot is the last one at which a recovery key was used. Without one it is the last boot in the logs, else the
    build that `os_version` (Intune's or Entra ID's) tells of today, else what a ticket says. A build that stands
    between two rows of the table names no update.
    """
    window = recovery_window(inputs)
    if window is not None and (row := _row_of(window.build)) is not None:
        return _at_boot(window, row)
    if window is not None and len(window.installed) == 1 and window.recovery:
        only = window.installed[0]
        return Update(only, Confidence.LIKELY, (f"{only} was installed between the boot before and the recovery boot",))
    if (row := _row_of(os_version)) is not None:
        return _by_build(row, os_version, "the directory says the build is", Confidence.LIKELY)
    return _from_tickets(inputs)


def _row_of(version: str) -> BuildRow | None:
    found = parse_build(version)
    return kb_of_build(*found) if found else None


def _at_boot(window: Window, row: BuildRow) -> Update:
    if not window.recovery:
        return _by_build(row, window.build, "the last boot in the logs ran", Confidence.LIKELY)
    update = _by_build(row, window.build, "the recovery boot ran", Confidence.CERTAIN)
    because = [*update.because, *(_change(window, row) if row.exact else ())]
    if window.installed:
        because.append(f"installed between the boot before and this one: {', '.join(window.installed)}")
    return Update(update.kb, update.confidence, tuple(because))


def _by_build(row: BuildRow, version: str, said: str, confidence: Confidence) -> Update:
    build = ".".join(str(part) for part in parse_build(version) or ())
    if row.exact:
        return Update(row.kb, confidence, (f"{said} {build}, which {row.kb} of {row.released} brought",))
    newest = newest_row()
    says = f"{said} {build}; the nearest older update known is {row.kb} ({row.build}.{row.ubr}, {row.released})"
    return Update(because=(says, f"the table of builds ends on {newest.released}, so the update is not named"))


def _change(window: Window, row: BuildRow) -> Iterable[str]:
    before, now = parse_build(window.build_before), parse_build(window.build)
    if before is None or now is None:
        return ("the boot before is not in the logs, so it is not known whether the update was new",)
    if before == now:
        return ("the boot before ran the same build: no cumulative update came with this boot",)
    return (f"the boot before ran {before[0]}.{before[1]}: {row.kb} came with this boot",)


def _from_tickets(inputs: Sequence[Parsed]) -> Update:
    named = {
        kb
        for parsed in inputs
        if parsed.kind == "ticket"
        for kb in _listed(parsed.facts.get("kbs"), parsed.facts.get("kb"))
        if _KB.fullmatch(kb)
    }
    if len(named) == 1:
        kb = named.pop()
        return Update(kb, Confidence.POSSIBLE, (f"the ticket names {kb}; nothing else tells the build",))
    if named:
        return Update(because=(f"tickets name several updates: {', '.join(sorted(named))}",))
    return Update()


def _listed(kbs: object, kb: object) -> list[str]:
    values = kbs if isinstance(kbs, list) else [kb]
    return [value for value in values if isinstance(value, str)]
