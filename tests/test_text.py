"""The door for untrusted text: nothing that a terminal would obey comes out of it."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import MAX_LENGTH, clean, clean_line

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
SEQUENCES = (
    "\x1b[31m",
    "\x1b]52;c;aGk=\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x1bP+q\x1b\\",
    "\x9b2J",
    "\x9d0;t\x9c",
    "\x1bc",
)
hostile = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x9b\x9d\x90\x07[];m\\\u202e\u200d")), max_size=200)


@given(hostile)
def test_nothing_that_a_terminal_obeys_comes_out(text: str) -> None:
    assert not OBEYED.search(clean(text))
    assert not OBEYED.search(clean_line(text))


@given(hostile)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=80))
def test_honest_words_stay(text: str) -> None:
    honest = unicodedata.normalize("NFC", text)
    if not re.search("[\u115f\u1160\u3164\uffa0]", honest):
        assert clean(honest) == honest


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_goes_as_a_whole(sequence: str) -> None:
    assert clean(f"before{sequence} after") == "before after"


def test_what_is_not_finished_takes_no_more_than_its_line() -> None:
    assert clean("a\x1b]52;c;secret\nb") == "a\nb"


def test_markup_is_text() -> None:
    assert clean("[/foo] [@click=app.quit]") == "[/foo] [@click=app.quit]"


def test_a_line_has_no_breaks_and_a_length() -> None:
    assert clean_line("a\r\nb\t c\u00a0 d") == "a b c d"
    assert len(clean_line("x" * 10_000)) == 500
    assert clean_line("  plain \u200b  words ") == clean_line("  plain   words ") == "plain words"
    assert clean_line("one   two", 3) == clean_line("one\u00a0two", 3) == "one"
    assert len(clean("x" * (MAX_LENGTH * 3))) == MAX_LENGTH


def test_stacked_marks_are_capped() -> None:
    assert len(clean("a" + "\u0301" * 500)) <= 5


def test_hostile_length_costs_no_more_than_honest_length() -> None:
    def seconds(text: str) -> float:
        started = time.perf_counter()
        clean(text)
        return time.perf_counter() - started

    size = 40_000
    honest = max(min(seconds("honest words " * (size // 13)) for _ in range(5)), 1e-5)
    for piece in ("\x1b", "\x1b[", "\x1b]", "\x9b", "\u0301", "\x1b]\n"):
        assert min(seconds(piece * (size // len(piece))) for _ in range(3)) < 60 * honest, piece
