"""Groups: which facts decide, what an unknown fact does, and what engineers change by hand."""

import random
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from tests.services.fleet_model import cases
from tests.services.grouped_fleet import NOON, evidence_of, grouped, incident_of
from tests.support.values import replace
from tui.diagnosis.ticket_text import read_ticket
from tui.model.audit import AppRef, AuditEntry, AuditRow, Session
from tui.model.cause import Cause, CauseCode, Confidence
from tui.model.group import CLONE, SET_ASIDE, Grade, GroupKey
from tui.model.incident import Incident, IncidentState
from tui.services.group_edits import Edit, Edits, edit_entry, edits_of, may_merge, new_edit_id
from tui.services.group_keys import group_key, missing_facts, question_for
from tui.services.groups import GroupBook, group_incidents
from tui.services.incident_evidence import Facets, IncidentEvidence

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
C = CauseCode
AFTER_KB = "BitLocker recovery, the screen says E_FVE_SECUREBOOT_CHANGED. Update history shows KB5083769."


def known(code: CauseCode, pcr: int | None = None, event: str | None = None, **more: object) -> IncidentEvidence:
    cause = Cause(code, pcr, event, Confidence.CERTAIN, ("made up",))
    return IncidentEvidence(cause=cause, **more)  # type: ignore[arg-type]


def key_of(text: str, evidence: IncidentEvidence | None = None) -> GroupKey:
    return group_key(incident_of(1, text), evidence)


def row_of(entry: AuditEntry, seq: int = 1) -> AuditRow:
    return AuditRow(
        seq=seq, prev="", mac="", epoch=1, at=datetime(2026, 4, 15, tzinfo=UTC), monotonic_ns=0, boot_id="",
        session=Session(), app=AppRef(), tenant="", version="", config_hash="", entry=entry,
    )  # fmt: skip


def decided(*edits: Edit) -> Edits:
    return edits_of(row_of(edit_entry(edit), seq) for seq, edit in enumerate(edits, 1))


def test_words_and_evidence_never_share_a_group() -> None:
    told = key_of(AFTER_KB)
    assert (told.cause, told.pcr, told.update, told.grade) == (C.SECUREBOOT_CHANGED, 7, "KB5083769", Grade.TOLD)
    seen = known(C.SECUREBOOT_CHANGED, 7, "dbx", kb="KB5083769", servicing="dbx", predicate="none")
    assert key_of(AFTER_KB, seen).grade is Grade.EVIDENCE
    assert key_of(AFTER_KB, seen) != told


@pytest.mark.parametrize(
    ("evidence", "asked"),
    [
        (known(C.PCR_MISMATCH, kb="KB5083769"), "which PCR differed"),
        (known(C.PCR_MISMATCH, 7, kb="KB5083769"), "which measured event differed"),
        (known(C.SECUREBOOT_CHANGED, 7, "boot-manager-authority"), "the update that came with the boot"),
        (known(C.SECUREBOOT_CHANGED, 7, "dbx", kb="KB5083769"), "whether Windows itself changed Secure Boot variables"),
        (known(C.SECUREBOOT_CHANGED, 7, "boot-manager-authority", kb="KB5083769"), "known issue's conditions"),
        (known(C.FIRMWARE_UPDATE, 0), "firmware was updated"),
        (known(C.TPM_CLEARED), "firmware was updated"),
        (IncidentEvidence(), "the code on the recovery screen"),
    ],
)
def test_a_missing_deciding_fact_leaves_the_group_without_a_claim(evidence: IncidentEvidence, asked: str) -> None:
    key = key_of("BitLocker asks for the recovery key.", evidence)
    assert not key.claims
    assert any(asked in missing.fact for missing in missing_facts(key))


def test_two_names_of_one_thing_are_one_group() -> None:
    facts = {"kb": "KB5083769", "servicing": "dbx", "predicate": "none"}
    one = key_of("", known(C.PCR_MISMATCH, 7, "dbx", **facts))
    assert one == key_of("", known(C.SECUREBOOT_CHANGED, 7, "dbx", **facts))
    here = Facets(model="Longitude 7450", firmware="1.11.0")
    assert key_of("", known(C.PCR_MISMATCH, 0, facets=here)) == key_of("", known(C.FIRMWARE_UPDATE, facets=here, firmware="Longitude 7450 1.11.0"))  # fmt: skip  # noqa: E501


