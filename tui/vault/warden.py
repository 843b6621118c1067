"""Starts vault children. The console holds one of these; it never holds a recovery password."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import tui
from tui.errors import Problem, ProblemKind
from tui.ports import AccessToken
from tui.sources.active_directory.server import DirectoryServer
from tui.vault.environment import DISPLAY_VARIABLES
from tui.vault.messages import LINE_LIMIT, Prepare, line
from tui.vault.process import VaultProcess

# Where OpenSSL looks for authorities: the child must trust what the console trusts.
_PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class Warden:
    """`tui.ports.KeyVault`: one child per reveal, fetching from one Graph endpoint, drawing on one terminal.

    `endpoint` is scheme and host without version. `tty` is a path, or a descriptor that is open on the terminal;
    without it the console's own terminal is taken. `timeout` is for the one call to Graph, in seconds. `clipboard` lets
    the child find this machine's clipboard programs and their display; `directory` is where keys of AD DS are read.
    """

    def __init__(
        self,
        endpoint: str,
        token: AccessToken,
        *,
        tty: str | int | None = None,
        user_agent: str = "",
        timeout: float = 20.0,
        clipboard: bool = False,
        directory: DirectoryServer | None = None,
    ) -> None:
        self._prepare = Prepare(endpoint, user_agent, timeout, directory)
        self._token = token
        self._tty = tty
        self._passed = _PASSED_ON + (("PATH", *DISPLAY_VARIABLES) if clipboard else ()) + _for_directory(directory)
        self._open: set[VaultProcess] = set()

    async def open(self) -> VaultProcess:
        """Start a child; it gets warm while the caller goes on. Raises `Problem(LOCAL)`."""
        tty = _open_tty(self._tty)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "tui.vault",
                str(tty),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # What libraries may print there is not for anybody's eyes.
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(self._passed),
                cwd="/",
                pass_fds=(tty,),
                # Neither Ctrl+C nor Ctrl+Z at the console may reach it.
                start_new_session=True,
                limit=LINE_LIMIT,
            )
        except OSError as error:
            raise Problem(
                ProblemKind.LOCAL,
                "The vault could not be started",
                error.strerror or type(error).__name__,
                "Look at memory and process limits of this machine, and reveal again",
            ) from None
        finally:
            os.close(tty)
        assert process.stdin is not None
        process.stdin.write(line(self._prepare))
        return self._keep(VaultProcess(process, self._token, self._prepare.timeout))

    async def close(self) -> None:
        """End every child that is still open."""
        await asyncio.gather(*(vault.clear("console-closed") for vault in tuple(self._open)))

    def _keep(self, vault: VaultProcess) -> VaultProcess:
        self._open.add(vault)
        vault.when_cleared(lambda: self._open.discard(vault))
        return vault


def _for_directory(server: DirectoryServer | None) -> tuple[str, ...]:
    """What signing in to Active Directory needs of the surroundings, and nothing else of them."""
    if server is None:
        return ()
    if server.sasl == "gssapi":
        return ("KRB5CCNAME", "KRB5_CONFIG", "HOME")
    return ("HOME", "PATH") if server.password_command else (server.password_env,)


def _environment(names: tuple[str, ...]) -> dict[str, str]:
    root = str(Path(tui.__file__).parent.parent)
    passed = {name: os.environ[name] for name in names if name in os.environ}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": root, **passed}


def _open_tty(tty: str | int | None) -> int:
    """A descriptor of its own: making it non-blocking must not change the console's."""
    for path in _tty_paths(tty):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        if os.isatty(descriptor):
            return descriptor
        os.close(descriptor)
    raise Problem(
        ProblemKind.LOCAL,
        "There is no terminal to draw on",
        "A recovery password is drawn on a terminal and nowhere else",
        "Start the console in a terminal",
    )


def _tty_paths(tty: str | int | None) -> list[str]:
    if isinstance(tty, str):
        return [tty]
    # Textual draws on stderr. In a container the terminal's own name may not exist, but its alias does.
    return [*_names((2, 1, 0)), "/dev/tty"] if tty is None else _names((tty,))


def _names(descriptors: tuple[int, ...]) -> list[str]:
    names = []
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            names.append(os.ttyname(descriptor))
    return names
