"""The courier of a running console: what the console keeps out of its own process, and what follows when it dies."""

import os
import signal
from pathlib import Path

from tests.support import memory_holds
from tests.support.terminal import Terminal, descendants
from tests.terminal.desk import desk, tickets_of


def couriers(terminal: Terminal) -> list[int]:
    """Processes of the console that speak with Graph."""
    running = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in descendants(terminal.pid)}
    return [pid for pid, words in running.items() if b"tui.courier" in words]


def test_one_that_is_killed_is_followed_by_another_and_nobody_notices(tmp_path: Path) -> None:
    with desk(tmp_path) as here, here.console(120, 40) as terminal:
        terminal.wait_until(" mine", 30)
        [first] = couriers(terminal)
        os.kill(first, signal.SIGKILL)
        case = here.tenant.case("re-imaged")
        terminal.type(f"/{case['ticket']}\r")
        terminal.wait_until(lambda: tickets_of(terminal) == [case["ticket"]])
        terminal.press("enter")
        terminal.wait_until("another device object", 30)
        [second] = couriers(terminal)
        assert second != first
        terminal.type("q")
        terminal.wait_until(lambda: not terminal.alive, 20)
    assert not Path(f"/proc/{second}").exists()


def test_the_process_that_paints_keeps_no_token(tmp_path: Path) -> None:
    with desk(tmp_path) as here, here.console(120, 40) as terminal:
        terminal.wait_until(" mine", 30)
        token = here.tenant.tokens["engineer"].encode()
        assert memory_holds(couriers(terminal)[0], token)
        assert not memory_holds(terminal.pid, token)
