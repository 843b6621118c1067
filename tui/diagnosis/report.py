"""The answer of `reseal diagnose`: inputs, cause, update and findings, in the shape of the outside contract. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.diagnosis.causes import name_cause
from tui.diagnosis.findings import NO_CLOUD, CloudSide, local_findings
from tui.diagnosis.kb import update_in_force
from tui.diagnosis.kb_device import local_device, mixed_computers
from tui.diagnosis.kb_issues import IssueMatch, known_issues_for
from tui.diagnosis.redact import redact
from tui.diagnosis.sample import Parsed
from tui.model.cause import Cause, Update
from tui.model.finding import Finding, Severity

UNKNOWN = "unknown"
_DEEPEST = 40
_SHORTEST_SECRET = 20
"""Characters below which no text can hold a part of a recovery password that counts as one."""
_BLOB = re.compile(r"(?=\d*[A-Fa-f])(?:[0-9A-Fa-f]{64,}|[0-9A-Fa-f]{40})")
_DIGITS_ONLY = re.compile(r"\d{64}|\d{128}|0{38}\d{2}|0{94}\d{2}")


@dataclass(frozen=True, slots=True)
class Read:
    """One input: where it came from, and what its parser said."""

    path: str
    parsed: Parsed


@dataclass(frozen=True, slots=True)
class Report:
    """What a set of inputs says together. `undecided` are known issues of the update whose facts are not all known."""

    inputs: tuple[Read, ...]
    cause: Cause
    update: Update
    findings: tuple[Finding, ...]
    undecided: tuple[IssueMatch, ...] = ()
    problems: tuple[str, ...] = ()
    """What is odd about the inputs as a set."""

    @property
    def wrong(self) -> bool:
        """A finding of weight, or an input that no format knows; a folder or zip may hold other things besides."""
        heavy = any(finding.severity is not Severity.INFO for finding in self.findings)
        return heavy or any(
            read.parsed.kind == UNKNOWN and not read.parsed.facts.get("recognised") for read in self.inputs
        )


def diagnose(inputs: Sequence[Read], os_version: str = "", cloud: CloudSide = NO_CLOUD) -> Report:
    """Name cause, update and findings. `os_version` is the build that Intune or Entra ID reports, `10.0.26100.4061`."""
    parsed = [read.parsed for read in inputs]
    device = local_device(parsed)
    cause = name_cause(parsed)
    update = update_in_force(parsed, os_version or device.os_build)
    undecided = [match for match in known_issues_for(cause, update.kb, device) if not match.holds]
    findings = local_findings(parsed, cause, update, cloud)
    return Report(tuple(inputs), cause, update, findings, tuple(undecided), mixed_computers(parsed))


def report_json(report: Report) -> dict[str, Any]:
    """The JSON document. Recovery passwords that got this far are replaced, and that is said."""
    return {
        "inputs": [_input_json(read) for read in report.inputs],
        "cause": cause_json(report.cause),
        "update": {
            "kb": report.update.kb or None,
            "confidence": str(report.update.confidence),
            "because": [*report.update.because, *map(undecided_says, report.undecided)],
        },
        "findings": [finding_json(finding) for finding in report.findings],
        "problems": list(report.problems),
    }


def _input_json(read: Read) -> dict[str, Any]:
    path, _ = redact(read.path)
    facts, removed = scrubbed(read.parsed.facts)
    problems, more = scrubbed(list(read.parsed.problems))
    if removed + more:
        problems.append(f"{removed + more} recovery password(s) removed from this answer")
    return {"path": path, "kind": read.parsed.kind, "facts": facts, "problems": problems}


def cause_json(cause: Cause) -> dict[str, Any]:
    """A cause; `missing` is there for what is unknown."""
    document: dict[str, Any] = {
        "code": str(cause.code),
        "pcr": cause.pcr,
        "event": cause.event,
        "confidence": str(cause.confidence),
        "because": list(cause.because),
    }
    return document | ({"missing": list(cause.missing)} if cause.missing else {})


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding, as `lookup` prints it too."""
    return {
        "code": str(finding.code),
        "severity": str(finding.severity),
        "title": finding.title,
        "evidence": list(finding.evidence),
        "next": finding.next,
    }


def undecided_says(match: IssueMatch) -> str:
    """Why a known issue of the update is not claimed: the facts that are not known, and how to get them."""
    missing = "; ".join(answer.says for answer in match.answers if answer.holds is None)
    known = sum(answer.holds is True for answer in match.answers)
    return f"known issue {match.issue.id}: {known} of {len(match.answers)} conditions are known to hold; {missing}"


def scrubbed(value: Any, depth: int = 0) -> tuple[Any, int]:
    """A JSON value without recovery passwords, and how many were there; the last guard before anything is printed."""
    if depth > _DEEPEST:
        return None, 0
    if isinstance(value, str):
        return (value, 0) if len(value) < _SHORTEST_SECRET or is_digest(value) else redact(value)
    if isinstance(value, list | tuple):
        parts = [scrubbed(part, depth + 1) for part in value]
        return [part for part, _ in parts], sum(count for _, count in parts)
    if isinstance(value, dict):
        pairs = {redact(str(key))[0]: scrubbed(part, depth + 1) for key, part in value.items()}
        return {key: part for key, (part, _) in pairs.items()}, sum(count for _, count in pairs.values())
    return value, 0


def is_digest(value: str) -> bool:
    """A digest, a register or a sealed log in hexadecimal: unbroken, and with letters or of a digest's length.

    Of the lengths that digits of a recovery password can have too, only a register near zero counts.
    """
    return _BLOB.fullmatch(value) is not None or _DIGITS_ONLY.fullmatch(value) is not None
