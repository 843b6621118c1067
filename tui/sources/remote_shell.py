"""The collector run on a device over SSH: sent by SFTP, run by Windows PowerShell, one zip fetched, everything removed.

Windows' OpenSSH hands a command line of at most 8,191 characters to cmd.exe, so that the script is sent as a file. It
runs with the execution policy RemoteSigned of its process, which a group policy overrules. A collector that was
cancelled ends with an error where it would write its zip, because that folder is gone by then.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import stat
from base64 import b64encode
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tui.diagnosis.collector import SCRIPT, collector_script
from tui.diagnosis.redact import redact
from tui.errors import Problem, ProblemKind
from tui.services.collection import LARGEST_BUNDLE, Bundle, OnProgress, Progress, Target
from tui.sources.remote_login import Address, LoginSettings, logged_in
from tui.text import clean_line

if TYPE_CHECKING:
    from asyncssh import SFTPClient, SSHClientConnection, SSHClientProcess, SSHReader

MOST_OUTPUT = 1 << 20
"""Bytes that the collector may print; it prints one path and its complaints."""

NOT_ELEVATED = 2
"""Exit status of the collector when it runs without administrator's rights."""

_MOST_FILES = 64
_PIECE = 4 << 20
_KEPT = 4_000
_ZIP = re.compile(r"bitlocker-facts-[A-Za-z0-9-]{1,63}-\d{8}T\d{6}Z\.zip")
_WINDOWS = re.compile(r"/?([A-Za-z]):/(.*)", re.S)
_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")
_CLIXML = re.compile(r"#< CLIXML|<[^>]{0,500}>|_x000[DA]_")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the collector, for the way back and for tidying up, and bytes of the zip."""

    collect: float = 600.0
    fetch: float = 600.0
    tidy: float = 15.0
    bundle: int = LARGEST_BUNDLE


class RemoteShell:
    """A `CollectionRoute`. It keeps nothing between two collections."""

    def __init__(self, settings: LoginSettings, limits: Limits | None = None) -> None:
        self._settings = settings
        self._limits = limits or Limits()

    async def collect(self, target: Target, consent: str, on_progress: OnProgress) -> Bundle:
        """Log in, collect, fetch, and remove what was put there; raises `Problem`, and can be cancelled."""
        address = self._settings.address_of(target.name)
        async with logged_in(self._settings, address, lambda says: on_progress(Progress(says))) as device:
            return await self._collect(device, address, consent, on_progress)

    async def _collect(
        self, device: SSHClientConnection, address: Address, consent: str, on_progress: OnProgress
    ) -> Bundle:
        import asyncssh

        left = ""
        failure: Problem | None = None
        place: _Place | None = None
        try:
            place = await _Place.make(device)
            name, data = await self._work(device, place, address, consent, on_progress)
        except Problem as problem:
            failure = problem
        except (asyncssh.Error, OSError) as error:
            failure = _broken(error, address)
        finally:
            if place is not None:
                on_progress(Progress(f"removing the collector from {address}"))
                left = await asyncio.shield(place.remove(self._limits.tidy))
        if failure is not None:
            raise _with_left(failure, left) from None
        return Bundle(name, data, left)

    async def _work(
        self, device: SSHClientConnection, place: _Place, address: Address, consent: str, on_progress: OnProgress
    ) -> tuple[str, bytes]:
        on_progress(Progress(f"sending the collector to {address}"))
        script = await place.send(SCRIPT, collector_script().encode())
        on_progress(Progress(f"collecting on {address}, which takes up to five minutes"))
        ended = await _run(device, command_line(script, place.native, consent), self._limits.collect, address)
        name = await place.only_zip()
        if name is None:
            raise _nothing_came(ended, address)
        async with asyncio.timeout(self._limits.fetch):
            return name, await place.fetch(name, self._limits.bundle, on_progress)


@dataclass(frozen=True, slots=True)
class _Ended:
    status: int
    said: str


class _Place:
    """A new folder in the home directory of the device's account, seen over SFTP and by PowerShell."""

    def __init__(self, sftp: SFTPClient, path: PurePosixPath, native: str) -> None:
        self._sftp = sftp
        self._path = path
        self.native = native

    @classmethod
    async def make(cls, device: SSHClientConnection) -> _Place:
        """Make the folder; nobody can have guessed its name."""
        import asyncssh

        sftp = await device.start_sftp_client(path_errors="surrogateescape")
        home = str(await sftp.realpath("."))
        if len(home) > 200 or not home.startswith("/") or clean_line(home) != home:
            raise _odd("Its home directory has a name that no Windows folder can have")
        path = PurePosixPath(home) / f"reseal-{secrets.token_hex(8)}"
        await sftp.mkdir(str(path), asyncssh.SFTPAttrs(permissions=0o700))
        return cls(sftp, path, native_path(str(path)))

    async def send(self, name: str, content: bytes) -> str:
        """Write a file into the folder; answers its path for PowerShell."""
        path = self._path / name
        async with self._sftp.open(str(path), "xb") as file:
            await file.write(content)
        return native_path(str(path))

    async def only_zip(self) -> str | None:
        """The zip that the collector has written; None for none. Names of another form are nobody's."""
        names = [name for name in await self._names() if _ZIP.fullmatch(name)]
        if len(names) > 1:
            raise _odd("It has written more than one zip")
        return names[0] if names else None

    async def fetch(self, name: str, limit: int, on_progress: OnProgress) -> bytes:
        """The zip's bytes, at most `limit` of them, whatever the device says of its size."""
        path = str(self._path / name)
        told = await self._sftp.lstat(path)
        if told.permissions is None or not stat.S_ISREG(told.permissions):
            raise _odd("What it offers is no regular file")
        size = told.size or 0
        if size > limit:
            raise _odd(f"It offers {size} bytes, and {limit} are taken at most")
        parts: list[bytes] = []
        got = 0
        async with self._sftp.open(path, "rb") as file:
            while isinstance(piece := await file.read(min(_PIECE, limit + 1 - got)), bytes) and piece:
                parts.append(piece)
                got += len(piece)
                on_progress(Progress("fetching the zip", got, size))
                if got > limit:
                    raise _odd(f"It sent more than the {limit} bytes that are taken at most")
        return b"".join(parts)

    async def remove(self, seconds: float) -> str:
        """Take away the folder with what is in it; answers what is left, and never raises."""
        import asyncssh

        try:
            async with asyncio.timeout(seconds):
                for name in await self._names():
                    await self._sftp.remove(str(self._path / name))
                await self._sftp.rmdir(str(self._path))
        except (asyncssh.Error, OSError, Problem) as error:
            return f"{clean_line(self.native)} ({clean_line(str(error) or type(error).__name__, 100)})"
        return ""

    async def _names(self) -> list[str]:
        names: list[str] = []
        async for entry in self._sftp.scandir(str(self._path)):
            name = str(entry.filename)
            if "/" in name or "\\" in name:
                raise _odd("It lists a name that leads out of its folder")
            if name not in (".", ".."):
                names.append(name)
            if len(names) > _MOST_FILES:
                raise _odd("Its folder has more files than the collector writes")
        return names


