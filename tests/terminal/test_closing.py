"""Closing a ticket on the console: a debt needs a waiver, the form needs its facts, and each step is a row."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.terminal.desk import blocks_on_screen, desk, reveal, select
from tui.clock import SystemClock

pytestmark = pytest.mark.timeout(180)


def cause_line(terminal: Terminal) -> str:
    """The form's line of the cause."""
    return next((line for line in terminal.text() if "│  cause  " in line), "")


def test_a_ticket_is_closed_with_waiver_time_and_cause(tmp_path: Path) -> None:
    with desk(tmp_path) as morning, morning.console() as terminal:
        case = morning.tenant.case("plain")
        select(terminal, case["ticket"])
        reveal(terminal, case["keys"][0])
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == morning.password(case["keys"][0]).split("-"))
        terminal.press("x")
        terminal.wait_until("Key cleared", 10)
        terminal.press("X")
        terminal.wait_until("cannot be closed yet")
        terminal.press("escape")
        terminal.wait_until(lambda: "cannot be closed yet" not in terminal.frame())
        assert morning.tenant.desk(f"/{case['sys_id']}").json()["result"]["state"] != "7"
        terminal.press("X")
        terminal.wait_until("reason of the waiver")
        terminal.type("later")
        terminal.press("enter")
        terminal.wait_until("needs a reason")
        terminal.type(" device is scrapped today")
        terminal.press("enter")
        terminal.wait_until(f"Close {case['ticket']}")
        terminal.wait_until("the key was shown until")
        terminal.press("enter")
        terminal.wait_until("The time of the unlock is missing")
        terminal.type("never")
        terminal.press("enter")
        terminal.wait_until("A device that stayed locked needs an owner")
        terminal.press("shift+tab", "ctrl+u")
        now = SystemClock().now().astimezone()
        terminal.type(f"{now + timedelta(days=1):%Y-%m-%d %H:%M}")
        terminal.press("enter")
        terminal.wait_until("was not unlocked then")
        terminal.press("ctrl+u")
        terminal.type(f"{now:%H:%M}")
        # The ticket's own words name the cause that stands there; one up and down again leaves it.
        terminal.press("up", "down", "enter")
        terminal.wait_until(f"{case['ticket']} is closed", 20)
        ticket = morning.tenant.desk(f"/{case['sys_id']}").json()["result"]
        assert ticket["state"] in ("6", "7")
    rows = [row["entry"] for row in morning.audit() if row["entry"]["ticket"] == case["ticket"]]
    steps = [(row["event"], row["ended_by"]) for row in rows if row["event"] == "review"]
    assert steps == [("review", "waived"), ("review", "closed")]
    assert rows[-1]["note"].startswith("unlocked ")
    assert "; cause secureboot_changed" in rows[-1]["note"]


def test_an_unknown_cause_is_closed_only_with_an_owner(tmp_path: Path) -> None:
    with desk(tmp_path) as morning, morning.console() as terminal:
        case = morning.tenant.case("network-unlock")
        select(terminal, case["ticket"])
        terminal.press("X")
        terminal.wait_until(f"Close {case['ticket']}")
        while "  unknown  " not in cause_line(terminal):
            before = cause_line(terminal)
            terminal.press("down")
            terminal.wait_until(lambda before=before: cause_line(terminal) != before)  # type: ignore[misc]
        terminal.type(f"{SystemClock().now().astimezone():%H:%M}")
        terminal.press("enter")
        terminal.wait_until("An unknown cause needs an owner")
        terminal.type("PIN is 4711")
        terminal.press("enter")
        terminal.wait_until("The owner holds")
        terminal.press("ctrl+u")
        terminal.type("endpoint team")
        terminal.press("enter")
        terminal.wait_until(f"{case['ticket']} is closed", 20)
    (row,) = [row["entry"] for row in morning.audit() if row["entry"]["event"] == "review"]
    assert row["note"].endswith("cause unknown; goes on: endpoint team")
