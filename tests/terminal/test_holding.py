"""How it holds: processes die, Graph misbehaves, and the console says what it knows and goes on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import Terminal, descendants
from tests.terminal.desk import RESEAL, Desk, blocks_on_screen, desk, reveal, select, start_disclosure, tickets_of

KEY_READ = r"recoveryKeys/.*\$select=key"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("holding")) as found:
        yield found


@pytest.fixture(autouse=True)
def no_fault_left(morning: Desk) -> Iterator[None]:
    """What a test did not use up must not hit the next one."""
    yield
    morning.tenant.hand("faults", "DELETE")


def shown(terminal: Terminal, morning: Desk, case: str = "plain") -> str:
    """A key on the screen; answers its password."""
    found = morning.tenant.case(case)
    password = morning.password(found["keys"][0])
    select(terminal, found["ticket"])
    reveal(terminal, found["keys"][0])
    terminal.press("v")
    terminal.wait_until(lambda: blocks_on_screen(terminal) == password.split("-"))
    return password


def vaults(terminal: Terminal) -> list[int]:
    """The console's vault children."""
    return [pid for pid in descendants(terminal.pid) if b"tui.vault" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def stays_usable(terminal: Terminal) -> None:
    """Another mode and back."""
    # An escape and a digit in one read would be Alt and the digit.
    terminal.wait_until("? Help", 5)
    terminal.press("4")
    terminal.wait_until("Rotations due", 5)
    terminal.press("1")
    terminal.wait_until(lambda: tickets_of(terminal), 5)


def said_in_a_dialog(frame: str, said: str) -> bool:
    """Neither the question nor the pane is on the screen any more."""
    return said in frame and "→" in frame and not any(word in frame for word in ("Back", "x Clear"))


def last_outcome(morning: Desk) -> dict[str, Any]:
    """The newest OUTCOME row's entry."""
    found: dict[str, Any] = [row["entry"] for row in morning.audit() if row["entry"]["event"] == "outcome"][-1]
    return found


def test_a_killed_console_leaves_no_digits_and_its_next_start_says_what_was_open(tmp_path: Path) -> None:
    with desk(tmp_path) as morning:
        with morning.console() as terminal:
            password = shown(terminal, morning)
            (vault,) = vaults(terminal)
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.wait_until(lambda: not any(block in terminal.frame() for block in password.split("-")), 3)
            terminal.wait_until(lambda: not Path(f"/proc/{vault}").exists(), 3)
        with morning.console() as terminal:
            terminal.wait_until("ended without a word", 10)
        outcomes = [row["entry"] for row in morning.audit() if row["entry"]["event"] == "outcome"]
        assert [each["ended_by"] for each in outcomes] == ["unknown"]
        assert morning.run("audit", "verify").returncode == 0
        assert "Disclosures with unknown outcome (1)" in morning.run("handover").stdout


def test_a_killed_vault_is_said_and_the_console_goes_on(morning: Desk) -> None:
    with morning.console() as terminal:
        password = shown(terminal, morning, "network-unlock")
        (vault,) = vaults(terminal)
        os.kill(vault, signal.SIGKILL)
        terminal.wait_until("Key cleared", 10)
        assert not any(block in terminal.frame() for block in password.split("-"))
        terminal.press("4")
        terminal.wait_until("Rotations due (")
    assert [row["entry"] for row in morning.audit() if row["entry"]["event"] == "outcome"][-1][
        "ended_by"
    ] == "lost-vault"


def test_servers_that_die_leave_a_queue_to_work_with_and_a_cache_to_start_from(tmp_path: Path) -> None:
    with desk(tmp_path) as morning:
        with morning.console() as terminal:
            plain = morning.tenant.case("plain")["ticket"]
            terminal.wait_until(" mine")
            morning.tenant.process.kill()
            terminal.wait_until("unreachable", 20)
            select(terminal, plain)
            terminal.press("enter")
            terminal.wait_until("did not answer", 20)
            terminal.press("q")
            terminal.wait_until(lambda: not terminal.alive, 15)
        argv = [*RESEAL, "--config", str(morning.config)]
        with Terminal(argv, {"RESEAL_STATE": str(morning.state)}, columns=100, rows=30) as terminal:
            terminal.wait_until(lambda: len(tickets_of(terminal)) > 10, 20)
            terminal.wait_until("unreachable", 20)
            # It cannot sign in either, and says so.
            terminal.wait_until("refused the connection", 20)
        assert "refused the connection" in morning.run("queue", code=3).stderr


@pytest.fixture(scope="module")
def terminal(morning: Desk) -> Iterator[Terminal]:
    """One console that lives through everything Graph does to it."""
    with morning.console() as terminal:
        select(terminal, morning.tenant.case("plain")["ticket"])
        yield terminal


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("401", "401"),
        ("403", "403"),
        ("404", "404"),
        ("429", "429"),
        ("500", "500"),
        ("html-502", "502"),
        ("truncated", "→"),
        ("broken-json", "→"),
        ("wrong-id", "→"),
        ("bad-checksum", "→"),
        ("reset", "→"),
    ],
)
def test_each_way_that_graph_fails_is_said_and_the_console_stays_usable(
    morning: Desk, terminal: Terminal, fault: str, said: str
) -> None:
    start_disclosure(terminal, morning.tenant.case("plain")["keys"][0])
    terminal.wait_until("Disclose this key?", 20)
    morning.tenant.fault(fault, KEY_READ)
    terminal.press("y")
    terminal.wait_until(lambda: said_in_a_dialog(terminal.frame(), said), 30)
    assert blocks_on_screen(terminal) == []
    terminal.press("escape")
    stays_usable(terminal)
    outcome = last_outcome(morning)
    assert outcome["ended_by"] in ("refused", "failed", "not-read")
    assert outcome["shown_ms"] == 0


def test_a_slow_graph_holds_up_neither_keys_nor_the_way_out(morning: Desk, terminal: Terminal) -> None:
    start_disclosure(terminal, morning.tenant.case("plain")["keys"][0])
    terminal.wait_until("Disclose this key?", 20)
    morning.tenant.fault("slow", KEY_READ, seconds=60)
    terminal.press("y")
    terminal.wait_until("Asking Graph for this one key", 10)
    terminal.press("x")
    terminal.wait_until("No key was shown", 5)
    stays_usable(terminal)
    outcome = last_outcome(morning)
    assert (outcome["ended_by"], outcome["shown_ms"]) == ("cleared", 0)


def test_facts_that_are_slow_to_come_are_waited_for_beside_the_work(morning: Desk) -> None:
    ticket = morning.tenant.case("plain")["ticket"]
    with morning.console(120, 40) as terminal:
        for path in ("/devices", "/deviceManagement/managedDevices"):
            morning.tenant.fault("slow", path, seconds=60)
        select(terminal, ticket)
        terminal.press("enter")
        terminal.wait_until("Asking Entra ID and Intune")
        stays_usable(terminal)


def test_a_hang_up_ends_console_and_vault(tmp_path: Path) -> None:
    with desk(tmp_path) as morning:
        with morning.console() as terminal:
            shown(terminal, morning)
            children = [terminal.pid, *descendants(terminal.pid)]
            terminal.hang_up()
            terminal.wait_until(lambda: not any(_runs(pid) for pid in children), 10)
        outcomes = [row["entry"]["ended_by"] for row in morning.audit() if row["entry"]["event"] == "outcome"]
        assert len(outcomes) <= 1


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
