"""The vault child: `python -m tui.vault TTY`, where TTY is an inherited file descriptor. The console starts it."""

import asyncio
import os
import sys

from tui.vault.hardening import harden


def main() -> None:
    """Harden, then load everything else, serve, and leave nothing running."""
    try:
        harden()
    except OSError:
        os._exit(70)
    asyncio.run(_live(int(sys.argv[1])))


UNNEEDED = ("h2", "click", "rich", "pygments")
"""Optional for httpx: HTTP/2 and its own command line. They would be a quarter of what a start takes."""


async def _live(tty: int) -> None:
    # To import what is None fails at once (Python's import system, "The module cache").
    sys.modules.update(dict.fromkeys(UNNEEDED))  # type: ignore[arg-type]
    # Loads the SDK: only behind the hardening.
    from tui.vault.serving import serve

    await serve(tty)
    # The loop's orderly end would wait for threads, such as a name lookup that hangs.
    os._exit(0)


if __name__ == "__main__":
    main()
