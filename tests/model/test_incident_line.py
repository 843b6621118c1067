"""Incidents as lines: nothing is lost but the text, and lines sort as the queue stands."""

import string
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.samples import incident
from tests.support.values import replace
from tui.model.cause import Cause, CauseCode, Confidence
from tui.model.incident import Incident, IncidentState, Recurrence, Ticket, TicketReading
from tui.model.incident_line import (
    Line,
    assignee_in,
    checked,
    id_in,
    incident_in,
    is_open,
    line_of,
    named_in,
    opened_in,
    text_digest,
)

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
many = st.lists(words, max_size=3).map(tuple)
times = st.datetimes(timezones=st.just(UTC))
causes = st.builds(
    Cause,
    st.sampled_from(CauseCode),
    st.none() | st.integers(0, 23),
    st.none() | words,
    st.sampled_from(Confidence),
    many,
    many,
)
readings = st.builds(
    TicketReading, many, many, many, many, causes, st.none() | st.booleans(), st.sampled_from(get_args(Recurrence)),
    st.integers(0, 99),
)  # fmt: skip
tickets = st.builds(
    Ticket, words, words, words, st.just(""), words, words, st.sampled_from(IncidentState), st.integers(-3, 12), words,
    st.booleans(), times, times, st.none() | times, words, st.just("") | st.text("0123456789abcdef", min_size=16,
    max_size=16),
)  # fmt: skip
incidents = st.builds(Incident, words, words, tickets, readings) | st.builds(
    lambda source, ticket, reading: Incident(f"{source}:{ticket.key}", source, ticket, reading),
    words,
    tickets,
    readings,
)


@given(incidents)
def test_an_incident_without_its_text_comes_back(whole: Incident) -> None:
    line = line_of(whole)
    assert incident_in(checked(line)) == whole
    assert id_in(line) == whole.id
    assert assignee_in(line) == whole.ticket.assignee
    assert opened_in(line) == whole.ticket.opened_at
    assert is_open(line) == (whole.ticket.state is not IncidentState.CLOSED)
    ticket = whole.ticket
    assert named_in(line) == (ticket.number, ticket.title, ticket.caller, ticket.device_name)


@given(st.lists(incidents, max_size=6))
def test_lines_sort_as_the_queue_stands(some: list[Incident]) -> None:
    usual = [replace(each, ticket=replace(each.ticket, priority=abs(each.ticket.priority))) for each in some]
    in_order = [incident_in(line) for line in sorted(map(line_of, usual))]
    assert list(map(place_of, in_order)) == sorted(map(place_of, usual))


def place_of(incident: Incident) -> tuple[bool, int, datetime, str]:
    ticket = incident.ticket
    return (ticket.state is IncidentState.CLOSED, ticket.priority, ticket.opened_at, incident.id)


@given(words, words)
def test_lines_differ_when_texts_do(one: str, other: str) -> None:
    mine, yours = incident("1", body=one), incident("1", body=other)
    yours = replace(yours, reading=mine.reading)
    assert (line_of(mine) == line_of(yours)) == (one == other)


def test_a_ticket_whose_text_is_kept_elsewhere_has_the_same_line() -> None:
    whole = incident("1", body="it asks for a key")
    shelved = incident_in(line_of(whole))
    assert (shelved.ticket.body, shelved.ticket.kept_text) == ("", text_digest(whole.ticket))
    assert line_of(shelved) == line_of(whole)
    closed = replace(shelved, ticket=replace(shelved.ticket, state=IncidentState.CLOSED))
    assert text_digest(incident_in(line_of(closed)).ticket) == text_digest(whole.ticket)
    with pytest.raises(ValueError, match="not both"):
        replace(shelved.ticket, body="another")


def test_times_of_other_zones_are_the_same_moments() -> None:
    east = datetime(2026, 4, 15, 9, tzinfo=timezone(timedelta(hours=2)))
    found = incident("1")
    found = replace(found, ticket=replace(found.ticket, opened_at=east, updated_at=east, due_at=east))
    assert incident_in(line_of(found)).ticket.due_at == east


@pytest.mark.parametrize("control", ["\x1d", "\x1e", "\x1f"])
def test_what_came_past_the_door_breaks_no_line(control: str) -> None:
    line = line_of(incident("1", title=f"a{control}b", caller=f"{control}{control}"))
    assert incident_in(checked(line)).id == "desk:1"


@given(st.integers(0, 400), st.sampled_from([*string.ascii_letters, "\x1f", "\x1d", "\x1e", "", "9"]))
def test_what_is_no_line_is_refused_before_it_is_read(place: int, letter: str) -> None:
    """Whatever is let in can be read."""
    line = line_of(incident("1", title="a title", assignee="ada"))
    spoilt = line[:place] + letter + line[place + 1 :]
    try:
        found = checked(spoilt)
    except ValueError:
        return
    incident_in(found)


@pytest.mark.parametrize("wrong", ["", "x", 5, b"x", None])
def test_other_values_are_no_lines(wrong: object) -> None:
    with pytest.raises(ValueError, match="no line"):
        checked(wrong)
    if isinstance(wrong, str):
        with pytest.raises(ValueError):
            incident_in(Line(wrong))