def test_an_update_in_force_is_no_trigger_of_what_people_do() -> None:
    assert key_of("", known(C.USER_REQUESTED, kb="KB5083769")) == key_of("", known(C.USER_REQUESTED, kb="none"))
    firmware = known(C.TPM_CLEARED, kb="KB5083769", firmware="SlateBook 840 2")
    assert key_of("", firmware).update == "SlateBook 840 2"


@pytest.mark.parametrize(
    "evidence",
    [
        known(C.PCR_MISMATCH, 7, "db", kb="KB5083769", predicate="none", winre=True),
        known(C.PCR_MISMATCH, 7, "db", kb="KB5083769", predicate="none", network_unlock=True),
        known(C.PCR_MISMATCH, 7, "db", kb="KB5083769", predicate="none", clone=True),
    ],
)
def test_winre_network_unlock_and_clones_stay_out_of_pcr_groups(evidence: IncidentEvidence) -> None:
    key = key_of(AFTER_KB, evidence)
    assert key.pcr == -1
    assert key.cause in (C.WINRE_BOOT_FAILURE, C.NETWORK_UNLOCK) or key.part == CLONE
    pcr = key_of("", known(C.PCR_MISMATCH, 7, "boot-manager-authority", kb="KB5083769", predicate="none"))
    assert not may_merge(key, pcr)
    assert decided(Edit("merge", "1", group=key, into=pcr)).root(key) == key


def test_one_by_one_is_all_at_once_in_any_order() -> None:
    found = cases(600, seed=8)
    incidents = {case.number: incident_of(case.number, case.text) for case in found}
    evidence = {incidents[case.number].id: known for case in found if (known := evidence_of(case)) is not None}
    batch = group_incidents(incidents.values(), evidence)
    shuffled = list(incidents.values())
    random.Random(3).shuffle(shuffled)
    book = GroupBook()
    for incident in shuffled:
        book.put(incident)
    book.groups()
    for incident in shuffled:
        if incident.id in evidence:
            book.put(incident, evidence[incident.id])
    assert book.groups() == batch
    assert sum(len(group.members) for group in batch) == 600


def test_members_keep_their_own_state_and_the_header_counts_them() -> None:
    book = GroupBook()
    for number, state in enumerate((IncidentState.NEW, IncidentState.CLOSED, IncidentState.CLAIMED)):
        book.put(incident_of(number, AFTER_KB, state))
    (group,) = book.groups()
    assert dict(group.states) == {IncidentState.NEW: 1, IncidentState.CLAIMED: 1, IncidentState.CLOSED: 1}
    assert group.open_count == 2
    closed = incident_of(0, AFTER_KB, IncidentState.CLOSED)
    book.put(closed)
    assert book.groups()[0].open_count == 1
    assert (group.first_seen, group.last_seen) == (NOON, incident_of(2, "").ticket.opened_at)


def two_groups() -> tuple[GroupBook, GroupKey, GroupKey]:
    book = GroupBook()
    for number in range(6):
        book.put(incident_of(number, AFTER_KB if number % 2 else AFTER_KB.replace("5083769", "5082052")))
    one, other = (group.key for group in book.groups())
    return book, one, other


def test_a_merge_joins_and_its_undoing_parts_again() -> None:
    book, one, other = two_groups()
    before = book.groups()
    merge = Edit("merge", new_edit_id(), group=one, into=other)
    book.set_edits(decided(merge))
    (joined,) = book.groups()
    assert (joined.key, joined.merged, len(joined.members)) == (other, (one,), 6)
    assert list(joined.members) == sorted(joined.members)
    assert book.get(one) == joined
    late = incident_of(9, AFTER_KB.replace("5083769", "5082052") if one.update == "KB5082052" else AFTER_KB)
    book.put(late)
    assert late.id in book.groups()[0].members, "a merge is remembered for those who come later"
    book.put(replace(late, reading=read_ticket("hello")))
    book.set_edits(decided(merge, Edit("undo", "2", undoes=merge.id)))
    assert [group for group in book.groups() if group.key in (one, other)] == list(before)


def test_merges_in_a_circle_are_one_group() -> None:
    book, one, other = two_groups()
    book.set_edits(decided(Edit("merge", "1", group=one, into=other), Edit("merge", "2", group=other, into=one)))
    assert len(book.groups()) == 1


def test_a_split_takes_members_out_by_name() -> None:
    book, one, _ = two_groups()
    group = book.get(one)
    assert group is not None
    book.set_edits(decided(Edit("split", "1", group=one, members=group.members[:2], name="docked")))
    parted = book.get(replace(one, part="docked"))
    left = book.get(one)
    assert parted is not None and left is not None
    assert (parted.members, left.members) == (group.members[:2], group.members[2:])


