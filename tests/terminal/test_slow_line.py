"""The flows of a night inside tmux, over a real sshd, with 200 ms there and back."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, Desk, blocks_on_screen, desk, start_disclosure, tickets_of
from tests.terminal.selecting import select_one_by_one
from tests.terminal.slow_line import far_away, panes
from tui.clock import SystemClock

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


@contextmanager
def from_home(root: Path, clear_after: int = 60) -> Iterator[tuple[Desk, Terminal]]:
    """A desk, and the console over the slow line once it shows the queue."""
    with desk(root, clear_after=clear_after) as night:
        argv = [*RESEAL, "--config", str(night.config)]
        env = {"RESEAL_STATE": str(night.state), "PYTHONPATH": str(ROOT), "COLORTERM": "truecolor"}
        with far_away(root, argv, env) as terminal:
            terminal.wait_until(lambda: re.search(r"keys \d+[smh]", terminal.text()[0]), 60)
            yield night, terminal


def show_key(terminal: Terminal, ticket: str, key_id: str, blocks: Sequence[str]) -> None:
    """From the queue to eight blocks on the screen, as far from the vault as it is."""
    select_one_by_one(terminal, ticket)
    start_disclosure(terminal, key_id[:8])
    terminal.wait_until("Disclose this key?", 30)
    # Nobody can see what a server records, so the engineer is asked, and the audit tells who agreed.
    terminal.wait_until("This session counts as recorded (assumed)")
    terminal.press("y")
    terminal.wait_until("Held by the vault", 30)
    terminal.press("v")
    terminal.wait_until(lambda: blocks_on_screen(terminal) == blocks, 30)


def outcomes(night: Desk) -> list[dict[str, Any]]:
    """The rows that tell how a disclosure ended."""
    return [row["entry"] for row in night.audit() if row["entry"]["event"] == "outcome"]


def leave(terminal: Terminal) -> None:
    terminal.press("q")
    terminal.wait_until(lambda: not terminal.alive, 60)


def test_filter_claim_note_and_palette_over_a_slow_line_in_tmux(tmp_path: Path) -> None:
    with from_home(tmp_path) as (night, terminal):
        here, there = tickets_of(terminal)[3], tickets_of(terminal)[7]
        # One burst, as a slow line delivers it: none of these letters may act on the table.
        terminal.type(f"/{here}\r")
        terminal.wait_until(lambda: tickets_of(terminal) == [here], 30)
        terminal.press("c")
        terminal.wait_until(f"{here} is yours", 30)
        terminal.press("n")
        terminal.wait_until("Work note", 30)
        terminal.type("called back over a slow line\r")
        terminal.wait_until("Noted on 1 of 1", 30)
        terminal.press(":")
        terminal.wait_until("Search", 30)
        terminal.type(there)
        terminal.wait_until(f"{there}  ", 30)
        terminal.press("enter")
        terminal.wait_until(f"Ticket {there}", 30)
        leave(terminal)
        found = night.tenant.desk(query=f"number={here}", display_value="true").json()["result"][0]
        assert found["work_notes"].count("called back over a slow line") == 1
        assert found["state"] != "New"


def test_bulk_claim_bulk_note_and_mass_view_over_a_slow_line_in_tmux(tmp_path: Path) -> None:
    with from_home(tmp_path) as (night, terminal):
        marked = tickets_of(terminal)[:3]
        terminal.type("   c")
        terminal.wait_until("3 of 3 are yours", 30)
        terminal.press("home")
        terminal.wait_until(f"Ticket {marked[0]}", 30)
        terminal.type("   n")
        terminal.wait_until("Work note", 30)
        terminal.type("one of the surge\r")
        terminal.wait_until("Noted on 3 of 3", 30)
        terminal.press("2")
        terminal.wait_until("have not restarted into the update", 30)
        terminal.press("enter")
        terminal.wait_until("restarted and did not ask", 30)
        terminal.press("escape")
        terminal.wait_until(lambda: "restarted and did not ask" not in terminal.frame(), 30)
        terminal.press("1")
        terminal.wait_until(lambda: tickets_of(terminal)[:3] == marked, 30)
        leave(terminal)
        tickets = night.tenant.desk(limit="1000", display_value="true").json()["result"]
        noted = {each["number"]: each["work_notes"].count("one of the surge") for each in tickets}
        assert {number: count for number, count in noted.items() if count} == dict.fromkeys(marked, 1)
        assert all(each["assigned_to"] for each in tickets if each["number"] in marked)


def test_reveal_rotation_and_closing_over_a_slow_line_in_tmux(tmp_path: Path) -> None:
    with from_home(tmp_path) as (night, terminal):
        case = night.tenant.case("plain")
        ticket, key_id = case["ticket"], case["keys"][0]
        blocks = night.password(key_id).split("-")
        show_key(terminal, ticket, key_id, blocks)
        assert all(block in panes(tmp_path) for block in blocks)
        terminal.press("x")
        terminal.wait_until("Key cleared: cleared by hand", 30)
        assert not any(block in terminal.frame() + panes(tmp_path) for block in blocks)
        terminal.press("T")
        terminal.wait_until("is queued; it is proven when", 30)
        night.tenant.hand("advance", "POST", {"seconds": 7200})
        terminal.wait_until("is proven: new key", 60)
        terminal.press("X")
        terminal.wait_until(f"Close {ticket}", 30)
        terminal.type(f"{SystemClock().now().astimezone():%H:%M}\r")
        terminal.wait_until(f"{ticket} is closed", 30)
        leave(terminal)
        assert not any(block in terminal.frame() for block in blocks)
        assert night.tenant.desk(f"/{case['sys_id']}").json()["result"]["state"] in ("6", "7")
    rows = [row["entry"] for row in night.audit() if row["entry"]["event"] not in ("view", "search")]
    told = [(row["event"], row["ended_by"]) for row in rows]
    assert told == [
        ("start", ""),
        ("intent", ""),
        ("draw", ""),
        ("outcome", "cleared"),
        ("rotate-request", ""),
        ("outcome", "queued"),
        ("rotate-confirm", ""),
        ("review", "closed"),
        ("stop", ""),
    ]
    assert {row["channel"] for row in rows[1:4]} == {"draw-accepted"}
    assert {row["note"] for row in rows[1:4]} == {"recorder: assumed"}
    assert {row["key_id"].replace("-", "") for row in rows[1:4]} == {key_id.replace("-", "")}


def test_a_key_clears_itself_in_a_tmux_that_outlives_its_line(tmp_path: Path) -> None:
    with from_home(tmp_path, clear_after=8) as (night, terminal):
        case = night.tenant.case("plain")
        blocks = night.password(case["keys"][0]).split("-")
        show_key(terminal, case["ticket"], case["keys"][0], blocks)
        terminal.close()
        assert all(block in panes(tmp_path) for block in blocks)
        terminal.wait_until(lambda: not any(block in panes(tmp_path) for block in blocks), 30)
        terminal.wait_until(lambda: outcomes(night), 30)
    (outcome,) = outcomes(night)
    # A tmux that has noticed by then says that nobody looks any more.
    assert outcome["ended_by"] in ("deadline", "blur")
