"""What was found out about an incident's device, remembered: an audit row holds it, so it outlives the console. Pure.

Evidence of `reseal diagnose --ticket` and of a collection in the console goes the same way, from whichever process.
"""

from collections.abc import Iterable

import msgspec

from tui.model.audit import AuditEntry, AuditEvent, AuditRow, Operator
from tui.services.incident_evidence import IncidentEvidence

PREFIX = "evidence "
"""How the note of a row begins that holds evidence; the rest is JSON."""


class EvidenceNote(msgspec.Struct, frozen=True):
    """Evidence of one incident, and what it was read from."""

    incident: str
    read: str
    evidence: IncidentEvidence


def evidence_entry(incident_id: str, ticket: str, read: str, evidence: IncidentEvidence, by: Operator) -> AuditEntry:
    """The row that remembers evidence."""
    note = PREFIX + msgspec.json.encode(EvidenceNote(incident_id, read[:100], evidence)).decode()
    return AuditEntry(event=AuditEvent.REVIEW, operator=by, ticket=ticket, note=note)


def evidence_of_rows(rows: Iterable[AuditRow]) -> dict[str, IncidentEvidence]:
    """The newest evidence of each incident; damaged notes are passed over."""
    found: dict[str, IncidentEvidence] = {}
    for row in rows:
        note = row.entry.note
        if row.entry.event is not AuditEvent.REVIEW or not note.startswith(PREFIX):
            continue
        try:
            read = msgspec.json.decode(note.removeprefix(PREFIX), type=EvidenceNote)
        except msgspec.MsgspecError:
            continue
        found[read.incident] = read.evidence
    return found
