"""Entries that a team adds to the catalogue: strict reading of a file, and the form in which they are kept. Pure.

The shape is that of `data/known-issues.toml`. Unknown fields, unknown conditions and over-long lists are refused with
the place, and every text passes the door for untrusted text.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import msgspec

from tui.diagnosis.kb import BuildRow
from tui.diagnosis.kb_conditions import CONDITIONS
from tui.diagnosis.kb_issues import IssueKb, IssueSource, KnownIssue, Origin
from tui.errors import Problem, ProblemKind
from tui.model.cause import CauseCode
from tui.text import clean_line

LARGEST = 1024 * 1024
"""Bytes of a file of entries."""

SOURCES = 2
"""Sources that an entry needs; with fewer it counts as a working theory and decides nothing."""

Kb = Annotated[str, msgspec.Meta(pattern=r"^KB\d{6,8}$")]
Line = Annotated[str, msgspec.Meta(max_length=300)]
Text = Annotated[str, msgspec.Meta(max_length=2_000)]


class EntryKb(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An update of an entry."""

    kb: Kb
    branch: Line
    fixed_by: Annotated[str, msgspec.Meta(pattern=r"^(KB\d{6,8})?$")] = ""
    fixed: date | None = None


class EntrySource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who tells of it, and the day that this bears."""

    name: Line
    dated: date | None = msgspec.field(default=None, name="date")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry as files and the store have it."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
    title: Line
    started: date
    kbs: Annotated[list[EntryKb], msgspec.Meta(min_length=1, max_length=50)]
    source: Annotated[list[EntrySource], msgspec.Meta(min_length=1, max_length=20)]
    status: Line = "reported"
    next: Text = ""
    causes: Annotated[list[CauseCode], msgspec.Meta(max_length=20)] = []
    pcr: Annotated[int, msgspec.Meta(ge=0, le=23)] | None = None
    event: Line | None = None
    prompts: Literal["once", "every-boot", "unknown"] = "unknown"
    conditions: Annotated[list[Line], msgspec.Meta(max_length=20)] = []
    circumstances: Text = ""
    origin: Literal["file", "release-health", "working-theory"] = "file"


class EntryBuild(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An update that brought a build."""

    build: Annotated[int, msgspec.Meta(ge=10_000, le=99_999)]
    ubr: Annotated[int, msgspec.Meta(ge=0, le=99_999)]
    released: date
    kb: Kb
    source: Line


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    issue: Annotated[list[Entry], msgspec.Meta(max_length=500)] = []
    build: Annotated[list[EntryBuild], msgspec.Meta(max_length=5_000)] = []


@dataclass(frozen=True, slots=True)
class Additions:
    """What a team knows beyond the shipped data."""

    issues: tuple[KnownIssue, ...] = ()
    builds: tuple[BuildRow, ...] = ()

    def joined(self, newer: "Additions") -> "Additions":
        """Both, the newer one's entries and builds in place of older ones."""
        issues = {issue.id.lower(): issue for issue in (*self.issues, *newer.issues)}
        builds = {(row.build, row.ubr): row for row in (*self.builds, *newer.builds)}
        return Additions(tuple(issues.values()), tuple(builds.values()))


def read_additions(data: bytes, name: str) -> Additions:
    """What a TOML or JSON file holds; raises `Problem(CONFIG)` that says where it is wrong."""
    try:
        if len(data) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST} bytes")
        text = data.decode("utf-8")
        raw = msgspec.json.decode(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        document = msgspec.convert(raw, _Document)
        found = tuple(_issue(entry) for entry in document.issue)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Problem(
            ProblemKind.CONFIG,
            f"{name} is not a file of known issues",
            clean_line(str(error), 300),
            "Its shape is that of `reseal kb show ID --json`; README has an example.",
        ) from None
    if len({issue.id.lower() for issue in found}) != len(found):
        raise Problem(ProblemKind.CONFIG, f"{name} has two entries of one id", "", "Give each its own.")
    builds = [
        BuildRow(row.build, row.ubr, row.released.isoformat(), row.kb, "other", clean_line(row.source, 300))
        for row in document.build
    ]
    return Additions(found, tuple(builds))


def _issue(entry: Entry) -> KnownIssue:
    unknown = [name for name in entry.conditions if name not in CONDITIONS]
    if unknown:
        raise ValueError(f"{entry.id}: no condition is called {unknown[0]}; there are {', '.join(CONDITIONS)}")
    theory = entry.origin == "file" and len(entry.source) < SOURCES
    return KnownIssue(
        id=entry.id,
        title=clean_line(entry.title, 300),
        status=clean_line(entry.status, 60),
        started=entry.started,
        causes=tuple(entry.causes),
        pcr=entry.pcr,
        event=clean_line(entry.event, 100) if entry.event is not None else None,
        prompts=entry.prompts,
        conditions=tuple(entry.conditions),
        circumstances=clean_line(entry.circumstances, 2_000),
        kbs=tuple(IssueKb(row.kb, clean_line(row.branch, 100), row.fixed_by, row.fixed) for row in entry.kbs),
        next=clean_line(entry.next, 2_000),
        sources=tuple(IssueSource(clean_line(each.name, 300), each.dated) for each in entry.source),
        origin=Origin.THEORY if theory else Origin(entry.origin),
    )


def write_additions(additions: Additions) -> bytes:
    """The same as JSON that `read_additions` takes."""
    entries = [
        Entry(
            id=issue.id,
            title=issue.title,
            started=issue.started,
            kbs=[EntryKb(row.kb, row.branch, row.fixed_by, row.fixed) for row in issue.kbs],
            source=[EntrySource(each.name, each.dated) for each in issue.sources],
            status=issue.status,
            next=issue.next,
            causes=list(issue.causes),
            pcr=issue.pcr,
            event=issue.event,
            prompts=issue.prompts,  # type: ignore[arg-type]
            conditions=list(issue.conditions),
            circumstances=issue.circumstances,
            origin=issue.origin.value,  # type: ignore[arg-type]
        )
        for issue in additions.issues
    ]
    builds = [
        EntryBuild(row.build, row.ubr, date.fromisoformat(row.released), row.kb, row.source) for row in additions.builds
    ]
    return msgspec.json.encode(_Document(entries, builds))
