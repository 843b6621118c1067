"""The queue's flows inside tmux, over a real sshd, with 200 ms there and back."""

from pathlib import Path

import pytest

from tests.terminal.desk import RESEAL, desk, tickets_of
from tests.terminal.slow_line import far_away

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.timeout(240)
def test_filter_claim_note_and_palette_over_a_slow_line_in_tmux(tmp_path: Path) -> None:
    with desk(tmp_path) as morning:
        argv = [*RESEAL, "--config", str(morning.config)]
        env = {"RESEAL_STATE": str(morning.state), "PYTHONPATH": str(ROOT), "COLORTERM": "truecolor"}
        with far_away(tmp_path, argv, env) as terminal:
            terminal.wait_until(" mine", 60)
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
            terminal.press("q")
            terminal.wait_until(lambda: not terminal.alive, 60)
        found = morning.tenant.desk(query=f"number={here}", display_value="true").json()["result"][0]
        assert found["work_notes"].count("called back over a slow line") == 1
        assert found["state"] != "New"
