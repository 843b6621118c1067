"""A12: whatever fails while a key is shown, the pane is clean, the vault is gone, and no traceback tells anything."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.security.broken_console import points
from tests.security.test_ending_attacks import Shown, breakable, outcomes, runs
from tests.security.watching import ROOT, put
from tests.support.terminal import Terminal
from tests.terminal.desk import Desk, blocks_on_screen, desk

pytestmark = pytest.mark.timeout(300)
AFTER_X = 2.0
"""Seconds: the vault takes the digits away by itself; one that has to be killed takes longer."""


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("faults")) as found:
        yield found


def break_each(morning: Desk, folder: Path, chosen: Sequence[str]) -> list[str]:
    """Break at each point while a key is shown; the points that were come by."""
    left, hit = list(chosen), []
    while left:
        with breakable(morning, folder) as terminal:
            selected, shown = False, None
            while left and terminal.alive:
                name = left.pop()
                shown = Shown(morning, terminal, select_ticket=not selected)
                selected = True
                if break_at(terminal, shown, folder, name):
                    hit.append(name)
                    print(name, source_of(name).strip())
                    # A console that has met a fault is not used again.
                    break
            if shown is not None:
                leave(terminal, shown)
    return hit


def break_at(terminal: Terminal, shown: Shown, folder: Path, name: str) -> bool:
    """Whether the point came by between the drawing and the end of the disclosure."""
    put(folder / "at", name)
    hit = folder / "hit"
    for key in ("space", "m", "a", "x"):
        # What is pressed after the end of the disclosure would go to the queue.
        if hit.exists() or not is_shown(terminal):
            break
        before = blocks_on_screen(terminal), "reads back  ______" in terminal.frame()
        terminal.press(key)
        with suppress(AssertionError):
            terminal.wait_until(
                lambda before=before: (
                    hit.exists()  # type: ignore[misc]
                    or before != (blocks_on_screen(terminal), "reads back  ______" in terminal.frame())
                ),
                1,
            )
    with suppress(AssertionError):
        terminal.wait_until(lambda: not is_shown(terminal), 1)
    if terminal.alive and is_shown(terminal):
        terminal.press("x")
    try:
        shown.is_gone(AFTER_X)
        terminal.wait_until(lambda: not terminal.alive or is_back(terminal), 10)
    except AssertionError as error:
        raise AssertionError(f"after a fault at {name}: {source_of(name).strip()}: {error}") from None
    (folder / "at").unlink(missing_ok=True)
    return hit.rename(folder / "last").exists() if hit.exists() else False


def is_shown(terminal: Terminal) -> bool:
    """The pane of the disclosure is there."""
    return "Recovery key" in terminal.frame()


def is_back(terminal: Terminal) -> bool:
    """The queue is there again; the dialog that says what failed is closed."""
    if has_dialog(terminal):
        terminal.press("escape")
        return False
    return "R Reveal" in terminal.frame()


def has_dialog(terminal: Terminal) -> bool:
    """Something that failed is said over the queue."""
    return "tell the maintainers" in terminal.frame()


def leave(terminal: Terminal, shown: Shown) -> None:
    """End the console, and look at what stands on the terminal then."""
    if terminal.alive:
        terminal.press("ctrl+q")
        terminal.wait_until(lambda: not terminal.alive or "not proven rotated" in terminal.frame())
        terminal.press("y")
        terminal.wait_until(lambda: not terminal.alive, 15)
    last_words = terminal.raw.rpartition(b"\x1b[?1049l")[2]
    assert not any(block.encode() in last_words for block in shown.blocks)
    assert b"Traceback" not in last_words
    assert not runs(shown.vault)


@pytest.mark.attack("A12")
def test_a_fault_while_a_key_is_shown_clears_it_and_prints_nothing(morning: Desk, tmp_path: Path) -> None:
    every = points()
    working = next(name for name in every if "await work(self._disclosure)" in source_of(name))
    assert break_each(morning, tmp_path, [working]) == [working]
    assert all(row["ended_by"] for row in outcomes(morning))


def source_of(name: str) -> str:
    """The line of a point."""
    module, line, _ = name.split(":")
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8").splitlines()[int(line) - 1]


@pytest.mark.attack("A12")
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_fault_at_every_point_clears_the_key(morning: Desk, tmp_path: Path) -> None:
    every = points()
    hit = break_each(morning, tmp_path, every)
    print(f"{len(every)} points, {len(hit)} were come by")
    assert len(hit) > len(every) / 4
    assert all(row["ended_by"] for row in outcomes(morning))
