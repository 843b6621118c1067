"""What the vault child does: reads one password, in a process of its own. libldap holds the GIL while it waits."""

import asyncio
import json
import sys

import msgspec

from tui.errors import Problem
from tui.sources.active_directory.connection import _client, load
from tui.sources.active_directory.password import PasswordRequest, read_password
from tui.sources.active_directory.server import DirectoryServer


async def read_in_child(server: DirectoryServer, *arguments: str) -> str:
    """Run this file; what it prints."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        printed, _ = await child.communicate(msgspec.json.encode(server))
    return printed.decode()


def _main() -> None:
    server = msgspec.json.decode(sys.stdin.buffer.read(), type=DirectoryServer)
    if not sys.argv[1:]:
        _bind_without_a_look(server)
        return
    try:
        answer = {"password": read_password(server, PasswordRequest(*sys.argv[1:])).decode()}
    except Problem as problem:
        answer = {"kind": problem.kind}
    print(json.dumps(answer))


def _bind_without_a_look(server: DirectoryServer) -> None:
    """libldap alone, without the probe before it."""
    bonsai = load()
    client = _client(bonsai, server, ())
    client.set_credentials("SIMPLE", server.user, "invented")
    try:
        client.connect(timeout=5)
    except bonsai.LDAPError as error:
        print(type(error).__name__)


if __name__ == "__main__":
    _main()
