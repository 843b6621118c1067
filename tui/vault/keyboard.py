"""The terminal's input while the vault has the keyboard: bytes in, digits and key names out.

Names are Textual's (`escape`, `ctrl+z`, `space`), so that the console can go on with them. What has no name here, such
as the mouse, is swallowed.
"""

import re
import time

ESCAPE_SECONDS = 0.1
"""After that a lone ESC was the key, and not the beginning of a sequence."""
_LONGEST = 4096

_SEQUENCE = re.compile(
    rb"\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    rb"|\x1bO(?P<ss3>[@-~])"
    rb"|\x1b[P\]X^_](?s:.*?)(?:\x07|\x1b\\)"
    rb"|\x1b(?P<alt>[^\[OP\]X^_])"
    rb"|(?P<plain>[^\x1b])",
)
_KITTY = re.compile(rb"(\d+)(?::[\d:]*)?(?:;(\d*)(?::(\d+))?)?(?:;([\d:]*))?u")
_RESIZE = re.compile(rb"48;\d+;\d+;\d+;\d+t")

_NAMED = {
    0x0D: "enter",
    0x0A: "enter",
    0x09: "tab",
    0x1B: "escape",
    0x20: "space",
    0x7F: "backspace",
    0x08: "backspace",
}
_CSI = {
    b"O": "blur",
    b"I": "focus",
    b"A": "up",
    b"B": "down",
    b"C": "right",
    b"D": "left",
    b"3~": "delete",
    b"200~": "paste-begin",
    b"201~": "paste-end",
}
_SHIFT, _CONTROL, _RELEASE = 1, 4, 3

Press = int | str
"""A digit, or the name of a key."""


class Keyboard:
    """Takes bytes as they come; a sequence may be cut anywhere."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._since = 0.0
        self._pasting = False

    def feed(self, data: bytes) -> list[Press]:
        """What was pressed, in order. Of a paste only the digits count: its letters were not meant as keys."""
        self._held += data
        self._since = time.monotonic()
        pressed: list[Press] = []
        end = 0
        while found := _SEQUENCE.match(self._held, end):
            end = found.end()
            self._take(_meaning(found), pressed)
        self._drop(end)
        if len(self._held) > _LONGEST:
            self._drop(len(self._held))
        return pressed

    def settle(self) -> list[Press]:
        """Call now and then: a lone ESC that nothing followed is the key."""
        if self._held != b"\x1b" or time.monotonic() - self._since < ESCAPE_SECONDS:
            return []
        self._drop(1)
        return ["escape"]

    def wipe(self) -> None:
        """Forget what was begun."""
        self._drop(len(self._held))

    def _take(self, press: Press | None, pressed: list[Press]) -> None:
        if press in ("paste-begin", "paste-end"):
            self._pasting = press == "paste-begin"
        elif press is not None and (isinstance(press, int) or not self._pasting):
            pressed.append(press)

    def _drop(self, count: int) -> None:
        self._held[:count] = bytes(count)
        del self._held[:count]


def _meaning(found: re.Match[bytes]) -> Press | None:
    if (csi := found["csi"]) is not None:
        if _RESIZE.fullmatch(csi):
            return "resize"
        kitty = _KITTY.fullmatch(csi)
        return _of_kitty(kitty) if kitty else _CSI.get(csi)
    if (plain := found["plain"]) is not None:
        return _of_code(plain[0])
    return None


def _of_kitty(found: re.Match[bytes]) -> Press | None:
    """https://sw.kovidgoyal.net/kitty/keyboard-protocol/: code, modifiers plus one, event, text."""
    code, modifiers, event, text = found.groups()
    held = int(modifiers or b"1") - 1
    if event and int(event) == _RELEASE:
        return None
    number = int(text.split(b":")[0]) if text else int(code)
    if held & _CONTROL:
        return f"ctrl+{chr(number)}" if 0x61 <= number <= 0x7A else None
    if held & ~_SHIFT & 0x3F:
        return None
    return _of_code(number)


def _of_code(code: int) -> Press | None:
    if 0x30 <= code <= 0x39:
        return code - 0x30
    if name := _NAMED.get(code):
        return name
    if code < 0x20:
        return f"ctrl+{chr(code + 0x60)}" if 1 <= code <= 26 else None
    letter = chr(code)
    return letter if letter.isascii() and letter.isalpha() else None
