"""Whatever happens, the digits are gone within a second, and so is the child."""

import asyncio
import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.vault.conftest import REQUEST, StillToken, in_seconds, region
from tests.vault.graph_stub import GraphStub
from tests.vault.watching import BLOCKS, BULLETS, WITHIN, Console, eventually, runs, shown
from tui.clock import boottime_ns
from tui.errors import Problem
from tui.vault.process import LOST, VaultProcess
from tui.vault.warden import Warden

LONG = pytest.mark.long
"""Each child takes a third of a second to start: the same promise in other words waits for the long run."""
OTHERS = (signal.SIGHUP, signal.SIGINT)


async def draw(vault: VaultProcess, terminal: Terminal, seconds: float = 60) -> None:
    """Get the digits onto the terminal."""
    await vault.read(REQUEST)
    await vault.draw(region(), in_seconds(seconds))
    await terminal.until(lambda: shown(terminal) == BLOCKS)


async def gone(vault: VaultProcess, terminal: Terminal, seconds: float = WITHIN) -> None:
    """Bullets, and no process, in time."""
    deadline = time.monotonic() + seconds
    await terminal.until(lambda: shown(terminal) == BULLETS, seconds)
    await eventually(lambda: not runs(vault.pid), deadline - time.monotonic())


async def test_the_deadline(vault: VaultProcess, terminal: Terminal) -> None:
    await draw(vault, terminal, 0.5)
    await gone(vault, terminal, 0.5 + WITHIN)
    cleared = await vault.cleared()
    assert cleared.ended_by == "deadline"
    assert 500 <= cleared.shown_ms < 1500


@pytest.mark.parametrize("number", [signal.SIGTERM, *(pytest.param(each, marks=LONG) for each in OTHERS)])
async def test_a_signal(vault: VaultProcess, terminal: Terminal, number: signal.Signals) -> None:
    await draw(vault, terminal)
    os.kill(vault.pid, number)
    await gone(vault, terminal)
    assert (await vault.cleared()).ended_by == f"signal-{number.name[3:].lower()}"


async def test_a_terminal_that_hangs_up(vault: VaultProcess, terminal: Terminal) -> None:
    await draw(vault, terminal)
    terminal.hang_up()
    async with asyncio.timeout(WITHIN):
        assert (await vault.cleared()).ended_by == "hangup"
    assert not runs(vault.pid)


async def test_a_later_drawing_does_not_lengthen_the_time(vault: VaultProcess, terminal: Terminal) -> None:
    await draw(vault, terminal, 0.6)
    await vault.draw(region((0,)), in_seconds(60))
    await gone(vault, terminal, 0.6 + WITHIN)


