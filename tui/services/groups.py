"""Mass incidents: incidents with one cause and one update, from evidence and not from text likeness. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tui.model.cause import Cause, CauseCode
from tui.model.group import Group, GroupKey
from tui.model.incident import Incident, IncidentState


@dataclass(frozen=True, slots=True)
class IncidentEvidence:
    """What is known beyond the ticket: the cause from local diagnostics, the KB from the device's build."""

    cause: Cause | None = None
    kb: str = ""


def group_key(incident: Incident, evidence: IncidentEvidence | None) -> GroupKey:
    """The group an incident belongs to. What is unknown stays unknown: it never matches something known."""
    cause = evidence.cause if evidence is not None and evidence.cause is not None else incident.reading.cause
    kb = evidence.kb if evidence is not None and evidence.kb else _only(incident.reading.kbs)
    code = CauseCode.NOT_BITLOCKER if incident.reading.bitlocker is False else cause.code
    return GroupKey(code, -1 if cause.pcr is None else cause.pcr, kb)


def _only(kbs: tuple[str, ...]) -> str:
    return kbs[0] if len(kbs) == 1 else ""


def group_incidents(incidents: Iterable[Incident], evidence: Mapping[str, IncidentEvidence]) -> tuple[Group, ...]:
    """All groups, the largest open one first. The order of the incidents does not matter."""
    members: dict[GroupKey, list[Incident]] = defaultdict(list)
    for incident in incidents:
        members[group_key(incident, evidence.get(incident.id))].append(incident)
    groups = [_group(key, found) for key, found in members.items()]
    return tuple(sorted(groups, key=lambda group: (-group.open_count, -len(group.members), group.key)))


def _group(key: GroupKey, incidents: list[Incident]) -> Group:
    incidents.sort(key=lambda incident: (incident.ticket.opened_at, incident.id))
    reasons = {reason: None for incident in incidents for reason in incident.reading.cause.because}
    return Group(
        key=key,
        members=tuple(incident.id for incident in incidents),
        first_seen=incidents[0].ticket.opened_at,
        last_seen=incidents[-1].ticket.opened_at,
        open_count=sum(incident.ticket.state is not IncidentState.CLOSED for incident in incidents),
        because=tuple(reasons)[:5],
    )
