"""A mass incident on a real terminal: what Intune's inventory adds, linking all members, and listing exactly them."""

import json
import re
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.support.verbs import verb
from tests.terminal.desk import Desk, desk, tickets_of


def members_on_screen(terminal: Terminal) -> list[str]:
    """Ticket numbers of the group page's member list."""
    return re.findall(r"^ +✱? ?(INC\d+) ", "\n".join(terminal.text()), re.MULTILINE)


def largest_group(place: Desk) -> dict[str, object]:
    told = verb(place.state, "groups", "--json", config=place.config).stdout
    found: dict[str, object] = json.loads(told)["groups"][0]
    return found


def test_what_diagnose_reads_for_a_ticket_moves_it_to_the_group_that_the_evidence_names(tmp_path: Path) -> None:
    screen = tmp_path / "screen.txt"
    screen.write_text(
        "BitLocker recovery\nE_FVE_USER_REQUESTED_RECOVERY\nRecovery key ID: 063EA4E1\n", encoding="utf-8"
    )
    with desk(tmp_path, size=12) as place:
        number = str(largest_group(place)["tickets"][0])  # type: ignore[index]
        unknown = verb(place.state, "diagnose", str(screen), "--ticket", "INC9", config=place.config)
        assert "knows no ticket" in str(unknown.exception)
        done = verb(place.state, "diagnose", str(screen), "--ticket", number.lower(), config=place.config)
        assert f"{number} stands with user_requested" in done.stderr
        groups = json.loads(verb(place.state, "groups", "--json", config=place.config).stdout)["groups"]
    (group,) = [group for group in groups if number in group["tickets"]]
    assert (group["cause"], group["grade"]) == ("user_requested", "evidence")


@pytest.mark.timeout(180)
def test_a_group_is_forecast_from_the_inventory_linked_and_listed_by_its_members(tmp_path: Path) -> None:
    with desk(tmp_path, size=40) as place, place.console(columns=120, rows=40) as terminal:
        terminal.press("2")
        terminal.wait_until("have not restarted into the update", 30)
        terminal.press("enter")
        terminal.wait_until("restarted and did not ask", 30)
        assert re.search(r"\d+ of \d+ devices have not restarted into the update: \d+ to \d+", terminal.frame())
        assert "(fleet " in terminal.frame()
        group = largest_group(place)
        numbers = group["tickets"]
        assert isinstance(numbers, list) and set(members_on_screen(terminal)) <= set(numbers)
        terminal.press("l")
        terminal.wait_until("Problem record")
        terminal.type("PRB0040001")
        terminal.press("enter")
        terminal.wait_until(f"Link {len(numbers)} of {len(numbers)}?")
        terminal.press("y")
        terminal.wait_until("finished", 30)
        terminal.press("escape")
        terminal.wait_until(lambda: "esc closes" not in terminal.frame())
        terminal.press("enter")
        terminal.wait_until("only Secure Boot changed (esc)")
        terminal.wait_until(lambda: sorted(tickets_of(terminal)) == sorted(numbers))
        terminal.press("escape")
        terminal.wait_until(lambda: len(tickets_of(terminal)) > len(numbers))
        linked = place.tenant.desk(limit="1000", fields="number,problem_id").json()["result"]
    assert {each["number"] for each in linked if each["problem_id"] == "PRB0040001"} == set(numbers)