async def test_a_time_that_is_over_draws_nothing(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    with pytest.raises(Problem, match="turn"):
        await vault.draw(region(), boottime_ns())
    assert (await vault.cleared()).ended_by == "deadline"
    assert shown(terminal) == ["......"] * 8


async def test_a_killed_child_is_lost(vault: VaultProcess, terminal: Terminal) -> None:
    await draw(vault, terminal)
    os.kill(vault.pid, signal.SIGKILL)
    async with asyncio.timeout(WITHIN):
        assert (await vault.cleared()).ended_by == LOST


async def test_a_child_that_does_not_answer_is_killed(vault: VaultProcess, terminal: Terminal) -> None:
    await draw(vault, terminal)
    os.kill(vault.pid, signal.SIGSTOP)
    async with asyncio.timeout(3):
        assert (await vault.clear("escape")).ended_by == LOST
    assert not runs(vault.pid)


@pytest.fixture
def pending(graph: GraphStub) -> Iterator[Callable[[], bool]]:
    """Graph that never answers; says whether it was asked."""

    async def never(key_id: str) -> None:
        await asyncio.sleep(20)

    graph.answering = never  # type: ignore[assignment]
    yield lambda: bool(graph.requests)


async def test_a_cancelled_read_leaves_no_child(vault: VaultProcess, pending: Callable[[], bool]) -> None:
    reading = asyncio.create_task(vault.read(REQUEST))
    await eventually(pending)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await eventually(lambda: not runs(vault.pid), WITHIN)


async def test_escape_while_graph_is_slow(vault: VaultProcess, pending: Callable[[], bool]) -> None:
    reading = asyncio.create_task(vault.read(REQUEST))
    await eventually(pending)
    async with asyncio.timeout(WITHIN):
        assert (await vault.clear("escape")).ended_by == "escape"
    with pytest.raises(Problem, match="ended"):
        await reading


async def test_a_cancelled_wait_for_a_sign_in_leaves_no_child(graph: GraphStub, terminal: Terminal) -> None:
    class NoToken(StillToken):
        async def token(self) -> str:
            await asyncio.Event().wait()
            return ""

    vault = await Warden(graph.endpoint, NoToken(), tty=terminal.tty).open()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(vault.read(REQUEST), 0.05)
    await eventually(lambda: not runs(vault.pid), WITHIN)
    # A loop that ends before it has heard of a child's end leaves it to the collector, which complains in another test.
    await vault.cleared()


async def test_a_cancelled_drawing_takes_the_digits_away(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    os.kill(vault.pid, signal.SIGSTOP)
    drawing = asyncio.create_task(vault.draw(region(), in_seconds(60)))
    await asyncio.sleep(0)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    os.kill(vault.pid, signal.SIGCONT)
    await eventually(lambda: not runs(vault.pid), WITHIN)
    assert not set(shown(terminal)) & set(BLOCKS)


async def test_cancelled_waiting_changes_nothing(vault: VaultProcess, terminal: Terminal) -> None:
    await draw(vault, terminal)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(vault.cleared(), 0.05)
    assert runs(vault.pid)
    clearing = asyncio.create_task(vault.clear("escape"))
    await asyncio.sleep(0)
    clearing.cancel()
    await gone(vault, terminal)
    assert (await vault.cleared()).ended_by == "escape"


async def test_a_cancelled_start_leaves_no_child(warden: Warden) -> None:
    before = children()
    starting = asyncio.create_task(warden.open())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert children() == before


async def test_closing_the_warden_ends_every_child(warden: Warden, terminal: Terminal) -> None:
    vaults = [await warden.open() for _ in range(2)]
    await draw(vaults[0], terminal)
    await warden.close()
    assert shown(terminal) == BULLETS
    assert not any(runs(vault.pid) for vault in vaults)


async def test_a_terminal_that_takes_nothing_does_not_hang_the_child(graph: GraphStub) -> None:
    controller, tty = os.openpty()
    try:
        vault = await Warden(graph.endpoint, StillToken(), tty=tty).open()
        await vault.read(REQUEST)
        os.set_blocking(tty, False)
        fill(tty)
        with pytest.raises(Problem, match="takes no output"):
            await vault.draw(region(), in_seconds(60))
        async with asyncio.timeout(WITHIN):
            assert (await vault.cleared()).ended_by == "not-drawn"
        assert not runs(vault.pid)
    finally:
        os.close(controller)
        os.close(tty)


async def test_a_terminal_that_stops_while_digits_stand_does_not_hang_the_child(graph: GraphStub) -> None:
    controller, tty = os.openpty()
    try:
        vault = await Warden(graph.endpoint, StillToken(), tty=tty).open()
        await vault.read(REQUEST)
        await vault.draw(region(), in_seconds(0.3))
        os.set_blocking(tty, False)
        fill(tty)
        async with asyncio.timeout(0.3 + WITHIN):
            assert (await vault.cleared()).ended_by == "deadline"
        assert not runs(vault.pid)
    finally:
        os.close(controller)
        os.close(tty)


@pytest.mark.long
async def test_a_key_that_nobody_draws_is_not_held_for_ever(vault: VaultProcess) -> None:
    await vault.read(REQUEST)
    async with asyncio.timeout(62):
        assert (await vault.cleared()).ended_by == "not-shown"


def test_a_killed_console(graph: GraphStub) -> None:
    with Console(graph, 60) as console:
        os.kill(console.terminal.pid, signal.SIGKILL)
        console.is_gone(WITHIN)
        assert "drawn" in console.terminal.frame()


def test_a_killed_console_on_a_terminal_that_was_resized(graph: GraphStub) -> None:
    with Console(graph, 60) as console:
        console.terminal.resize(60, 20)
        os.kill(console.terminal.pid, signal.SIGKILL)
        console.terminal.wait_until(lambda: not runs(console.vault_pid), WITHIN)
        console.terminal.wait_until(lambda: not any(block in console.terminal.frame() for block in BLOCKS), WITHIN)


@pytest.mark.parametrize("then", [pytest.param("return", marks=LONG), "_exit"])
def test_a_console_that_ends_without_a_word(graph: GraphStub, then: str) -> None:
    with Console(graph, 60, then) as console:
        console.terminal.press("enter")
        console.is_gone(WITHIN)
        console.terminal.wait_until(lambda: not console.terminal.alive)


def test_a_stopped_console_shows_nothing(graph: GraphStub) -> None:
    with Console(graph, 60) as console:
        os.kill(console.terminal.pid, signal.SIGSTOP)
        console.is_gone(WITHIN)
        os.kill(console.terminal.pid, signal.SIGCONT)
        console.terminal.wait_until("ended by console-stopped")


def fill(tty: int) -> None:
    """Write until the terminal takes no more. The kernel moves what it took on, so that room may come back."""
    while select.select([], [tty], [], 0.05)[1]:
        with contextlib.suppress(BlockingIOError):
            os.write(tty, b"." * 512)


def children() -> set[int]:
    """Vault children of this process."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and runs(int(entry.name)):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"tui.vault" in words and f"\nPPid:\t{os.getpid()}\n" in (entry / "status").read_text():
                found.add(int(entry.name))
    return found
