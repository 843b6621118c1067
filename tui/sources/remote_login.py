"""Logging in to a device over SSH, through the jump host: host keys enforced, keys only, nothing forwarded.

No file of the user's own SSH configuration is read, no password is asked for or kept, and no host key is taken on first
sight. `asyncssh` is imported when the first login is made.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.errors import Problem, ProblemKind
from tui.text import clean_line

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection, SSHKeyPair

SETTING = "[remote_shell] in the config"
CONNECT_SECONDS = 20.0
KEEPALIVE_SECONDS = 5
"""A peer that answers three of these no more is taken for gone; without them nobody would notice."""

SSH_PORT = 22

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63}){0,8}")
_CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Address:
    """A host and its port."""

    host: str
    port: int = SSH_PORT

    def __str__(self) -> str:
        return self.host if self.port == SSH_PORT else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """Where to log in, and with what.

    `known_hosts` is a file in OpenSSH's form, where a `@cert-authority` line is enough for all devices. With `key_file`
    that key is used and no other, else those of the agent; `certificate_file` goes with either. A device's address is
    its name and `domain`.
    """

    jump: Address
    known_hosts: Path
    user: str
    device_user: str = ""
    device_port: int = SSH_PORT
    domain: str = ""
    key_file: Path | None = None
    certificate_file: Path | None = None
    agent: str = ""
    """Socket of the SSH agent; $SSH_AUTH_SOCK where it is empty."""

    def address_of(self, device_name: str) -> Address:
        """The address of a device; raises `Problem` for a name that no host can have."""
        host = f"{device_name}.{self.domain}" if self.domain and "." not in device_name else device_name
        return Address(checked_host(host), self.device_port)


def parse_address(text: str) -> Address:
    """`host` or `host:port`; raises `Problem(CONFIG)`."""
    host, _, port = text.strip().partition(":")
    if not _HOST.fullmatch(host) or (port and not (port.isdecimal() and 0 < int(port) < 65_536)):
        why = f"{clean_line(text, 100)!r} is no host and port"
        raise Problem(ProblemKind.CONFIG, f"{SETTING} names no jump host", why, "Write HOST or HOST:PORT.")
    return Address(host, int(port or SSH_PORT))


def checked_host(name: str) -> str:
    """A device's name as a host name (RFC 1123); it comes from a directory and is not to be trusted."""
    if not _HOST.fullmatch(name):
        why = f"{clean_line(name, 80)!r} cannot be the name of a host"
        raise Problem(ProblemKind.POLICY, "The device was not contacted", why, "Look the device up again.")
    return name


@asynccontextmanager
async def logged_in(
    settings: LoginSettings, device: Address, on_step: Callable[[str], None]
) -> AsyncIterator[SSHClientConnection]:
    """A connection to the device through the jump host, both closed at the end. Raises `Problem`."""
    _readable(settings.known_hosts, "known_hosts")
    async with AsyncExitStack() as stack:
        keys = await _keys(settings, stack)
        on_step(f"logging in to the jump host {settings.jump}")
        jump = await _login(settings, settings.jump, settings.user, keys, None)
        stack.push_async_callback(_close, jump)
        on_step(f"logging in to {device}")
        connection = await _login(settings, device, settings.device_user or settings.user, keys, jump)
        stack.push_async_callback(_close, connection)
        yield connection


async def _login(
    settings: LoginSettings,
    address: Address,
    user: str,
    keys: Sequence[SSHKeyPair],
    tunnel: SSHClientConnection | None,
) -> SSHClientConnection:
    import asyncssh

    options: dict[str, Any] = {
        # Without these two asyncssh reads the user's own files, or checks nothing at all.
        "config": None,
        "known_hosts": str(settings.known_hosts),
        "client_keys": keys,
        "agent_path": None,
        "agent_forwarding": False,
        "preferred_auth": ("publickey",),
        "password_auth": False,
        "kbdint_auth": False,
        "host_based_auth": False,
        "gss_host": None,
        "gss_auth": False,
        "gss_kex": False,
        "x509_trusted_certs": None,
        "compression_algs": ("none",),
        "login_timeout": CONNECT_SECONDS,
        "keepalive_interval": KEEPALIVE_SECONDS,
        "keepalive_count_max": 3,
    }
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncssh.connect(address.host, address.port, username=user, tunnel=tunnel or (), **options)
    except (asyncssh.Error, OSError, ValueError) as error:
        raise login_problem(error, address, user, settings) from None


