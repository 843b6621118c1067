"""A key is read aloud and heard back on the real console: the digits are typed, and this process never reads them."""

import fcntl
import os
import re
import signal
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, descendants, memory_contains
from tests.terminal.desk import Desk, desk, reveal
from tests.terminal.selecting import select_one_by_one

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("aloud"), clear_after=120) as found:
        yield found


@contextmanager
def held(morning: Desk, columns: int = 80, rows: int = 24, **env: str) -> Iterator[tuple[Terminal, list[str]]]:
    """A console whose vault holds a key; also its blocks."""
    case = morning.tenant.case("plain")
    with morning.console(columns, rows, **env) as terminal:
        select_one_by_one(terminal, case["ticket"])
        reveal(terminal, case["keys"][0])
        yield terminal, morning.password(case["keys"][0]).split("-")


def aloud(terminal: Terminal, block: str) -> bool:
    """The block stands in two groups, each with three words."""
    frame = terminal.frame()
    return all(re.search(rf"{group}   \w+ \w+ \w+ ", frame) for group in (block[:3], block[3:]))


def vault_of(terminal: Terminal) -> int:
    """The console's vault."""
    (pid,) = (pid for pid in descendants(terminal.pid) if b"tui.vault" in Path(f"/proc/{pid}/cmdline").read_bytes())
    return pid


def unread(tty: int) -> int:
    """Bytes that were typed on a terminal and that nobody has read (ioctl_tty(2), FIONREAD)."""
    return int(struct.unpack("i", fcntl.ioctl(tty, termios.FIONREAD, bytes(4)))[0])


def test_a_whole_key_is_dictated_and_the_console_holds_none_of_it(morning: Desk, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with held(morning, TEXTUAL_LOG=str(log)) as (terminal, blocks):
        for place, block in enumerate(blocks):
            terminal.press("space" if place else "a")
            terminal.wait_until(lambda block=block: aloud(terminal, block))  # type: ignore[misc]
            if place == 2:
                terminal.type(blocks[5])
                terminal.wait_until("the caller read block 6")
            if place == 3:
                terminal.type(block[:5] + str((int(block[5]) + 1) % 10))
                terminal.wait_until("wrong at digit 6")
                terminal.wait_until("✓✓✓✓✓✗")
            terminal.type(block)
            terminal.wait_until(f"Block {place + 1} is right")
            if place == 4:
                assert memory_contains(terminal.pid, "-".join(blocks)) == set()
        terminal.wait_until("All eight are.")
        assert memory_contains(terminal.pid, "-".join(blocks)) == set()
        # Read back right, and no more than that: bullets for the others, a tick for each.
        assert len(re.findall(r"[1-8] ••••••✓", terminal.frame())) == 8
        terminal.press("x")
        terminal.wait_until("Key cleared", 5)
        assert memory_contains(terminal.pid, "-".join(blocks)) == set()
    outcome = next(row["entry"] for row in reversed(morning.audit()) if row["entry"]["event"] == "outcome")
    assert outcome["note"].endswith("read back 8 of 8 blocks, misread 2")
    text = log.read_text() if log.exists() else ""
    assert not any(block in text for block in blocks)
    # Key by key would be a leak too.
    assert not re.search(r"Key\(key='\d'", text)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_the_words_follow_the_language(morning: Desk, columns: int, rows: int) -> None:
    with held(morning, columns, rows) as (terminal, blocks):
        terminal.press("a")
        for language in ("English", "Deutsch", "français", "polski", "español"):
            terminal.wait_until(f"Block 1 of 8, {language}")
            terminal.wait_until(lambda: aloud(terminal, blocks[0]))
            terminal.press("l")
        terminal.wait_until("Block 1 of 8, English")
        terminal.press("space")
        terminal.wait_until(lambda: aloud(terminal, blocks[1]))
        terminal.press("b")
        terminal.wait_until(lambda: aloud(terminal, blocks[0]))
        terminal.press("m")
        terminal.wait_until(lambda: not any(block[:3] in terminal.frame() for block in blocks))


def test_what_a_dead_vault_left_unread_is_thrown_away_and_the_console_reads_again(morning: Desk) -> None:
    with held(morning) as (terminal, blocks):
        terminal.press("a")
        terminal.wait_until(lambda: aloud(terminal, blocks[0]))
        tty = os.open(terminal.tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        vault = vault_of(terminal)
        os.kill(vault, signal.SIGSTOP)
        # A digit is a mode on the queue's screen: 2 would go to the mass incidents.
        terminal.type("22222")
        terminal.wait_until(lambda: unread(tty) == 5, 2)
        os.kill(vault, signal.SIGKILL)
        terminal.wait_until("Key cleared: the vault died", 5)
        terminal.wait_until(lambda: unread(tty) == 0, 2)
        os.close(tty)
        terminal.wait_until("R Reveal")
        terminal.press("?")
        terminal.wait_until("Show every key")


def test_what_is_typed_ahead_of_the_end_is_not_lost(morning: Desk) -> None:
    with held(morning) as (terminal, _):
        terminal.press("x")
        terminal.wait_until("Key cleared", 5)
        terminal.press("?")
        terminal.wait_until("Show every key")
