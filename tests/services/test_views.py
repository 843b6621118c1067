"""Views of the queue: orders that do not shuffle, and saved views that survive."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.test_incident_line import incidents
from tests.services.samples import incident, sort_key
from tests.support.values import replace
from tui.model.due import STANDING, due_at
from tui.model.incident import Incident, IncidentState
from tui.model.incident_line import id_in, line_of
from tui.services.views import (
    COLUMN_NAMES,
    NARROWEST,
    WIDEST,
    View,
    decode_views,
    encode_views,
    next_sort,
    resized,
    sorted_lines,
    without,
)


def sorted_ids(incidents: Sequence[Incident], view: View) -> list[str]:
    """Incident ids in the view's order."""
    return [id_in(line) for line in sorted_lines(sorted(map(line_of, incidents)), view)]


orders = st.sampled_from(("", *COLUMN_NAMES))
views = st.builds(
    View,
    name=st.text(max_size=10),
    columns=st.lists(st.sampled_from(COLUMN_NAMES), unique=True, max_size=4).map(tuple),
    sort=orders,
    reverse=st.booleans(),
    words=st.text(max_size=10),
    widths=st.dictionaries(st.sampled_from(COLUMN_NAMES), st.integers(NARROWEST, WIDEST), max_size=3).map(
        lambda widths: tuple(widths.items())
    ),
)


@given(st.permutations(range(12)), orders, st.booleans())
def test_an_order_depends_on_what_incidents_are_and_not_on_how_they_came(
    numbers: list[int], sort: str, turned: bool
) -> None:
    known = [incident(str(n), n % 5, priority=1 + n % 3, device_name=f"D{n % 2}") for n in range(12)]
    view = View(sort=sort, reverse=turned)
    listed = sorted_ids([known[n] for n in numbers], view)
    assert sorted(listed) == sorted(each.id for each in known)
    if sort:
        assert listed == sorted_ids(known, view)


def test_reverse_turns_the_column_and_keeps_equals_in_queue_order() -> None:
    known = [incident("1", 3, device_name="B"), incident("2", 1, device_name="A"), incident("3", 2, device_name="B")]
    assert sorted_ids(known, View(sort="device")) == ["desk:2", "desk:3", "desk:1"]
    assert sorted_ids(known, View(sort="device", reverse=True)) == ["desk:3", "desk:1", "desk:2"]


def test_sorting_goes_round() -> None:
    view = View(reverse=True)
    seen = []
    for _ in range(len(COLUMN_NAMES) + 1):
        view = next_sort(view)
        seen.append(view.sort)
    assert seen == [*COLUMN_NAMES, ""]
    assert not view.reverse


@given(st.lists(views, max_size=4))
def test_saved_views_come_back(saved: list[View]) -> None:
    assert list(decode_views(encode_views(saved))) == saved


@given(st.text(max_size=60))
def test_what_is_no_view_is_left_out(text: str) -> None:
    assert isinstance(decode_views(text), tuple)
    assert decode_views('[{"name":"x","sort":"a column that is no more"}]') == ()
    assert decode_views('[{"name":"x","widths":[["device",100000]]}]') == ()
    assert decode_views('[{"name":"x","widths":[["a column that is no more",9]]}]') == ()
    assert decode_views('[{"name":"kept before columns had widths"}]') == (View("kept before columns had widths"),)


@given(views, st.sampled_from(COLUMN_NAMES), st.integers(-5, 100))
def test_a_column_gets_the_nearest_width_and_the_others_keep_theirs(view: View, column: str, width: int) -> None:
    before, after = dict(view.widths), dict(resized(view, column, width).widths)
    assert after.pop(column) == min(WIDEST, max(NARROWEST, width))
    before.pop(column, None)
    assert after == before


def test_a_view_is_replaced_by_its_name() -> None:
    assert [each.name for each in without((View("a"), View("b")), "a")] == ["b"]


def test_the_column_of_due_times_puts_what_has_no_clock_last() -> None:
    late = incident("late", 0, priority=5)
    urgent = incident("urgent", 5, priority=1)
    waiting = incident("waiting", 0, priority=1, state=IncidentState.WAITING)
    found = sorted_ids([late, waiting, urgent], View(sort="due"))
    assert found == [urgent.id, late.id, waiting.id]


def ordinary(each: Incident) -> Incident:
    """The same with a priority and a time as tickets have them."""
    ticket, year = each.ticket, 2000 + each.ticket.opened_at.year % 100
    opened = each.ticket.opened_at.replace(year=year, day=min(28, each.ticket.opened_at.day))
    return replace(each, ticket=replace(ticket, priority=1 + abs(ticket.priority) % 5, opened_at=opened))


some_incidents = incidents.map(ordinary)
PLAIN: dict[str, Callable[[Incident], Any]] = {
    "age": lambda each: each.ticket.opened_at,
    "P": lambda each: (each.ticket.priority, not each.ticket.vip),
    "ticket": lambda each: each.ticket.number,
    "device": lambda each: each.ticket.device_name.lower(),
    "caller": lambda each: each.ticket.caller.lower(),
    "cause": lambda each: each.reading.cause.code,
    "kb": lambda each: each.reading.kbs,
    "key ID": lambda each: each.reading.key_id_prefixes,
    "state": lambda each: each.ticket.state,
    "due": lambda each: (each.ticket.state in STANDING, due_at(each.ticket)),
    "assignee": lambda each: each.ticket.assignee.lower(),
}


@pytest.mark.parametrize("column", COLUMN_NAMES)
@settings(max_examples=20)
@given(st.data())
def test_a_column_is_sorted_by_what_the_incident_says(column: str, data: st.DataObject) -> None:
    known = data.draw(st.lists(some_incidents, max_size=12, unique_by=lambda each: each.id))
    found = sorted_ids(known, View(sort=column))
    in_queue_order = sorted(known, key=sort_key)
    assert found == [each.id for each in sorted(in_queue_order, key=PLAIN[column])]
