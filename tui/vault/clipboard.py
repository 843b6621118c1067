"""The clipboard of this machine. The only place that knows pyperclip; in the child only."""

import hmac
import os
import shutil
import sys
from collections.abc import Callable

import pyperclip

from tui.errors import Problem, ProblemKind

_TOOLS = (("wl-clipboard", "wl-copy", "WAYLAND_DISPLAY"), ("xsel", "xsel", "DISPLAY"), ("xclip", "xclip", "DISPLAY"))
"""pyperclip's name, the program, and what tells that its display is there. Each takes the text on its input.

pyperclip's own choice may be klipper, which is given the text as an argument, where every process sees it.
"""


class LocalClipboard:
    """Holds what was copied as a keyed digest only, to know it again."""

    def __init__(self) -> None:
        self._secret = os.urandom(32)
        self._digest = b""
        self._copy, self._paste = _tool()

    def put(self, text: bytearray) -> None:
        """Copy; raises `Problem` when the tool refuses."""
        self._digest = self._of(bytes(text))
        try:
            self._copy(text.decode("ascii"))
        except (OSError, RuntimeError):
            raise _no_tool("The clipboard program failed") from None

    def take_back(self) -> bool:
        """Empty the clipboard if the key is still there; what somebody copied since then stays."""
        try:
            if not self._digest or not hmac.compare_digest(self._of(self._paste().encode()), self._digest):
                return False
            self._copy("")
        except (OSError, RuntimeError, UnicodeError):
            return False
        return True

    def _of(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text.rstrip(b"\r\n"), "sha256")


def _tool() -> tuple[Callable[[str], None], Callable[[], str]]:
    name = {"darwin": "pbcopy", "win32": "windows"}.get(sys.platform)
    for tool, program, display in () if name else _TOOLS:
        if os.environ.get(display) and shutil.which(program):
            name = tool
            break
    if name is None:
        raise _no_tool("None of wl-copy, xsel and xclip is there, with a display to go with it")
    pyperclip.set_clipboard(name)
    return pyperclip.copy, pyperclip.paste


def _no_tool(why: str) -> Problem:
    return Problem(ProblemKind.LOCAL, "The key cannot be copied", why, "Read it out instead")
