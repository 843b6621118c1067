"""Finding one of many: by the palette with gaps between the letters, and by any word of the ticket's text."""

import re
from collections.abc import Iterator

import pytest

from tests.support.terminal import Terminal
from tests.terminal.desk import Desk, desk, tickets_of


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("finding")) as found:
        yield found


def first_hit(terminal: Terminal) -> str:
    """The incident that stands first in the palette."""
    found = re.search(r"(INC\d+)  \S+  \S+@", terminal.frame())
    return found.group(1) if found else ""


def test_the_palette_jumps_to_an_incident_also_when_a_filter_hides_it(morning: Desk) -> None:
    with morning.console(160, 40) as terminal:
        shown = tickets_of(terminal)
        here, there = shown[0], shown[9]
        terminal.press("/")
        terminal.wait_until("filter: words")
        terminal.type(here)
        terminal.wait_until(lambda: tickets_of(terminal) == [here])
        terminal.press("enter", ":")
        terminal.wait_until("Search")
        terminal.type(f"i{there[-4:]}")
        terminal.wait_until(lambda: first_hit(terminal) == there, 20)
        terminal.wait_until(f"i{there[-4:]}")
        terminal.press("enter")
        terminal.wait_until(lambda: f"Ticket {there}" in terminal.frame(), 20)
        assert len(tickets_of(terminal)) > 10


def test_the_filter_looks_into_the_text_and_marked_incidents_become_a_group(morning: Desk) -> None:
    ticket = morning.tenant.case("plain")["ticket"]
    with morning.console(160, 40) as terminal:
        terminal.press("/")
        terminal.wait_until("filter: words")
        terminal.type(f"{ticket} recovery reboot")
        terminal.wait_until(lambda: tickets_of(terminal) == [ticket])
        terminal.press("enter", "space", "m")
        terminal.wait_until("in a group named")
        terminal.type("docked")
        terminal.press("enter")
        terminal.wait_until("1 incidents are in docked", 20)
        terminal.press("2")
        terminal.wait_until("docked", 20)


def test_the_text_of_each_ticket_under_the_cursor_is_shown_also_by_a_later_run(morning: Desk) -> None:
    answer = morning.tenant.desk(limit="200", fields="number,description")
    texts = {each["number"]: each["description"] for each in answer.json()["result"]}

    def shows_text(terminal: Terminal) -> bool:
        # Compared without blanks: the second word of a hostile ticket is longer than the pane.
        frame = " ".join(line[80:] for line in terminal.text())
        found = re.search(r"Ticket (INC\d+)", frame)
        return found is not None and "".join(texts[found.group(1)].split())[:20] in "".join(frame.split())

    for _ in range(2):
        with morning.console(160, 40) as terminal:
            terminal.wait_until(" mine", 30)
            for _ in range(12):
                terminal.wait_until(lambda: shows_text(terminal))
                terminal.press("down")


def test_a_key_typed_behind_a_filter_is_for_what_it_finds(morning: Desk) -> None:
    with morning.console(120, 40) as terminal:
        terminal.wait_until(" mine", 30)
        held, wanted = holders(morning), tickets_of(terminal)[5:9]
        for ticket in wanted:
            terminal.type(f"/{ticket}\rc")
            terminal.wait_until(lambda before=held: holders(morning) > before, 20)  # type: ignore[misc]
            held = held | {ticket}
            assert holders(morning) == held
            terminal.press("escape")
            terminal.wait_until(lambda: len(tickets_of(terminal)) > 10)


def holders(morning: Desk) -> set[str]:
    """Tickets that somebody holds."""
    answer = morning.tenant.desk(limit="200", fields="number,assigned_to").json()["result"]
    return {each["number"] for each in answer if each["assigned_to"]}
