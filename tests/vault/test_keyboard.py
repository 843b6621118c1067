"""What terminals send becomes digits and key names, however it is cut."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vault.keyboard import ESCAPE_SECONDS, Keyboard, Press

SENT: dict[str, tuple[bytes, list[Press]]] = {
    "digits": (b"042", [0, 4, 2]),
    "letters": (b"vT", ["v", "T"]),
    "named": (b" \r\t\x7f\x08", ["space", "enter", "tab", "backspace", "backspace"]),
    "control": (b"\x1a\x03\x11", ["ctrl+z", "ctrl+c", "ctrl+q"]),
    "focus": (b"\x1b[O\x1b[I", ["blur", "focus"]),
    "arrows": (b"\x1b[A\x1b[3~", ["up", "delete"]),
    "mouse": (b"\x1b[<35;10;12M7\x1b[<0;1;1m", [7]),
    "in-band resize": (b"\x1b[48;40;120;800;1920t", ["resize"]),
    "kitty digit": (b"\x1b[55;1;55u", [7]),
    "kitty digit without text": (b"\x1b[55u", [7]),
    "kitty release": (b"\x1b[55;1:3u", []),
    "kitty escape": (b"\x1b[27u", ["escape"]),
    "kitty ctrl+z": (b"\x1b[122;5u", ["ctrl+z"]),
    "kitty shifted": (b"\x1b[116;2;84u", ["T"]),
    "kitty alt": (b"\x1b[120;3u", []),
    "alt": (b"\x1bx1", [1]),
    "function key": (b"\x1bOP5", [5]),
    "answers of the terminal": (b"\x1b[?62;22c\x1b[?2026;2$y\x1b]11;rgb:0000/0000/0000\x07\x1bP1$r0m\x1b\\3", [3]),
    "other scripts": ("٣é漢4".encode(), [4]),
    "paste": (b"\x1b[200~x 12\x1b[201~x", [1, 2, "x"]),
}


@pytest.mark.parametrize(("sent", "pressed"), SENT.values(), ids=SENT.keys())
def test_what_a_terminal_sends(sent: bytes, pressed: list[Press]) -> None:
    whole = Keyboard().feed(sent)
    assert whole == pressed
    keyboard = Keyboard()
    assert [press for byte in sent for press in keyboard.feed(bytes([byte]))] == pressed


def test_a_lone_escape_is_a_key_after_a_moment() -> None:
    keyboard = Keyboard()
    assert keyboard.feed(b"\x1b") == []
    assert keyboard.settle() == []
    deadline = time.monotonic() + ESCAPE_SECONDS + 1
    while not (pressed := keyboard.settle()):
        assert time.monotonic() < deadline
    assert pressed == ["escape"]
    assert keyboard.settle() == []
    assert keyboard.feed(b"[O") == ["O"]


@given(st.binary(max_size=200))
def test_no_bytes_break_it_and_names_hold_no_digit(data: bytes) -> None:
    for press in Keyboard().feed(data):
        assert isinstance(press, int) or not any(letter.isdigit() for letter in press)


@given(st.lists(st.sampled_from([sent for sent, _ in SENT.values()]), max_size=8), st.data())
def test_where_it_is_cut_does_not_matter(parts: list[bytes], data: st.DataObject) -> None:
    sent = b"".join(parts)
    cut = data.draw(st.integers(0, len(sent)))
    keyboard = Keyboard()
    assert keyboard.feed(sent[:cut]) + keyboard.feed(sent[cut:]) == Keyboard().feed(sent)
