"""The courier: `python -m tui.courier SOCKET`, where SOCKET is an inherited file descriptor. The console starts it."""

import asyncio
import os
import socket
import sys

from tui.vault.hardening import harden


def main() -> None:
    """Harden, for tokens are kept here; then load everything else, serve, and leave nothing running."""
    try:
        harden()
    except OSError:
        os._exit(70)
    link = socket.socket(fileno=int(sys.argv[1]))
    # What a way of signing in starts, such as a browser, does not get it.
    link.set_inheritable(False)
    asyncio.run(_live(link))


async def _live(link: socket.socket) -> None:
    # Loads the SDK: only behind the hardening.
    from tui.courier.serving import serve

    await serve(*await asyncio.open_unix_connection(sock=link))
    # The loop's orderly end would wait for threads, such as a name lookup that hangs.
    os._exit(0)


if __name__ == "__main__":
    main()
