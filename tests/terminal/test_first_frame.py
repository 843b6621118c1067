"""The first frame: the queue as last seen, before anything is open; what is typed meanwhile is not lost."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, Desk, desk, tickets_of


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose cache an earlier run has filled."""
    with desk(tmp_path_factory.mktemp("seen")) as found:
        found.run("queue")
        yield found


def started(desk: Desk) -> Terminal:
    return Terminal([*RESEAL, "--config", str(desk.config)], {"RESEAL_STATE": str(desk.state)}, columns=200, rows=50)


def test_keys_typed_at_the_first_frame_all_arrive_in_their_order(seen: Desk) -> None:
    with started(seen) as terminal:
        terminal.wait_until("opening ...")
        first = tickets_of(terminal)
        assert len(first) > 10
        terminal.press("j", "j")
        terminal.type(f"/{first[5]}")
        terminal.press("enter")
        terminal.wait_until(lambda: tickets_of(terminal) == [first[5]], 30)


def test_the_cursor_moves_on_the_first_frame_and_stays_where_it_was_put(seen: Desk) -> None:
    with started(seen) as terminal:
        terminal.wait_until("opening ...")
        third = tickets_of(terminal)[3]
        terminal.press("j", "j", "j")
        terminal.wait_until(" open ", 30)
        terminal.wait_until(lambda: re.search(rf"Ticket {third}", terminal.frame()), 30)


def test_the_first_frame_is_side_by_side_where_there_is_room(seen: Desk) -> None:
    argv = [*RESEAL, "--config", str(seen.config)]
    with Terminal(argv, {"RESEAL_STATE": str(seen.state)}, columns=130, rows=40) as terminal:
        terminal.wait_until("opening ...", 30)
        # Over the whole width there would be room for the callers.
        assert b"cause" in terminal.raw
        assert b"caller" not in terminal.raw.partition(b"servicenow")[0]


def test_a_console_that_cannot_be_opened_says_why_and_ends(seen: Desk, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with closing(sqlite3.connect(state / "audit.db")) as newer:
        newer.execute("PRAGMA user_version=99")
    (state / "audit.db").chmod(0o600)
    with Terminal([*RESEAL, "--config", str(seen.config)], {"RESEAL_STATE": str(state)}) as terminal:
        terminal.wait_until(lambda: not terminal.alive, 30)
        assert terminal.exit_code == 4
        terminal.wait_until("written by a newer Reseal")
