"""The made-up fleet, read and grouped as the console does it, and how far groups and truth agree."""

from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import UTC, datetime, timedelta

from tests.services.fleet_model import Case
from tests.services.fleet_reading import readable
from tui.diagnosis.ticket_text import read_ticket
from tui.model.group import Grade, GroupKey
from tui.model.incident import Incident, IncidentState, Ticket
from tui.services.groups import GroupBook
from tui.services.incident_evidence import Facets, IncidentEvidence, evidence_of_inputs

NOON = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)


def incident_of(number: int, text: str, state: IncidentState = IncidentState.NEW) -> Incident:
    """An incident with a ticket of this text, a minute after the one before."""
    at = NOON + timedelta(minutes=number)
    key = f"T{number:06d}"
    ticket = Ticket(key, f"INC{number:07d}", "locked out", text, "", f"LT-{number:06d}", state, 3, "", False, at, at)
    return Incident(f"desk:{key}", "desk", ticket, read_ticket(text))


def evidence_of(case: Case) -> IncidentEvidence | None:
    """What the console learns; None where nothing but the ticket is left."""
    model, firmware = case.seen["inventory"] or ("", "")
    inputs = readable(case)
    clone = case.seen["owner"] == "another device"
    if not inputs and not clone:
        return None
    found = evidence_of_inputs(inputs, Facets(model=model, firmware=firmware))
    return IncidentEvidence(
        cause=found.cause,
        kb=found.kb,
        firmware=found.firmware,
        servicing=found.servicing,
        predicate=found.predicate,
        clone=clone,
        network_unlock=found.network_unlock,
        winre=found.winre,
        facets=found.facets,
    )


def grouped(cases: Iterable[Case]) -> tuple[GroupBook, dict[str, Case]]:
    """A book of the cases, taken in one by one, and the case behind each incident."""
    book, behind = GroupBook(), {}
    for case in cases:
        incident = incident_of(case.number, case.text)
        behind[incident.id] = case
        book.put(incident, evidence_of(case))
    return book, behind


def pairs(labels: Iterable[Hashable]) -> int:
    """Pairs that share a label."""
    return sum(count * (count - 1) // 2 for count in Counter(labels).values())


def precision(book: GroupBook, behind: dict[str, Case], *, grades: tuple[Grade, ...]) -> float:
    """Of the pairs that a group claims to be one, the share that is."""
    claimed = right = 0
    for group in book.groups():
        if group.key.grade in grades:
            claimed += pairs([0] * len(group.members))
            right += pairs([behind[member].truth for member in group.members])
    return right / claimed if claimed else 1.0


def recall(book: GroupBook, behind: dict[str, Case], decidable: set[int]) -> float:
    """Of the pairs of decidable tickets of one cause, the share that one claiming group holds."""
    wanted: list[tuple[Hashable, GroupKey | None]] = []
    for member, case in behind.items():
        if case.number in decidable:
            wanted.append((case.truth, book.key_of(member)))
    found = pairs([(truth, key) for truth, key in wanted if key is not None and key.claims])
    return found / pairs([truth for truth, _ in wanted])
