"""How long grouping takes, in a thread's own time without collections, so that neither machine nor other tests lie."""

import gc
import statistics
import time
from collections.abc import Iterator

import pytest

from tests.benchmarks.grouping import run, tickets
from tests.services.grouped_fleet import incident_of
from tests.support.values import replace
from tui.services.groups import GroupBook


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    """One goes through all that earlier tests left, which takes longer than what is measured."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def seconds_of(count: int) -> tuple[float, float]:
    """Grouping all, and the median of one more with every header asked for again."""
    incidents, evidence = tickets(count)
    began = time.thread_time()
    book = GroupBook()
    book.fill(incidents, evidence)
    book.groups()
    full = time.thread_time() - began
    each = []
    for number in range(60):
        like = incidents[number]
        one = replace(incident_of(count + number, ""), reading=like.reading)
        began = time.thread_time()
        book.put(one, evidence.get(like.id))
        book.groups()
        each.append(time.thread_time() - began)
    return full, statistics.median(each)


def test_ten_thousand_tickets_take_a_tenth_of_the_time_allowed() -> None:
    full, one_more = seconds_of(10_000)
    assert full < 0.2
    assert one_more < 0.001


@pytest.mark.long
def test_a_hundred_thousand_tickets_take_less_than_a_second() -> None:
    full, one_more = seconds_of(100_000)
    assert full < 1.0
    assert one_more < 0.001


@pytest.mark.long
def test_the_benchmark_compares_in_one_run() -> None:
    rows = run(20_000)
    assert all(row.met for row in rows)
    assert "plain scan" in rows[0].note
    assert "GROUP BY" in rows[0].note