async def _close(connection: SSHClientConnection) -> None:
    connection.close()
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await connection.wait_closed()
    except (TimeoutError, OSError):
        connection.abort()


async def _keys(settings: LoginSettings, stack: AsyncExitStack) -> Sequence[SSHKeyPair]:
    """The key pairs to offer: of the key file, or of the agent; never those that lie in the home directory."""
    # The import takes 0.25 s, which the event loop does not have.
    asyncssh = await asyncio.to_thread(__import__, "asyncssh")
    certificates = [str(_readable(settings.certificate_file, "certificate"))] if settings.certificate_file else []
    try:
        if settings.key_file is not None:
            key = str(_readable(settings.key_file, "key"))
            pairs = await asyncio.to_thread(asyncssh.load_keypairs, [key], None, certificates)
        else:
            pairs = await _agent_keys(settings, stack, certificates)
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError, ValueError) as error:
        if "passphrase" in str(error).lower():
            why = "It is protected by a passphrase, and this console asks for none"
            raise _config(f"{settings.key_file} cannot be used", why, "Load it into an SSH agent.") from None
        raise _config("The SSH key or certificate cannot be read", _words(error), f"Look at {SETTING}.") from None
    if not pairs:
        raise _config("No SSH key is at hand", "The agent holds none", "Add one to the agent, or name a key file.")
    found: Sequence[SSHKeyPair] = pairs
    return found


async def _agent_keys(settings: LoginSettings, stack: AsyncExitStack, certificates: list[str]) -> Sequence[SSHKeyPair]:
    import asyncssh

    path = settings.agent or os.environ.get("SSH_AUTH_SOCK", "")
    step = f"Start an agent, or name a key file: {SETTING}."
    if not path:
        raise _config("No SSH key is at hand", "No key file is named, and no agent is running", step)
    try:
        agent = asyncssh.SSHAgentClient(path)
        await agent.connect()
    except OSError as error:
        raise _config("The SSH agent does not answer", _words(error), step) from None
    stack.push_async_callback(agent.wait_closed)
    stack.callback(agent.close)
    return asyncssh.load_keypairs(list(await agent.get_keys()), None, certificates)


def _readable(path: Path | None, what: str) -> Path:
    """A file that is there; an empty or missing list of known hosts must not read as a list of none."""
    try:
        fine = path is not None and stat.S_ISREG(path.stat().st_mode) and path.stat().st_size > 0
    except OSError:
        fine = False
    if path is None or not fine:
        raise _config(f"The {what} file {path} cannot be used", "It is missing or empty", f"Look at {SETTING}.")
    return path


def _config(what: str, why: str, step: str) -> Problem:
    return Problem(ProblemKind.CONFIG, what, why, step)


def login_problem(error: BaseException, address: Address, user: str, settings: LoginSettings) -> Problem:
    """Why there is no login, in words."""
    import asyncssh

    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        step = f"Do not go on; ask who runs the host. Known keys: {settings.known_hosts}"
        return Problem(ProblemKind.ALARM, f"The host key of {address} is not a known one", _words(error), step)
    if isinstance(error, asyncssh.PermissionDenied):
        step = "Look whether your certificate has expired, and whether your account may log in there."
        return Problem(ProblemKind.FORBIDDEN, f"{address} did not let {user} in", _words(error), step)
    if isinstance(error, asyncssh.ChannelOpenError):
        step = f"See that the device is on and runs an SSH server, and that {settings.jump} may reach it."
        what = f"{settings.jump} could not reach {address}"
        return Problem(ProblemKind.UNREACHABLE, what, _words(error), step)
    step = f"Look at {SETTING}, the network and the firewall."
    if isinstance(error, TimeoutError):
        why = f"It did not answer within {CONNECT_SECONDS:.0f} s"
        return Problem(ProblemKind.UNREACHABLE, f"No connection to {address} came about", why, step)
    return Problem(ProblemKind.UNREACHABLE, f"No connection to {address} came about", _words(error), step)


def _words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens there, or a firewall says no"
    if isinstance(error, socket.gaierror):
        return "The name could not be resolved"
    return clean_line(str(error) or type(error).__name__, 300)
