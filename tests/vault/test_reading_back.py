"""One block at a time: read aloud by its words, typed as the caller reads it back, compared inside the vault."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.terminal import Terminal
from tests.vault.conftest import REQUEST, StillToken, in_seconds, region
from tests.vault.graph_stub import GraphStub
from tests.vault.watching import BLOCKS, BULLETS, WITHIN, eventually, runs, shown
from tui.errors import Problem
from tui.ports import LANGUAGES, DictationRegion, KeyboardLoan, KeyPressed, Masked, ReadBack, VaultEvent
from tui.vault import process
from tui.vault.digit_words import DIGIT_WORDS
from tui.vault.process import LOST, VaultProcess
from tui.vault.warden import Warden

LINES = ((4, 15), (4, 16))
FIELD = (16, 18)
LOAN = KeyboardLoan(("v", "space", "resize"), (("x", "cleared"), ("escape", "cleared"), ("blur", "blur")))


OTHER_ENDS = (("escape", "cleared"), ("blur", "blur"))


def dictation(block: int = 0, language: str = "en", mask_after_ms: int = 0) -> DictationRegion:
    """A region below the blocks."""
    return DictationRegion((4, 14), f"Block {block + 1}", LINES, 40, FIELD, "1", block, language, mask_after_ms)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal as Textual sets it up, that nobody reads."""
    script = "stty raw -echo; printf ready; exec sleep 600"
    with Terminal(["/bin/sh", "-c", script]) as terminal:
        terminal.wait_until("ready")
        yield terminal


@pytest.fixture
async def heard() -> list[VaultEvent]:
    return []


@pytest.fixture
async def vault(graph: GraphStub, terminal: Terminal, heard: list[VaultEvent]) -> AsyncIterator[VaultProcess]:
    """Holds the key and has the keyboard."""
    warden = Warden(graph.endpoint, StillToken(), tty=terminal.tty)
    vault = await warden.open()
    await vault.read(REQUEST)
    await vault.lend_keyboard(LOAN, heard.append)
    yield vault
    await warden.close()


def field(terminal: Terminal) -> str:
    """What stands in the field."""
    return terminal.text()[FIELD[1]][FIELD[0] : FIELD[0] + 6]


def words(terminal: Terminal) -> list[str]:
    """What stands in the two lines."""
    return [terminal.text()[row][column : column + 40].rstrip() for column, row in LINES]


async def test_every_language_is_drawn_with_its_words(vault: VaultProcess, terminal: Terminal) -> None:
    assert tuple(DIGIT_WORDS) == LANGUAGES
    for block, language in enumerate(LANGUAGES):
        spoken = [DIGIT_WORDS[language][int(digit)] for digit in BLOCKS[block]]
        await vault.dictate(dictation(block, language), in_seconds(60))
        expected = [f"{BLOCKS[block][:3]}   {' '.join(spoken[:3])}", f"{BLOCKS[block][3:]}   {' '.join(spoken[3:])}"]
        await terminal.until(lambda expected=expected: words(terminal) == expected)  # type: ignore[misc]
    assert field(terminal) == "______"


async def test_what_is_typed_is_compared_inside_and_can_be_rubbed_out(
    vault: VaultProcess, terminal: Terminal, heard: list[VaultEvent]
) -> None:
    wrong = BLOCKS[2][:4] + str((int(BLOCKS[2][4]) + 1) % 10) + BLOCKS[2][5]
    turns = [(BLOCKS[2], ReadBack(2, ()), "✓✓✓✓✓✓"), (wrong, ReadBack(2, (4,)), "✓✓✓✓✗✓")]
    for typed, answer, marks in turns:
        await vault.dictate(dictation(2), in_seconds(60))
        terminal.type(typed[:5])
        await terminal.until(lambda: field(terminal) == "•••••_")
        terminal.type(typed[5])
        await eventually(lambda answer=answer: answer in heard)  # type: ignore[misc]
        await terminal.until(lambda marks=marks: field(terminal) == marks)  # type: ignore[misc]
    other = BLOCKS[5]
    terminal.type(other)
    await eventually(lambda: len(heard) == 3)
    assert isinstance(heard[2], ReadBack)
    assert heard[2].is_block == 5
    heard.clear()
    await vault.dictate(dictation(0), in_seconds(60))
    terminal.type(BLOCKS[0][:2] + "7")
    terminal.press("backspace")
    terminal.type(BLOCKS[0][2:])
    await eventually(lambda: heard == [ReadBack(0, ())])
    terminal.type(BLOCKS[0][:4])
    terminal.press("enter")
    await eventually(lambda: heard[1:] == [ReadBack(0, (4, 5))])


