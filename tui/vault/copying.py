"""A copy of the key on a clipboard, and its end."""

import asyncio
import base64
from typing import TYPE_CHECKING, Literal

from tui.errors import Problem, ProblemKind
from tui.vault.drawing import Pane
from tui.vault.password import RecoveryPassword

if TYPE_CHECKING:
    from tui.vault.clipboard import LocalClipboard

TAKE_BACK_SECONDS = 0.5
"""How long a clipboard program may take at the end, when the vault has to be gone."""


class Copying:
    """At most one local clipboard; what went out over OSC 52 cannot be looked at again, so it is not taken back."""

    def __init__(self, pane: Pane) -> None:
        self._pane = pane
        self._local: LocalClipboard | None = None

    async def copy(self, password: RecoveryPassword, route: Literal["local", "osc52"]) -> None:
        """Copy by a route; raises `Problem`."""
        text = password.dashed()
        try:
            if route == "osc52":
                self._send(text)
            else:
                # Loads pyperclip, which other disclosures do not need.
                from tui.vault.clipboard import LocalClipboard

                self._local = self._local or LocalClipboard()
                await asyncio.to_thread(self._local.put, text)
        finally:
            text[:] = bytes(len(text))

    async def take_back(self) -> None:
        """Empty the clipboard if the key is still there, within its time."""
        if self._local is None:
            return
        try:
            async with asyncio.timeout(TAKE_BACK_SECONDS):
                await asyncio.to_thread(self._local.take_back)
        except TimeoutError:
            return

    def _send(self, text: bytearray) -> None:
        # xterm, "Operating System Commands", 52.
        sequence = bytearray(b"\x1b]52;c;" + base64.b64encode(text) + b"\x07")
        try:
            if not self._pane.send(sequence):
                raise Problem(
                    ProblemKind.LOCAL, "The terminal takes no output", "Nothing was copied", "Read the key out instead"
                )
        finally:
            sequence[:] = bytes(len(sequence))