def test_not_this_one_holds_until_the_evidence_names_another_group() -> None:
    book, one, _ = two_groups()
    group = book.get(one)
    assert group is not None
    outcast = group.members[0]
    book.set_edits(decided(Edit("not-this-one", "1", group=one, members=(outcast,))))
    assert book.key_of(outcast) == GroupKey(C.UNKNOWN, part=SET_ASIDE)
    incident = book.incident(outcast)
    assert incident is not None
    book.put(incident, known(C.USER_REQUESTED))
    assert book.key_of(outcast) == GroupKey(C.USER_REQUESTED, grade=Grade.EVIDENCE)


def test_decisions_do_not_depend_on_when_they_are_applied() -> None:
    book, one, other = two_groups()
    group = book.get(one)
    assert group is not None
    edits = decided(
        Edit("not-this-one", "1", group=one, members=group.members[:1]), Edit("merge", "2", group=one, into=other)
    )
    book.set_edits(edits)
    fresh = GroupBook(edits)
    for number in range(6):
        incident = book.incident(f"desk:T{number:06d}")
        assert incident is not None
        fresh.put(incident)
    assert fresh.groups() == book.groups()


def test_a_damaged_note_is_passed_over() -> None:
    good = edit_entry(Edit("close", "1", group=GroupKey(C.USER_REQUESTED)))
    bad = replace(good, note=good.note[:-5])
    assert [edit.id for edit in edits_of([row_of(bad), row_of(good, 2)]).standing] == ["1"]


def test_corpus_tickets_are_grouped_as_their_labels_say() -> None:
    if not (CORPUS / "labels.jsonl").exists():
        pytest.skip("the corpus is not here")
    labels: dict[str, tuple[str, str | None]] = {}
    incidents: list[Incident] = []
    for number, line in enumerate((CORPUS / "labels.jsonl").read_text(encoding="utf-8").splitlines()):
        label = msgspec.json.decode(line, type=dict[str, object])
        incident = incident_of(number, (CORPUS / str(label["file"])).read_text(encoding="utf-8"))
        kb = label["kb_from_text"]
        labels[incident.id] = (str(label["cause_from_text"]), None if kb is None else str(kb))
        incidents.append(incident)
    groups = group_incidents(incidents, {})
    wrong = [
        (group.key, {labels[member] for member in group.members})
        for group in groups
        if group.key.claims and len({labels[member] for member in group.members}) > 1
    ]
    assert wrong == []
    group_of = {member: group.key for group in groups for member in group.members}
    alike = [
        group_of[one] == group_of[other]
        for one, other in combinations(labels, 2)
        if labels[one] == labels[other] and labels[one][0] != "unknown"
    ]
    assert sum(alike) >= 0.6 * len(alike), "the others tell different events, or not what their label knows"
    named = {group.key.cause for group in groups if group.key.claims}
    assert {C.SECUREBOOT_CHANGED, C.NOT_BITLOCKER, C.WINRE_BOOT_FAILURE, C.WRONG_PIN, C.TPM_ABSENT} <= named


def test_evidence_comes_late_and_moves_only_its_incident() -> None:
    book, behind = grouped(cases(50, seed=9))
    incident_id = next(iter(behind))
    before = {member: book.key_of(member) for member in behind}
    incident = book.incident(incident_id)
    assert incident is not None
    book.put(incident, known(C.USER_REQUESTED))
    assert book.key_of(incident_id) == GroupKey(C.USER_REQUESTED, grade=Grade.EVIDENCE)
    assert all(book.key_of(member) == key for member, key in before.items() if member != incident_id)


def test_arrivals_since_a_time_come_from_every_key_of_a_group() -> None:
    book, one, other = two_groups()
    book.set_edits(decided(Edit("merge", "1", group=one, into=other)))
    (group,) = book.groups()
    assert book.opened_since(NOON, group) == [incident_of(number, "").ticket.opened_at for number in range(6)]
    assert len(book.opened_since(incident_of(4, "").ticket.opened_at)) == 2


def test_callers_are_asked_for_what_would_prove_it() -> None:
    assert "press Alt" in question_for(key_of(AFTER_KB))
    assert "press Alt" in question_for(GroupKey(C.UNKNOWN))
    assert "BIOS" in question_for(GroupKey(C.TPM_CLEARED))
    assert question_for(GroupKey(C.USER_REQUESTED, grade=Grade.EVIDENCE)) == ""
