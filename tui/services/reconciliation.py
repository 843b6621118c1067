"""The console's own rows against Entra ID's log of key reads: each read has its row, each row its read. Pure.

Entra ID logs a read under "Read BitLocker key" with the reader and the key's ID; the console's request ids are not in
it. So the two are joined by key, reader and time, one to one, earliest first, whatever order they came in.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tui.model.audit import AuditEvent, AuditRow

NEAR = timedelta(minutes=5)
"""How far the clocks of the console and of Entra ID may be apart, and the request under way."""

SETTLES = timedelta(hours=1)
"""How long Entra ID's log may be behind: Microsoft names no bound, so a younger read is pending and not missing."""

GOOD = 200

Kind = Literal["matched", "pending", "not-in-entra", "outside", "other-reader", "unanswered"]
EXCEPTIONS: tuple[Kind, ...] = ("outside", "other-reader", "not-in-entra")
"""Worst first: a read outside the console, a read under another name, a row that Entra ID does not know."""

KIND_WORDS: dict[Kind, str] = {
    "matched": "has its row and its entry",
    "pending": "Entra ID may not have logged it yet",
    "not-in-entra": "the console read it and Entra ID has no entry",
    "outside": "read by an operator of this console, but not through it",
    "other-reader": "Entra ID names another reader than the console",
    "unanswered": "logged by Entra ID, though the console got no answer and showed nothing",
}


@dataclass(frozen=True, slots=True)
class KeyRead:
    """An entry of Entra ID's log."""

    id: str
    key_id: str
    reader: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One read and what became of it; `seq` and `ticket` are the console's, `entry` Entra ID's."""

    kind: Kind
    key_id: str
    reader: str
    at: datetime
    seq: int = 0
    ticket: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The answer; `elsewhere` counts reads by people who are no operators of this console."""

    findings: tuple[Finding, ...]
    elsewhere: int

    def of(self, *kinds: Kind) -> tuple[Finding, ...]:
        """Findings of these kinds, oldest first."""
        return tuple(each for each in self.findings if each.kind in kinds)


@dataclass(frozen=True, slots=True)
class _Flow:
    """A disclosure's read: `answered` when Graph gave the key."""

    seq: int
    key_id: str
    reader: str
    at: datetime
    ticket: str
    answered: bool


def reconcile(rows: Iterable[AuditRow], reads: Iterable[KeyRead], since: datetime, now: datetime) -> Reconciled:
    """Compare what was read from a time on. Of Entra ID's entries those a little older are wanted, too."""
    rows = list(rows)
    ours = {row.entry.operator.upn.casefold() for row in rows} - {""}
    flows = [flow for flow in _flows(rows) if flow.at >= since]
    left = sorted(reads, key=lambda read: (read.at, read.id))
    found: list[Finding] = []
    for same_reader in (True, False):
        flows, left, joined = _pair(flows, left, same_reader=same_reader)
        found += joined
    missing: Kind
    for flow in flows:
        if flow.answered:
            missing = "pending" if now - flow.at < SETTLES else "not-in-entra"
            found.append(Finding(missing, flow.key_id, flow.reader, flow.at, flow.seq, flow.ticket))
    late = [each for each in left if each.at >= since]
    outside = [each for each in late if each.reader.casefold() in ours]
    found += [Finding("outside", each.key_id, each.reader, each.at, entry=each.id) for each in outside]
    elsewhere = len(late) - len(outside)
    return Reconciled(tuple(sorted(found, key=lambda each: (each.at, each.key_id, each.entry))), elsewhere)


def _pair(
    flows: Sequence[_Flow], reads: Sequence[KeyRead], *, same_reader: bool
) -> tuple[list[_Flow], list[KeyRead], list[Finding]]:
    """Join each flow, oldest first, with the oldest entry that is near enough."""
    waiting: dict[tuple[str, str], list[KeyRead]] = defaultdict(list)
    for read in reads:
        waiting[read.key_id, read.reader.casefold() if same_reader else ""].append(read)
    unjoined: list[_Flow] = []
    joined: list[Finding] = []
    used: set[str] = set()
    for flow in sorted(flows, key=lambda each: (each.at, each.seq)):
        near = waiting[flow.key_id, flow.reader if same_reader else ""]
        found = next((each for each in near if abs(each.at - flow.at) <= NEAR), None)
        if found is None:
            unjoined.append(flow)
            continue
        near.remove(found)
        used.add(found.id)
        kind: Kind = "other-reader" if not same_reader else "matched" if flow.answered else "unanswered"
        joined.append(Finding(kind, flow.key_id, found.reader, flow.at, flow.seq, flow.ticket, found.id))
    return unjoined, [read for read in reads if read.id not in used], joined


def _flows(rows: Iterable[AuditRow]) -> list[_Flow]:
    """Disclosures that asked the escrow in Entra ID, by their INTENT."""
    intents: dict[str, AuditRow] = {}
    answered: set[str] = set()
    for row in rows:
        entry = row.entry
        if entry.event is AuditEvent.INTENT and entry.key_id:
            intents[entry.flow] = row
        elif entry.flow in intents and entry.http_status == GOOD:
            answered.add(entry.flow)
    return [
        _Flow(row.seq, row.entry.key_id, row.entry.operator.upn.casefold(), row.at, row.entry.ticket, flow in answered)
        for flow, row in intents.items()
    ]


def reconciled_json(found: Reconciled, since: datetime, until: datetime) -> dict[str, Any]:
    """The answer as JSON-shaped data."""
    kinds = [*KIND_WORDS]
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "counts": {**{kind: len(found.of(kind)) for kind in kinds}, "elsewhere": found.elsewhere},
        "exceptions": [_json(each) for each in found.of(*EXCEPTIONS)],
        "pending": [_json(each) for each in found.of("pending")],
    }


def _json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "key_id": finding.key_id,
        "reader": finding.reader,
        "at": finding.at.isoformat(),
        "seq": finding.seq or None,
        "ticket": finding.ticket or None,
        "entry": finding.entry or None,
    }
