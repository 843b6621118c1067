"""Grouping as a state machine: whatever the order of tickets, evidence and decisions, the book is the batch."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.grouped_fleet import incident_of
from tests.services.test_groups import row_of
from tests.support.values import replace
from tui.model.cause import Cause, CauseCode, Confidence
from tui.model.incident import Incident, IncidentState, TicketReading
from tui.services.group_edits import Edit, Edits, edit_entry, edits_of
from tui.services.groups import GroupBook, group_key
from tui.services.incident_evidence import IncidentEvidence

KBS = ("", "none", "KB5083769", "KB5082052")
CODES = (
    CauseCode.PCR_MISMATCH, CauseCode.SECUREBOOT_CHANGED, CauseCode.USER_REQUESTED, CauseCode.TPM_CLEARED,
    CauseCode.WINRE_BOOT_FAILURE, CauseCode.NO_CHANGE, CauseCode.UNKNOWN,
)  # fmt: skip
causes = st.builds(
    Cause,
    st.sampled_from(CODES),
    st.sampled_from((None, 0, 2, 4, 7)),
    st.sampled_from((None, "db", "dbx", "boot-manager-authority")),
    st.sampled_from(Confidence),
)
evidence = st.none() | st.builds(
    IncidentEvidence,
    cause=st.none() | causes,
    kb=st.sampled_from(KBS),
    firmware=st.sampled_from(("", "none", "Longitude 7450 2")),
    servicing=st.sampled_from(("", "none", "dbx")),
    predicate=st.sampled_from(("", "none", "an-issue")),
    clone=st.booleans(),
    network_unlock=st.booleans(),
    winre=st.booleans(),
)
readings = st.builds(
    TicketReading,
    kbs=st.sampled_from(((), ("KB5083769",), ("KB5082052",), ("KB5083769", "KB5082052"))),
    cause=causes,
    bitlocker=st.sampled_from((True, False, None)),
)
steps = st.lists(
    st.tuples(st.integers(0, 9), readings, st.sampled_from(IncidentState), evidence, st.booleans()),
    min_size=1,
    max_size=30,
)


def _incident(number: int, reading: TicketReading, state: IncidentState) -> Incident:
    plain = incident_of(number, "")
    return replace(plain, reading=reading, ticket=replace(plain.ticket, state=state))


def _decisions(book: GroupBook, choices: list[int]) -> Edits:
    """Merges, splits and denials of whatever groups there are."""
    groups, edits = book.groups(), []
    for number, choice in enumerate(choices):
        group, other = groups[choice % len(groups)], groups[choice // 7 % len(groups)]
        if choice % 3 == 0:
            edits.append(Edit("merge", str(number), group=group.key, into=other.key))
        else:
            do = "split" if choice % 3 == 1 else "not-this-one"
            edits.append(Edit(do, str(number), group=group.key, members=group.members[:2], name="apart"))  # type: ignore[arg-type]
    return edits_of(row_of(edit_entry(edit), seq) for seq, edit in enumerate(edits, 1))


@settings(max_examples=60, deadline=None)
@given(steps, st.lists(st.integers(0, 200), max_size=5))
def test_the_book_is_the_batch(history: list[tuple[int, TicketReading, IncidentState, IncidentEvidence | None, bool]],
                               choices: list[int]) -> None:  # fmt: skip
    book = GroupBook()
    last: dict[str, Incident] = {}
    learned: dict[str, IncidentEvidence] = {}
    for number, reading, state, found, looks in history:
        incident = _incident(number, reading, state)
        last[incident.id] = incident
        if found is not None:
            learned[incident.id] = found
        book.put(incident, found)
        if looks:
            book.groups()
    edits = _decisions(book, choices)
    book.set_edits(edits)
    batch = GroupBook(edits)
    batch.fill(reversed(list(last.values())), learned)
    assert book.groups() == batch.groups()
    assert sorted(member for group in book.groups() for member in group.members) == sorted(last)
    for group in book.groups():
        assert len(group.members) == sum(group.states.values())


@settings(max_examples=80, deadline=None)
@given(readings, evidence)
def test_what_stays_apart_stays_apart_and_unknown_claims_nothing(
    reading: TicketReading, found: IncidentEvidence | None
) -> None:
    key = group_key(_incident(1, reading, IncidentState.NEW), found)
    if found is not None and (found.winre or found.network_unlock or found.clone):
        assert key.pcr == -1
        assert key.cause not in (CauseCode.PCR_MISMATCH, CauseCode.SECUREBOOT_CHANGED, CauseCode.FIRMWARE_UPDATE)
    if key.claims and key.cause in (CauseCode.PCR_MISMATCH, CauseCode.SECUREBOOT_CHANGED):
        assert key.pcr >= 0
        assert key.update
