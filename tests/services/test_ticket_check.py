"""The ticket as its source has it at the moment of disclosure."""

import pytest

from tests.services.samples import incident
from tests.support.values import replace
from tui.errors import Problem
from tui.model.incident import IncidentState
from tui.services.ticket_check import validated

SHOWN = incident("1")


def test_an_open_ticket_of_the_same_caller_carries_a_disclosure() -> None:
    now = replace(SHOWN, ticket=replace(SHOWN.ticket, state=IncidentState.WAITING, assignee="somebody"))
    assert validated(SHOWN, now) is now


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "INC9"}, "is now INC9"),
        ({"state": IncidentState.CLOSED}, "is closed"),
        ({"caller": ""}, "names no caller"),
        ({"caller": "mallory@demo.example"}, "is now of mallory"),
        ({"device_name": "DEMO-9"}, "now names DEMO-9"),
    ],
)
def test_a_ticket_that_has_changed_does_not(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Problem, match=said):
        validated(SHOWN, replace(SHOWN, ticket=replace(SHOWN.ticket, **changes)))


def test_a_ticket_that_is_gone_does_not() -> None:
    with pytest.raises(Problem, match="not at its source"):
        validated(SHOWN, None)
