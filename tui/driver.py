"""The terminal driver: Textual's own, with one write a frame, and the ability to hold it all while the vault draws."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

AT_ONCE = 512
"""A frame of so many characters is drawn in one go anyhow; a longer one goes between the marks that ask for it.

The marks are those of synchronized output, private mode 2026: 16 bytes, a quarter of a clock's tick.
"""

_MOVE = re.compile(r"\x1b\[\d+;\d+H")


class Frames:
    """Joins what Textual writes piece by piece between two marks."""

    def __init__(self) -> None:
        self._pieces: list[str] | None = None
        self._last = ""

    def take(self, data: str) -> str:
        """What to write now: nothing while a frame is not whole, or when it only puts the cursor where it stands."""
        if data == SYNC_START:
            self._pieces = []
            return ""
        if self._pieces is None:
            return self._news(data)
        if data != SYNC_END:
            self._pieces.append(data)
            return ""
        frame, self._pieces = self._news("".join(self._pieces)), None
        return f"{SYNC_START}{frame}{SYNC_END}" if len(frame) > AT_ONCE else frame

    def forget(self) -> None:
        """Somebody else has moved the cursor."""
        self._last = ""

    def _news(self, frame: str) -> str:
        if _MOVE.fullmatch(frame) and self._last.endswith(frame):
            return ""
        self._last = frame or self._last
        return frame


class ConsoleDriver(LinuxDriver):
    """While the output is held, writes are kept and follow in order afterwards.

    Textual hands its output to a thread. Only when that thread has ended is it certain that no byte of a frame is
    under way, so holding ends the thread and letting go starts a new one.
    """

    _held: list[str] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frames = Frames()

    def write(self, data: str) -> None:
        """Write to the terminal, or keep what is written until its frame is whole and the output no longer held."""
        data = self._frames.take(data)
        if data and self._held is not None:
            self._held.append(data)
        elif data:
            super().write(data)

    @asynccontextmanager
    async def hold_output(self) -> AsyncIterator[None]:
        """Everything written so far is on the terminal, and nothing more follows until the end of the block."""
        writer, file = self._writer_thread, self._file
        if self._held is not None or writer is None or file is None:
            raise RuntimeError("the output is held already, or there is none")
        self._held = []
        try:
            await asyncio.to_thread(writer.stop)
            yield
        finally:
            if writer.is_alive():
                writer.stop()
            self._writer_thread = WriterThread(file)
            self._writer_thread.start()
            kept, self._held = self._held, None
            self._frames.forget()
            for data in kept:
                super().write(data)
