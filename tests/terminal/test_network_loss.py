"""The network goes away in the middle of everything and comes back: the queue catches up, writes go out once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.demo.tenant import Running, running
from tests.support.line import Line
from tests.support.terminal import Terminal
from tests.terminal.desk import SEED, Desk, select, tickets_of

NOTE = "moved the dock and told the caller to wait"


@dataclass(frozen=True, slots=True)
class Surge:
    """A desk whose tickets come over a line."""

    desk: Desk
    line: Line

    @property
    def tenant(self) -> Running:
        return self.desk.tenant


@pytest.fixture
def surge(tmp_path: Path) -> Iterator[Surge]:
    with running("--seed", str(SEED), "--size", "60", "--speed", "0.0001") as tenant:
        port = urlsplit(tenant.tickets).port
        assert port
        with Line(port) as line:
            config = tmp_path / "config.toml"
            text = tenant.config.read_text(encoding="utf-8")
            config.write_text(text.replace(f":{port}", f":{line.port}"), encoding="utf-8")
            yield Surge(Desk(tenant, config, tmp_path / "state"), line)


def record(tenant: Running, number: str) -> dict[str, str]:
    """A ticket as its system has it."""
    found: dict[str, str] = tenant.desk(
        query=f"number={number}", display_value="true", exclude_reference_link="true"
    ).json()["result"][0]
    return found


def read_away(terminal: Terminal, said: str) -> None:
    """Read a dialog and close it."""
    terminal.wait_until(said, 20)
    terminal.press("escape")
    terminal.wait_until(lambda: said not in terminal.frame())


def clear_filter(terminal: Terminal, shown: int) -> None:
    terminal.press("escape")
    terminal.wait_until(lambda: len(tickets_of(terminal)) >= shown)


def test_writes_wait_out_an_outage_and_go_once_and_a_conflict_is_said_until_it_is_read(surge: Surge) -> None:
    tenant, line = surge.tenant, surge.line
    with surge.desk.console(160, 50) as terminal:
        terminal.wait_until(" mine", 30)
        first, second, *_ = tickets_of(terminal)
        before = len(tickets_of(terminal))
        line.cut()
        select(terminal, first)
        terminal.press("c")
        read_away(terminal, "The claim waits in the outbox")
        terminal.wait_until("↑ claim engineer")
        clear_filter(terminal, before)
        select(terminal, second)
        terminal.press("c")
        read_away(terminal, "The claim waits in the outbox")
        terminal.wait_until("2 ↑ waiting")
        terminal.press("n")
        terminal.wait_until("Work note")
        terminal.type(NOTE)
        terminal.press("enter")
        read_away(terminal, "The note waits in the outbox")
        clear_filter(terminal, before)
        assert record(tenant, first)["assigned_to"] == record(tenant, second)["assigned_to"] == ""
        taken = record(tenant, first)["sys_id"]
        tenant.desk(f"/{taken}", method="PATCH", body={"assigned_to": "colleague@demo.example", "state": "2"})
        tenant.hand("advance", "POST", {"seconds": 2000})
        line.mend()
        terminal.wait_until("60 open", 40)
        terminal.wait_until(lambda: "↑ waiting" not in terminal.frame(), 60)
        terminal.wait_until("1 ! refused", 30)
        assert "olleague" in record(tenant, first)["assigned_to"]
        mine = record(tenant, second)
        assert mine["work_notes"].count(NOTE) == 1
        assert mine["assigned_to"]
        select(terminal, first)
        terminal.wait_until("was not done", 20)
        terminal.press("A")
        terminal.wait_until(lambda: "refused" not in terminal.frame())
