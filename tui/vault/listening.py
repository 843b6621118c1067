"""The keyboard while the vault has it: digits stay here, keys that the console wants go there by name."""

import asyncio
import os
from collections.abc import Callable

from tui.vault.keyboard import Keyboard, Press
from tui.vault.messages import Lend, Pressed, Report
from tui.vault.reading_back import ReadingBack


class Listening:
    """Reads the terminal from `start` on. `reading` is the block that is being read back, if one is."""

    def __init__(self, tty: int, report: Callable[[Report], None], end: Callable[[str], None]) -> None:
        self._tty = tty
        self._report = report
        self._end = end
        self._keyboard = Keyboard()
        self._keys: frozenset[str] = frozenset()
        self._ending: dict[str, str] = {}
        self._reading: ReadingBack | None = None
        self.started = False

    @property
    def reading(self) -> ReadingBack | None:
        """The block that is being read back."""
        return self._reading

    @reading.setter
    def reading(self, reading: ReadingBack | None) -> None:
        if self._reading is not None:
            self._reading.wipe()
        self._reading = reading

    def start(self, order: Lend) -> None:
        """Read from now on. The console has stopped reading."""
        self._keys, self._ending = frozenset(order.keys), dict(order.ending)
        if not self.started:
            self.started = True
            asyncio.get_running_loop().add_reader(self._tty, self._take)

    def stop(self) -> None:
        """Read no more, and forget."""
        if self.started:
            asyncio.get_running_loop().remove_reader(self._tty)
        self.reading = None
        self._keyboard.wipe()

    def settle(self) -> None:
        """Call now and then."""
        self._handle(self._keyboard.settle())

    def _take(self) -> None:
        try:
            data = os.read(self._tty, 1024)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # The terminal is gone, which the watch will say.
            asyncio.get_running_loop().remove_reader(self._tty)
            return
        self._handle(self._keyboard.feed(data))

    def _handle(self, presses: list[Press]) -> None:
        for press in presses:
            if isinstance(press, int):
                self._answer(self._reading.digit(press) if self._reading else None)
            elif press in self._ending:
                self._end(self._ending[press])
            elif press == "backspace" and self._reading:
                self._reading.rub_out()
            elif press == "enter" and self._reading:
                self._answer(self._reading.compare())
            elif press in self._keys:
                self._report(Pressed(press))

    def _answer(self, report: Report | None) -> None:
        if report is not None:
            self._report(report)
