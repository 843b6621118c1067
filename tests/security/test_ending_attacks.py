"""Whatever ends it, the pane is clean and the vault is gone within a second, and the row says what it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.security.watching import ROOT, put
from tests.support.terminal import Terminal, descendants
from tests.terminal.desk import RESEAL, Desk, blocks_on_screen, desk, reveal
from tests.terminal.selecting import select_one_by_one

pytestmark = pytest.mark.timeout(180)
WITHIN = 1.0


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("clearing")) as found:
        yield found


class Shown:
    """A key on the screen of a console."""

    def __init__(self, morning: Desk, terminal: Terminal, *, select_ticket: bool = True) -> None:
        case = morning.tenant.case("plain")
        self.terminal = terminal
        self.blocks = morning.password(case["keys"][0]).split("-")
        if select_ticket:
            select_one_by_one(terminal, case["ticket"])
        reveal(terminal, case["keys"][0])
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == self.blocks)
        (self.vault,) = (
            pid for pid in descendants(terminal.pid) if b"tui.vault" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )

    def is_gone(self, seconds: float = WITHIN) -> None:
        """No digit on the screen and no vault, in time."""
        deadline = time.monotonic() + seconds
        self.terminal.wait_until(lambda: not any(block in self.terminal.frame() for block in self.blocks), seconds)
        self.terminal.wait_until(lambda: not runs(self.vault), max(0.01, deadline - time.monotonic()))


def runs(pid: int) -> bool:
    """The process is there and no zombie."""
    return state(pid) not in ("", "Z")


def state(pid: int) -> str:
    """The state of a process (proc_pid_stat(5)); empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def outcomes(morning: Desk) -> list[dict[str, Any]]:
    """The outcomes of the audit, oldest first."""
    return [row["entry"] for row in morning.audit() if row["entry"]["event"] == "outcome"]


def stop_and_go_on(shown: Shown, stop: Callable[[], None]) -> None:
    """Stop the console, look at the terminal meanwhile, and let it go on."""
    stop()
    shown.terminal.wait_until(lambda: state(shown.terminal.pid) == "T", 3)
    shown.is_gone()
    os.kill(shown.terminal.pid, signal.SIGCONT)
    shown.terminal.wait_until("R Reveal", 10)


@pytest.mark.attack("A27")
def test_keys_focus_and_stops_end_it_and_the_console_goes_on(morning: Desk) -> None:
    with morning.console() as terminal:
        # What an earlier console was killed over is closed as unknown when this one opens.
        before = len(outcomes(morning))
        shown = Shown(morning, terminal)
        for key in ("x", "escape", "ctrl+c", "blur"):
            terminal.press(key)
            shown.is_gone()
            terminal.wait_until("Key cleared")
            terminal.wait_until("R Reveal")
            shown = Shown(morning, terminal, select_ticket=False)
        stop_and_go_on(shown, lambda: os.kill(terminal.pid, signal.SIGSTOP))
        shown = Shown(morning, terminal, select_ticket=False)
        stop_and_go_on(shown, lambda: terminal.press("ctrl+z"))
        shown = Shown(morning, terminal, select_ticket=False)
        stop_and_go_on(shown, lambda: os.kill(terminal.pid, signal.SIGTSTP))
        shown = Shown(morning, terminal, select_ticket=False)
        os.kill(shown.vault, signal.SIGKILL)
        shown.is_gone()
    told = outcomes(morning)[before:]
    stopped = ["console-stopped", "suspend", "console-stopped", "lost-vault"]
    assert [each["ended_by"] for each in told] == ["cleared", "cleared", "cleared", "blur", *stopped]
    assert all(0 < each["shown_ms"] < 20_000 for each in told)


def hang_up(terminal: Terminal) -> None:
    terminal.hang_up()


ENDS: dict[str, tuple[Callable[[Terminal], object], str]] = {
    "hang-up of the terminal": (hang_up, "hangup"),
    "SIGHUP": (lambda terminal: os.kill(terminal.pid, signal.SIGHUP), "hangup"),
    "SIGTERM": (lambda terminal: os.kill(terminal.pid, signal.SIGTERM), "terminated"),
    "ctrl+q": (lambda terminal: terminal.press("ctrl+q"), "quit"),
    "crash": (lambda terminal: os.kill(terminal.pid, signal.SIGABRT), "unknown"),
}


@pytest.mark.attack("A28")
@pytest.mark.parametrize(("end", "told"), ENDS.values(), ids=ENDS.keys())
def test_the_end_of_the_console_is_the_end_of_it(morning: Desk, end: Callable[[Terminal], object], told: str) -> None:
    with morning.console() as terminal:
        shown = Shown(morning, terminal)
        end(terminal)
        if end is hang_up:
            # There is no screen left to look at.
            terminal.wait_until(lambda: not runs(shown.vault), WITHIN)
        else:
            shown.is_gone()
        terminal.wait_until(lambda: not terminal.alive, 10)
    if told == "unknown":
        with morning.console() as terminal:
            terminal.wait_until("ended without a word")
    assert outcomes(morning)[-1]["ended_by"] == told


