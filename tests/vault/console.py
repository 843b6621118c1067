"""A console in small, run as a program of its own: opens a vault on its terminal, draws one key, and says so."""

import asyncio
import os
import sys

from tests.vault.conftest import REQUEST, StillToken, in_seconds, region
from tui.vault.warden import Warden


def say(row: int, text: str) -> None:
    """Write a line of the screen."""
    os.write(1, f"\x1b[{row};1H{text}\x1b[K".encode())


async def main(endpoint: str, seconds: float, then: str) -> None:
    """Draw, and then wait for the end, or leave in one of the ways a program can."""
    vault = await Warden(endpoint, StillToken()).open()
    say(20, f"vault {vault.pid}.")
    await vault.read(REQUEST)
    await vault.draw(region(), in_seconds(seconds))
    say(21, "drawn")
    if then == "return":
        await asyncio.to_thread(sys.stdin.readline)
        return
    if then == "_exit":
        await asyncio.to_thread(sys.stdin.readline)
        os._exit(3)
    cleared = await vault.cleared()
    say(22, f"ended by {cleared.ended_by} after {cleared.shown_ms} ms.")
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
