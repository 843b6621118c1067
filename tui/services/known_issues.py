"""The catalogue of known issues as the console shows it, and the team's own working theory of the night. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tui.diagnosis.kb_device import LocalDevice
from tui.diagnosis.kb_issues import KnownIssue, Origin, known_issues, known_issues_for
from tui.model.audit import AuditRow
from tui.model.cause import Cause
from tui.model.group import GroupKey
from tui.services.group_edits import Edit, read_edit


@dataclass(frozen=True, slots=True)
class Theory:
    """What the team holds for true tonight: a working theory, and no more than that."""

    id: str
    group: GroupKey
    text: str
    by: str
    at: datetime


def issues_of(key: GroupKey) -> tuple[KnownIssue, ...]:
    """Catalogue entries of a group's update under its cause; that conditions hold is not said by this.

    What release health or the team says of the update comes behind, whatever the cause.
    """
    if not key.kb:
        return ()
    cause = Cause(key.cause, None if key.pcr < 0 else key.pcr, key.event or None)
    told = [issue for issue in known_issues() if not issue.decides and issue.update(key.kb) is not None]
    return (*(match.issue for match in known_issues_for(cause, key.kb, LocalDevice())), *told)


ORIGIN_WORDS = {
    Origin.SHIPPED: "",
    Origin.FILE: "added by the team from a file",
    Origin.RELEASE_HEALTH: "reported by Microsoft's release health; which devices it hits cannot be checked",
    Origin.THEORY: "WORKING THEORY of the team, not confirmed",
}
"""What an entry's origin is called; the shipped ones need no word."""


def theories_of(rows: Iterable[AuditRow]) -> tuple[Theory, ...]:
    """Working theories that audit rows hold and that nobody took back, oldest first."""
    found: dict[str, Theory] = {}
    for row in rows:
        edit: Edit | None = read_edit(row)
        if edit is not None and edit.do == "undo":
            found.pop(edit.undoes, None)
        elif edit is not None and edit.do == "theory" and edit.group is not None:
            found[edit.id] = Theory(edit.id, edit.group, edit.name, row.entry.operator.upn, row.at)
    return tuple(found.values())


def issue_lines(issue: KnownIssue) -> tuple[str, ...]:
    """An entry in words: status, fixes by branch, next step, and who says so and when."""
    fixes = [
        f"{row.kb} on {row.branch}: " + (f"fixed by {row.fixed_by}" + (f" of {row.fixed}" if row.fixed else ""))
        if row.fixed_by
        else f"{row.kb} on {row.branch}: no fix known"
        for row in issue.kbs
    ]
    sources = [f"source: {source.name}, {source.dated or 'no date'}" for source in issue.sources]
    origin = [ORIGIN_WORDS[issue.origin]] if issue.origin is not Origin.SHIPPED else []
    do = [f"do: {issue.next}"] if issue.next else []
    return (f"{issue.title} ({issue.status}, since {issue.started})", *origin, *fixes, *do, *sources)


def issue_json(issue: KnownIssue) -> dict[str, Any]:
    """An entry as JSON-shaped data."""
    return {
        "id": issue.id,
        "origin": issue.origin,
        "title": issue.title,
        "status": issue.status,
        "started": issue.started.isoformat(),
        "causes": [str(code) for code in issue.causes],
        "pcr": issue.pcr,
        "event": issue.event,
        "conditions": list(issue.conditions),
        "updates": [
            {"kb": row.kb, "branch": row.branch, "fixed_by": row.fixed_by or None, "fixed": _iso(row.fixed)}
            for row in issue.kbs
        ],
        "next": issue.next,
        "sources": [{"name": source.name, "date": _iso(source.dated)} for source in issue.sources],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def find_issue(name: str) -> KnownIssue | None:
    """An entry by its id or by one of its updates; what may decide comes before what is only told."""
    wanted = name.strip().lower()
    kb = wanted if wanted.startswith("kb") else f"kb{wanted}"
    named = [each for each in known_issues() if each.id.lower() == wanted or kb in {row.kb.lower() for row in each.kbs}]
    return min(named, key=lambda each: not each.decides, default=None)