@pytest.mark.attack("A27")
@pytest.mark.parametrize("deed", ["mode", pytest.param("screen", marks=pytest.mark.long)])
def test_what_comes_over_it_ends_it(morning: Desk, tmp_path: Path, deed: str) -> None:
    with breakable(morning, tmp_path) as terminal:
        shown = Shown(morning, terminal)
        put(tmp_path / "do", deed)
        terminal.wait_until({"mode": "Audit", "screen": "Show every key"}[deed], 5)
        shown.is_gone()
        terminal.press("1" if deed == "mode" else "escape")
        terminal.wait_until("R Reveal")
        terminal.wait_until(lambda: "Recovery key" not in terminal.frame())
    assert outcomes(morning)[-1]["ended_by"] == "covered"


@pytest.mark.attack("A12", "A27")
def test_a_crash_of_the_console_ends_it_and_prints_one_line(morning: Desk, tmp_path: Path) -> None:
    with breakable(morning, tmp_path) as terminal:
        shown = Shown(morning, terminal)
        put(tmp_path / "do", "crash")
        terminal.wait_until(lambda: not terminal.alive, 10)
        shown.is_gone()
        terminal.wait_until("the console stopped on RuntimeError")
        last_words = terminal.raw.rpartition(b"\x1b[?1049l")[2]
    assert b"Traceback" not in last_words
    assert not any(block.encode() in last_words for block in shown.blocks)
    # The console's last word, or what the vault saw where the console went before it could say one.
    assert outcomes(morning)[-1]["ended_by"] in ("crash", "console-gone")


@contextmanager
def breakable(morning: Desk, folder: Path) -> Iterator[Terminal]:
    """A console that breaks where the file `at` says, and does what the file `do` says."""
    argv = [sys.executable, "-m", "tests.security.broken_console", "--config", str(morning.config)]
    env = {"RESEAL_STATE": str(morning.state), "BREAK_AT": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with Terminal(argv, env, cwd=ROOT) as terminal:
        terminal.wait_until("INC00", 30)
        yield terminal


@pytest.mark.attack("A27")
def test_a_resize_leaves_no_digit_behind(morning: Desk) -> None:
    with morning.console(100, 30) as terminal:
        shown = Shown(morning, terminal)
        terminal.resize(80, 24)
        terminal.wait_until(lambda: blocks_on_screen(terminal) == ["•" * 6] * 8, 5)
        assert not any(block in terminal.frame() for block in shown.blocks)
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == shown.blocks)
        terminal.press("x")
        shown.is_gone()


def tmux(directory: Path, *words: str) -> str:
    """One order to a tmux server of the test's own."""
    argv = ["tmux", "-S", str(directory / "socket"), "-f", "/dev/null", *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False).stdout


@pytest.mark.attack("A14", "A27")
def test_a_detached_tmux_does_not_stretch_the_time(tmp_path: Path) -> None:
    if not any((Path(folder) / "tmux").exists() for folder in os.get_exec_path()):
        pytest.skip("tmux is not installed")
    with desk(tmp_path, clear_after=4) as morning:
        console = " ".join([*RESEAL, "--config", str(morning.config)])
        env = {"RESEAL_STATE": str(morning.state), "TERM": "xterm-256color"}
        argv = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null", "new-session", f"exec {console}"]
        try:
            with Terminal(argv, env) as terminal:
                terminal.wait_until("INC00", 30)
                shown = watched(morning, terminal, tmp_path)
                tmux(tmp_path, "detach-client")
                terminal.wait_until(lambda: not terminal.alive, 5)
                eventually(lambda: not any(block in tmux(tmp_path, "capture-pane", "-p") for block in shown), 5)
                eventually(lambda: "Key cleared" in tmux(tmp_path, "capture-pane", "-p"), 5)
                history = tmux(tmp_path, "capture-pane", "-p", "-S", "-")
                assert not any(block in history for block in shown)
        finally:
            tmux(tmp_path, "kill-server")
        # tmux may tell of the lost focus, which ends it sooner.
        assert outcomes(morning)[-1]["ended_by"] in ("deadline", "blur")


def watched(morning: Desk, terminal: Terminal, directory: Path) -> list[str]:
    """A key on the screen of a console inside tmux; answers its blocks."""
    case = morning.tenant.case("plain")
    blocks = morning.password(case["keys"][0]).split("-")
    select_one_by_one(terminal, case["ticket"])
    reveal(terminal, case["keys"][0])
    terminal.press("v")
    terminal.wait_until(lambda: blocks_on_screen(terminal) == blocks)
    assert all(block in tmux(directory, "capture-pane", "-p") for block in blocks)
    return blocks


def eventually(condition: Callable[[], object], seconds: float) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
