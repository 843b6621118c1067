"""The catalogue of updates known to have made devices ask for their key, and which entry fits. Pure.

The data is `data/known-issues.toml`; each entry has at least two sources.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from tui.diagnosis.causes_events import told_of_recovery
from tui.diagnosis.causes_witness import Trust, Witness
from tui.diagnosis.kb import update_in_force
from tui.diagnosis.kb_conditions import Answer, all_hold, evaluate
from tui.diagnosis.kb_device import LocalDevice
from tui.diagnosis.sample import Parsed
from tui.model.cause import Cause, CauseCode, Confidence

APRIL_2026 = "apr-2026-boot-manager"


@dataclass(frozen=True, slots=True)
class IssueKb:
    """An update of an issue: its branch of Windows, and the update that fixes it, empty where none is known."""

    kb: str
    branch: str
    fixed_by: str = ""
    fixed: date | None = None


@dataclass(frozen=True, slots=True)
class IssueSource:
    """Who tells of an issue; `dated` is None where the source bears no date."""

    name: str
    dated: date | None = None


class Origin(StrEnum):
    """Where an entry comes from. Only the shipped ones and those of a file with its sources may decide anything."""

    SHIPPED = "catalogue"
    FILE = "file"
    RELEASE_HEALTH = "release-health"
    """As Microsoft tells it: without a cause or conditions that could be looked up on a device."""
    THEORY = "working-theory"
    """What the team holds for true and nobody has confirmed."""


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """An entry of the catalogue; the fields are explained in the data file."""

    id: str
    title: str
    status: str
    started: date
    causes: tuple[CauseCode, ...]
    pcr: int | None
    event: str | None
    prompts: str
    conditions: tuple[str, ...]
    circumstances: str
    kbs: tuple[IssueKb, ...]
    next: str
    sources: tuple[IssueSource, ...]
    origin: Origin = Origin.SHIPPED

    @property
    def decides(self) -> bool:
        """It may name a cause or a predicate; what is reported or supposed is only shown."""
        return self.origin in (Origin.SHIPPED, Origin.FILE)

    def update(self, kb: str) -> IssueKb | None:
        """The entry's row of this update."""
        return next((row for row in self.kbs if row.kb == kb), None)


@dataclass(frozen=True, slots=True)
class IssueMatch:
    """An issue of the update in force. It `holds` when every condition is known to hold."""

    issue: KnownIssue
    update: IssueKb
    answers: tuple[Answer, ...]

    @property
    def holds(self) -> bool:
        return all_hold(self.answers)

    @property
    def excluded(self) -> bool:
        """A condition is known not to hold."""
        return any(answer.holds is False for answer in self.answers)


_added: list[KnownIssue] = []


def add_issues(issues: Iterable[KnownIssue]) -> None:
    """Set what the team has beyond the shipped entries; the composition root does it once, before anything is asked.

    An entry that decides takes the place of a shipped one of its id; one that does not never hides another.
    """
    _added[:] = issues
    known_issues.cache_clear()


@cache
def known_issues() -> tuple[KnownIssue, ...]:
    """The whole catalogue: the shipped entries in the order of the data file, then the added ones."""
    replaced = {issue.id.lower() for issue in _added if issue.decides}
    shipped = [issue for issue in shipped_issues() if issue.id.lower() not in replaced]
    return (*shipped, *_added)


@cache
def shipped_issues() -> tuple[KnownIssue, ...]:
    """The entries of the data file."""
    text = files("tui.diagnosis").joinpath("data", "known-issues.toml").read_text(encoding="utf-8")
    return tuple(_issue(entry) for entry in tomllib.loads(text)["issue"])


def _issue(entry: dict[str, Any]) -> KnownIssue:
    return KnownIssue(
        id=entry["id"],
        title=entry["title"],
        status=entry["status"],
        started=entry["started"],
        causes=tuple(CauseCode(code) for code in entry["causes"]),
        pcr=entry.get("pcr"),
        event=entry.get("event"),
        prompts=entry["prompts"],
        conditions=tuple(entry["conditions"]),
        circumstances=entry["circumstances"],
        kbs=tuple(IssueKb(**row) for row in entry["kbs"]),
        next=entry["next"],
        sources=tuple(IssueSource(source["name"], source.get("date")) for source in entry["source"]),
    )


def known_issues_for(cause: Cause, kb: str, device: LocalDevice) -> tuple[IssueMatch, ...]:
    """Issues of this update under this cause that no known fact excludes; those that hold come first.

    A match with unknown conditions does not hold: it only tells which facts to get.
    """
    found = [match for match in _of_update(kb, device) if _fits(match.issue, cause) and not match.excluded]
    return tuple(sorted(found, key=lambda match: not match.holds))


def _of_update(kb: str, device: LocalDevice) -> Iterator[IssueMatch]:
    for issue in known_issues():
        if issue.decides and (update := issue.update(kb)) is not None:
            yield IssueMatch(issue, update, evaluate(issue.conditions, device))


def _fits(issue: KnownIssue, cause: Cause) -> bool:
    """An unknown cause fits no issue, and a PCR or event that differs rules it out."""
    if cause.code not in issue.causes:
        return False
    same_pcr = cause.pcr is None or issue.pcr is None or cause.pcr == issue.pcr
    same_event = cause.event is None or issue.event is None or cause.event == issue.event
    return same_pcr and same_event


def issue_witnesses(inputs: Sequence[Parsed], device: LocalDevice) -> Iterator[Witness]:
    """What an update in force says about the cause of a recovery: only where an entry names conditions and all hold."""
    if not told_of_recovery(inputs):
        return
    kb = update_in_force(inputs, device.os_build).kb
    for match in _of_update(kb, device):
        if match.answers and match.holds:
            says = f"{kb} was in force and all conditions of its known issue hold ({match.issue.id})"
            code, issue = match.issue.causes[0], match.issue
            yield Witness(Trust.UPDATE, code, says, Confidence.POSSIBLE, issue.pcr, issue.event)
