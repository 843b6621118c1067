"""The incident book: order, patches by id, and filters."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.services.samples import MORNING, incident, sort_key
from tests.support.values import replace
from tui.model.incident import Incident, IncidentState, minutes_open
from tui.services.incidents import IncidentBook

states = st.sampled_from(list(IncidentState))
changes = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 60), st.integers(1, 5), states, st.integers(0, 9)), max_size=60
)


def made(change: tuple[int, int, int, IncidentState, int]) -> Incident:
    key, minutes, priority, state, age = change
    found = incident(str(key), minutes, priority=priority, state=state)
    return replace(found, ticket=replace(found.ticket, updated_at=MORNING + timedelta(minutes=age)))


@given(changes, st.integers(1, 7))
def test_patches_lead_to_the_same_book_as_all_at_once(
    changes: list[tuple[int, int, int, IncidentState, int]], step: int
) -> None:
    incidents = [made(change) for change in changes]
    patched, whole = IncidentBook(), IncidentBook()
    for start in range(0, len(incidents), step):
        patched.apply(incidents[start : start + step])
    whole.apply(incidents)
    assert list(patched.all()) == list(whole.all())
    assert [sort_key(each) for each in patched.all()] == sorted(sort_key(each) for each in patched.all())
    for place, each in enumerate(patched.all()):
        assert patched.position(each.id) == place
        assert patched.at(place) == each


def test_what_did_not_change_is_no_news_and_what_is_older_is_not_taken() -> None:
    book = IncidentBook()
    one = incident("1")
    assert book.apply([one]).added == ("desk:1",)
    assert not book.apply([one])
    newer = replace(one, ticket=replace(one.ticket, assignee="ada", updated_at=MORNING + timedelta(minutes=2)))
    assert book.apply([newer]).changed == ("desk:1",)
    assert not book.apply([one])
    assert book.get("desk:1") == newer


def test_urgent_and_old_come_first_and_closed_last() -> None:
    book = IncidentBook()
    closed = incident("1", 0, priority=1, state=IncidentState.CLOSED)
    book.apply([closed, incident("2", 5), incident("3", 1), incident("4", 9, priority=1)])
    assert [each.id for each in book.all()] == ["desk:4", "desk:3", "desk:2", "desk:1"]


def test_age_counts_whole_minutes_and_never_below_nothing() -> None:
    found = incident("1", 5)
    assert minutes_open(found, MORNING + timedelta(minutes=9, seconds=59)) == 4
    assert minutes_open(found, MORNING) == 0


def test_a_text_that_is_newer_than_the_cache_stays_in_the_book() -> None:
    book = IncidentBook()
    one = incident("1", body="one text")
    book.apply([one])
    newer = replace(one, ticket=replace(one.ticket, body="another", updated_at=MORNING + timedelta(minutes=2)))
    book.apply([newer])
    book.shelve([one])
    assert book.get("desk:1") == newer
    book.shelve([newer])
    assert book.text("desk:1") is None
    shelved = book.get("desk:1")
    assert shelved is not None
    assert not book.apply([newer]), "the same text again is no news"
    assert book.apply([replace(newer, ticket=replace(newer.ticket, body="a third"))]).changed == ("desk:1",)
