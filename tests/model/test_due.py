"""The service clock: the system's own time goes first, a VIP counts one priority more, and it stands in a wait."""

from datetime import timedelta

import pytest

from screens.queue_row import due_words
from tests.services.samples import MORNING, ticket
from tests.support.values import replace
from tui.model.due import due_at, minutes_left
from tui.model.incident import IncidentState


def test_the_time_that_the_system_names_is_the_time() -> None:
    named = replace(ticket("a"), due_at=MORNING + timedelta(minutes=7))
    assert due_at(named) == MORNING + timedelta(minutes=7)
    assert minutes_left(named, MORNING) == 7
    assert minutes_left(named, MORNING + timedelta(minutes=9)) == -2


def test_without_one_the_priority_decides_and_a_vip_counts_one_more() -> None:
    plain = ticket("a", priority=3)
    assert due_at(plain) - plain.opened_at == timedelta(hours=4)
    assert due_at(replace(plain, vip=True)) - plain.opened_at == timedelta(hours=1)
    assert due_at(replace(plain, priority=1, vip=True)) - plain.opened_at == timedelta(minutes=30)


@pytest.mark.parametrize("state", [IncidentState.WAITING, IncidentState.CLOSED])
def test_the_clock_stands_while_the_caller_is_waited_for_and_at_the_end(state: IncidentState) -> None:
    assert minutes_left(ticket("a", state=state), MORNING) is None


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(None, "-"), (0, "0m"), (99, "99m"), (100, "1h"), (-1, "-1m"), (-240, "-4h"), (-90_000, "-62d")],
)
def test_time_left_fits_its_column(minutes: int | None, said: str) -> None:
    assert due_words(minutes) == said
    assert len(said) <= 5
