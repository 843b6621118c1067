"""Rows against Entra ID's log: a simulator with lag, skew, doubled entries and planted reads, in any order."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.samples import MORNING
from tests.services.test_groups import row_of
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, Operator
from tui.services.reconciliation import EXCEPTIONS, SETTLES, KeyRead, reconcile, reconciled_json

SINCE, NOW = MORNING - timedelta(days=7), MORNING + timedelta(days=1)
ADA, BEA = "ada@demo.example", "bea@demo.example"


def key(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def disclosure(number: int, minute: float, *, upn: str = ADA, status: int = 200) -> list[AuditRow]:
    """INTENT, DRAW and OUTCOME of a read, as the console writes them."""
    at = MORNING + timedelta(minutes=minute)
    entry = AuditEntry(
        event=AuditEvent.INTENT, flow=f"f{number}-{minute}", operator=Operator(upn), ticket="INC1", key_id=key(number)
    )
    after = [replace(entry, event=event, http_status=status) for event in (AuditEvent.DRAW, AuditEvent.OUTCOME)]
    return [replace(row_of(each, int(minute * 10) + 1), at=at) for each in (entry, *after)]


def read(number: int, minute: float, upn: str = ADA, name: str = "") -> KeyRead:
    return KeyRead(name or f"e{number}-{minute}", key(number), upn, MORNING + timedelta(minutes=minute))


def kinds(rows: list[AuditRow], reads: list[KeyRead]) -> list[str]:
    return [each.kind for each in reconcile(rows, reads, SINCE, NOW).findings]


def test_a_read_with_its_row_is_matched_and_what_has_no_partner_is_named() -> None:
    assert kinds(disclosure(1, 0), [read(1, 0.1)]) == ["matched"]
    assert kinds(disclosure(1, 0), [read(1, 0.1, upn=ADA.upper())]) == ["matched"]
    assert kinds(disclosure(1, 0), []) == ["not-in-entra"]
    assert kinds(disclosure(1, 0), [read(1, 0.1, upn=BEA)]) == ["other-reader"]
    assert kinds(disclosure(1, 0), [read(1, 0.1), read(1, 0.2)]) == ["matched", "outside"]
    assert kinds(disclosure(1, 0), [read(1, 9)]) == ["not-in-entra", "outside"]
    assert kinds(disclosure(1, 0, status=0), [read(1, 0.1)]) == ["unanswered"]
    assert kinds(disclosure(1, 0, status=0), []) == []


def test_a_young_read_is_pending_and_not_missing() -> None:
    rows = disclosure(1, 0)
    assert [each.kind for each in reconcile(rows, [], SINCE, MORNING + SETTLES / 2).findings] == ["pending"]
    assert [each.kind for each in reconcile(rows, [], SINCE, MORNING + SETTLES).findings] == ["not-in-entra"]


def test_reads_of_others_are_counted_and_no_exception() -> None:
    found = reconcile(disclosure(1, 0), [read(1, 0.1), read(2, 1, BEA)], SINCE, NOW)
    assert (found.of(*EXCEPTIONS), found.elsewhere) == ((), 1)
    assert reconciled_json(found, SINCE, NOW)["counts"]["elsewhere"] == 1


def simulated(reads: int, planted: int, seed: int) -> tuple[list[AuditRow], list[KeyRead], set[str]]:
    """Reads with skewed clocks, and some that no console made."""
    rng = random.Random(seed)
    rows: list[AuditRow] = []
    logged: list[KeyRead] = []
    for number in range(reads):
        minute = number * 0.7
        rows += disclosure(rng.randrange(reads // 2 + 1), minute)
        (intent, *_) = rows[-3:]
        skew = timedelta(seconds=rng.uniform(-60, 60))
        logged.append(KeyRead(f"e{number}", intent.entry.key_id, ADA, intent.at + skew))
    outside = {f"x{number}" for number in range(planted)}
    logged += [KeyRead(name, key(10**6 + int(name[1:])), ADA, MORNING + timedelta(minutes=7)) for name in outside]
    rng.shuffle(logged)
    return rows, logged, outside


@pytest.mark.parametrize(("reads", "planted"), [(400, 20), pytest.param(10_000, 50, marks=pytest.mark.long)])
def test_every_planted_read_is_found_and_nothing_else(reads: int, planted: int) -> None:
    rows, logged, outside = simulated(reads, planted, seed=3)
    found = reconcile(rows, logged, SINCE, NOW + timedelta(days=9))
    assert {each.entry for each in found.of("outside")} == outside
    assert len(found.of("matched")) == reads
    assert len(found.findings) == reads + planted


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(0, 5))
def test_the_order_of_arrival_does_not_matter(seed: int, reads: int, planted: int) -> None:
    rows, logged, _ = simulated(reads, planted, seed)
    shuffled = list(logged)
    random.Random(seed + 1).shuffle(shuffled)
    assert reconcile(rows, logged, SINCE, NOW) == reconcile(rows, shuffled, SINCE, NOW)
