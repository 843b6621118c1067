"""A recovery password from Active Directory, in the child."""

import asyncio

from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.password import PasswordRequest, read_password
from tui.sources.active_directory.server import DirectoryServer
from tui.vault.password import RecoveryPassword, checked


async def password_on_prem(server: DirectoryServer | None, object_guid: str, key_id: str) -> RecoveryPassword:
    """Read one recovery object and check its ID and its eight blocks; raises `Problem` as `read_password` does.

    libldap keeps the interpreter to itself while it waits, so that an order to end is obeyed after it, or the console
    kills the child; nothing has been drawn by then.
    """
    if server is None:
        raise Problem(
            ProblemKind.CONFIG,
            "This key is kept in Active Directory, and none is configured",
            "The config has no [active_directory]",
            "Add it, or read the key with the AD team's own tools",
        )
    octets = await asyncio.to_thread(read_password, server, PasswordRequest(object_guid, key_id))
    try:
        return RecoveryPassword(checked(octets.decode("ascii", "replace")))
    finally:
        octets[:] = bytes(len(octets))