def native_path(path: str) -> str:
    """An SFTP path as Windows writes it: `/C:/Users/x` is `C:\\Users\\x`. Paths without a drive stay."""
    found = _WINDOWS.fullmatch(path)
    return f"{found[1]}:\\{found[2].replace('/', chr(92))}" if found else path


def command_line(script: str, folder: str, consent: str) -> str:
    """The command for the device's shell, be it cmd.exe or PowerShell: nothing in it needs quoting there."""
    call = f"& {_quoted(script)} -Consent -Reference {_quoted(consent)} -Path {_quoted(folder)}; exit $LASTEXITCODE"
    encoded = b64encode(call.encode("utf-16-le")).decode()
    options = "-NoProfile -NonInteractive -OutputFormat Text -ExecutionPolicy RemoteSigned"
    return f"powershell.exe {options} -EncodedCommand {encoded}"


def _quoted(text: str) -> str:
    """A PowerShell string that expands nothing; every quotation mark that ends one is doubled (about_Quoting_Rules)."""
    return "'" + _QUOTES.sub(r"\1\1", clean_line(text)) + "'"


async def _run(device: SSHClientConnection, command: str, seconds: float, address: Address) -> _Ended:
    """Run to the end, keeping the beginning of what is printed; a flood, and a lost connection, are problems."""
    import asyncssh

    process = await device.create_process(command, stdin=asyncssh.DEVNULL, encoding=None)
    try:
        async with asyncio.timeout(seconds):
            printed, complained = await asyncio.gather(_read(process.stdout), _read(process.stderr))
            await process.wait_closed()
    except TimeoutError:
        why = f"It did not end within {seconds:.0f} s"
        step = "Try again when the device is less busy."
        raise Problem(ProblemKind.UPSTREAM, f"The collector on {address} was given up", why, step) from None
    finally:
        _kill(process)
    if process.exit_status is None:
        raise ConnectionError("the session ended without an exit status")
    return _Ended(process.exit_status, _said(complained + b"\n" + printed))


def _kill(process: SSHClientProcess[bytes]) -> None:
    if process.exit_status is None:
        try:
            process.kill()
        except OSError:
            return
        finally:
            process.close()


async def _read(stream: SSHReader[bytes]) -> bytes:
    kept = bytearray()
    total = 0
    while piece := await stream.read(1 << 16):
        total += len(piece)
        kept += piece[: max(0, _KEPT - len(kept))]
        if total > MOST_OUTPUT:
            raise _odd(f"It printed more than {MOST_OUTPUT} bytes")
    return bytes(kept)


def _said(printed: bytes) -> str:
    """The first words of what was printed, also where PowerShell wraps its errors in CLIXML; never a password."""
    text = _CLIXML.sub(" ", redact(printed.decode("utf-8", errors="replace"))[0])
    return clean_line(text, 200)


def _odd(why: str) -> Problem:
    step = "Nothing of it was kept. Do not collect from it again before somebody has looked at it."
    return Problem(ProblemKind.ALARM, "The device sent something that no collector writes", why, step)


def _nothing_came(ended: _Ended, address: Address) -> Problem:
    if ended.status == NOT_ELEVATED:
        why = "The account has no administrator's rights there, or its rights are filtered"
        step = "Log in with an account that is an administrator of the device."
        return Problem(ProblemKind.FORBIDDEN, f"The collector on {address} refused to run", why, step)
    what = f"The collector on {address} wrote no zip"
    why = f"It ended with {ended.status}: {ended.said}" if ended.said else f"It ended with {ended.status}"
    step = "Collect through Intune, or have `reseal diagnose --collector` run by hand."
    return Problem(ProblemKind.UPSTREAM, what, why, step)


def _broken(error: BaseException, address: Address) -> Problem:
    what = f"The connection to {address} broke before the collection was whole"
    why = clean_line(str(error) or type(error).__name__, 200)
    return Problem(ProblemKind.UNREACHABLE, what, why, "Try again when the device is reachable.")


def _with_left(failure: Problem, left: str) -> Problem:
    if not left:
        return failure
    why = f"{failure.why}; left on the device: {left}"
    return Problem(failure.kind, failure.what, why, failure.next_step)
