"""The terminal driver: Textual's own, with the ability to hold its output while the vault draws."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver


class ConsoleDriver(LinuxDriver):
    """While the output is held, writes are kept and follow in order afterwards.

    Textual hands its output to a thread. Only when that thread has ended is it certain that no byte of a frame is
    under way, so holding ends the thread and letting go starts a new one.
    """

    _held: list[str] | None = None

    def write(self, data: str) -> None:
        """Write to the terminal, or keep what is written while the output is held."""
        if self._held is None:
            super().write(data)
        else:
            self._held.append(data)

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
            for data in kept:
                super().write(data)
