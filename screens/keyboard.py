"""The keyboard goes to the vault and comes back: Textual must not read the terminal while digits may be typed."""

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

QUIET_SECONDS = 0.4
"""A pause in typing that means that nothing more of it comes."""
PATIENCE_SECONDS = 2.0


@asynccontextmanager
async def lent_keyboard(app: App[Any], midway: Callable[[], bool]) -> AsyncIterator[None]:
    """Textual's input thread has ended, and nothing in this process reads the terminal until the end of the block.

    Then Textual reads again, whatever became of the vault. When the end came amid typing (`midway`), the rest
    is thrown away in the kernel, so that no digit is read here. Without a terminal nothing happens.
    """
    driver = app._driver
    if not isinstance(driver, LinuxDriver):
        yield
        return
    await asyncio.to_thread(_stop_reading, driver)
    try:
        yield
        if midway():
            await _until_quiet(driver.fileno)
    finally:
        _read_again(driver)


def _stop_reading(driver: LinuxDriver) -> None:
    # Textual's own way, without the rest of `disable_input`, which would also turn resize and mouse off.
    driver.exit_event.set()
    if driver._key_thread is not None:
        driver._key_thread.join()
    driver.exit_event.clear()


def _read_again(driver: LinuxDriver) -> None:
    if driver._key_thread is not None and driver._key_thread.is_alive():
        # A stop and a return of the whole console came in between.
        return
    # A daemon: at the console's own end nobody may ask it to stop any more.
    driver._key_thread = Thread(target=driver._run_input_thread, name="textual-input", daemon=True)
    driver._key_thread.start()


async def _until_quiet(fileno: int) -> None:
    """Throw away what comes in, until nothing has come for a moment: the vault may end in the middle of a block."""
    clock = asyncio.get_running_loop().time
    began = last = clock()
    while clock() - last < QUIET_SECONDS and clock() - began < PATIENCE_SECONDS:
        if waiting(fileno):
            last = clock()
        try:
            termios.tcflush(fileno, termios.TCIFLUSH)
        except termios.error:
            return
        await asyncio.sleep(0.02)


def waiting(fileno: int) -> int:
    """Bytes that were typed and not read (ioctl_tty(2), FIONREAD)."""
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(fileno, termios.FIONREAD, bytes(4)))
    except OSError:
        return 0
    return int(count)


def terminal_size(app: App[Any]) -> os.terminal_size | None:
    """The terminal's size now; the vault may have read the report of it."""
    driver = app._driver
    try:
        return os.get_terminal_size(driver.fileno) if isinstance(driver, LinuxDriver) else None
    except OSError:
        return None
