"""Views of the queue: orders that do not shuffle, and saved views that survive."""

from hypothesis import given
from hypothesis import strategies as st

from tests.services.samples import incident
from tui.model.incident import IncidentState
from tui.services.views import (
    COLUMN_NAMES,
    NARROWEST,
    WIDEST,
    View,
    decode_views,
    encode_views,
    next_sort,
    resized,
    sorted_ids,
    without,
)

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