async def test_what_was_typed_goes_on_when_the_block_is_drawn_again(
    vault: VaultProcess, terminal: Terminal, heard: list[VaultEvent]
) -> None:
    await vault.dictate(dictation(0), in_seconds(60))
    terminal.type(BLOCKS[0][:3])
    await terminal.until(lambda: field(terminal) == "•••___")
    await vault.dictate(dictation(0, "de"), in_seconds(60))
    await terminal.until(lambda: words(terminal)[0].endswith(DIGIT_WORDS["de"][int(BLOCKS[0][2])]))
    assert field(terminal) == "•••___"
    wrong = str((int(BLOCKS[0][5]) + 1) % 10)
    terminal.type(BLOCKS[0][3:5] + wrong)
    await eventually(lambda: heard == [ReadBack(0, (5,))])
    await vault.dictate(dictation(0), in_seconds(60))
    await terminal.until(lambda: words(terminal)[0].endswith(DIGIT_WORDS["en"][int(BLOCKS[0][2])]))
    assert field(terminal) == "✓✓✓✓✓✗"
    await vault.dictate(dictation(1), in_seconds(60))
    await terminal.until(lambda: words(terminal)[0].startswith(BLOCKS[1][:3]))
    assert field(terminal) == "______"


async def test_digits_mask_themselves_and_only_their_time_counts(
    vault: VaultProcess, terminal: Terminal, heard: list[VaultEvent]
) -> None:
    await vault.dictate(dictation(3, mask_after_ms=300), in_seconds(60))
    await eventually(lambda: heard == [Masked()], 2)
    await terminal.until(lambda: words(terminal) == ["•••", "•••"], WITHIN)
    assert runs(vault.pid)
    await asyncio.sleep(0.5)
    assert 300 <= (await vault.clear("cleared")).shown_ms < 700


async def test_a_picture_takes_the_place_of_the_one_before_and_digits_are_told_to_nobody(
    vault: VaultProcess, terminal: Terminal, heard: list[VaultEvent]
) -> None:
    await vault.draw(region(), in_seconds(60))
    await vault.dictate(dictation(1), in_seconds(60))
    await terminal.until(lambda: words(terminal)[0].startswith(BLOCKS[1][:3]))
    assert shown(terminal) == BULLETS
    await vault.draw(region((4,)), in_seconds(60))
    await terminal.until(lambda: shown(terminal) == [*BULLETS[:4], BLOCKS[4], *BULLETS[5:]])
    assert words(terminal) == ["•••", "•••"]
    # With nothing to compare them with, digits are told to nobody.
    terminal.type("".join(BLOCKS))
    terminal.type("jk")
    terminal.press("v", "space")
    await eventually(lambda: len(heard) == 2)
    assert heard == [KeyPressed("v"), KeyPressed("space")]


@pytest.mark.parametrize(
    ("key", "why"), [("x", "cleared"), *(pytest.param(*each, marks=pytest.mark.long) for each in OTHER_ENDS)]
)
async def test_keys_that_end_it_need_no_console(vault: VaultProcess, terminal: Terminal, key: str, why: str) -> None:
    await vault.draw(region(), in_seconds(60))
    await terminal.until(lambda: shown(terminal) == BLOCKS)
    terminal.press(key)
    await terminal.until(lambda: shown(terminal) == BULLETS, WITHIN)
    assert (await vault.cleared()).ended_by == why


async def test_a_child_that_falls_silent_is_killed(
    vault: VaultProcess, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SILENT_SECONDS", 2)
    os.kill(vault.pid, signal.SIGSTOP)
    async with asyncio.timeout(5):
        assert (await vault.cleared()).ended_by == LOST
    assert not runs(vault.pid)


async def test_a_dictation_that_does_not_fit_is_not_drawn(vault: VaultProcess, terminal: Terminal) -> None:
    before = terminal.text()
    with pytest.raises(Problem, match="do not fit"):
        await vault.dictate(DictationRegion((4, 14), "", ((60, 15), (60, 16)), 40, FIELD, "1", 0, "en"), in_seconds(60))
    assert terminal.text() == before


async def test_nothing_that_a_heading_holds_is_a_sequence(vault: VaultProcess, terminal: Terminal) -> None:
    for title in ("\x1b[2J", "\x9b2J", "a\nb"):
        wrong = DictationRegion((4, 14), title, LINES, 40, FIELD, "1", 0, "en")
        with pytest.raises((Problem, ValueError)):
            await vault.dictate(wrong, in_seconds(60))
    assert "ready" in terminal.frame()
