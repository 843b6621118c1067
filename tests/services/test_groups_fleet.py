"""The proof of the grouping, on a fleet that knows none of its rules."""

from itertools import combinations

import pytest

from tests.services.fleet_model import CAUSES, CONFUSABLE, Explanations, cases, sizes
from tests.services.grouped_fleet import grouped, pairs, precision, recall
from tui.model.cause import CauseCode
from tui.model.group import Grade

CLAIMS = (Grade.EVIDENCE, Grade.TOLD)
PCR_CAUSES = {CauseCode.PCR_MISMATCH, CauseCode.SECUREBOOT_CHANGED, CauseCode.FIRMWARE_UPDATE}
APART = {"winre-after-failed-boots", "network-unlock", "clone"}


def test_the_fleet_is_as_hard_as_promised() -> None:
    found = cases(5_000, seed=1)
    assert len(found) == 5_000
    assert len(set(CAUSES)) == len(sizes(found)) == 40
    assert len(CONFUSABLE) == 12
    assert all(one in CAUSES and other in CAUSES for one, other in CONFUSABLE)
    lost = [value is None for case in found for item, value in case.seen.items() if item in ("inventory", "profile")]
    assert 0.28 < sum(lost) / len(lost) < 0.32
    explanations = Explanations()
    assert all(case.truth in explanations.of(case.seen) for case in found), "the truth always explains what is seen"


@pytest.mark.parametrize("seed", [1, 2])
def test_groups_hold_one_cause_and_find_its_tickets(seed: int) -> None:
    found = cases(5_000, seed)
    explanations = Explanations()
    decidable = {case.number for case in found if explanations.of(case.seen) == {case.truth}}
    assert len(decidable) > 1_500
    book, behind = grouped(found)
    assert precision(book, behind, grades=CLAIMS) >= 0.99
    assert recall(book, behind, decidable) >= 0.9


def test_what_is_no_pcr_cause_never_stands_in_a_pcr_group() -> None:
    book, behind = grouped(cases(5_000, seed=3))
    strays = [
        (group.key, behind[member].truth)
        for group in book.groups()
        if group.key.claims and group.key.cause in PCR_CAUSES
        for member in group.members
        if behind[member].truth.mechanism in APART
    ]
    assert strays == []


def test_no_confusable_pair_is_joined() -> None:
    book, behind = grouped(cases(5_000, seed=4))
    joined = 0
    for group in book.groups():
        truths = {behind[member].truth for member in group.members} if group.key.claims else set()
        joined += sum(
            (one, other) in CONFUSABLE or (other, one) in CONFUSABLE for one, other in combinations(truths, 2)
        )
    assert joined == 0


def test_with_every_fact_at_hand_only_what_cannot_be_told_apart_is_left_open() -> None:
    found = cases(2_000, seed=5, lost=0.0)
    explanations = Explanations()
    decidable = {case.number for case in found if explanations.of(case.seen) == {case.truth}}
    book, behind = grouped(found)
    assert precision(book, behind, grades=CLAIMS) >= 0.999
    assert recall(book, behind, decidable) >= 0.99


def test_without_deciding_facts_nothing_is_claimed_as_evidence() -> None:
    book, _ = grouped(cases(300, seed=6, lost=1.0))
    assert [group.key for group in book.groups() if group.key.grade is Grade.EVIDENCE] == []


def test_pairs_are_counted() -> None:
    assert pairs("aaabb") == 4
