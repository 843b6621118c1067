"""What a ticket system is told about who asks. Secrets are read when they are used and are not kept."""

import asyncio
import base64
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from tui.errors import Problem, ProblemKind
from tui.text import clean_line

COMMAND_SECONDS = 20.0
_LIMIT = 16_384


class Authorization(Protocol):
    """The value of the Authorization header."""

    async def header(self) -> str:
        """The value now; raises `Problem`."""
        ...

    def refused(self) -> bool:
        """The server did not accept the last value (401). True when another one can be had at once."""
        ...


BEARER = "Bearer {}"


def shaped(form: str, token: str) -> str:
    """A token as a header's value; what follows `Basic ` is encoded (RFC 7617)."""
    if form.startswith("Basic "):
        return basic(form.removeprefix("Basic ").replace("{}", token))
    return form.replace("{}", token)


def basic(pair: str) -> str:
    """`user:password` as RFC 7617 writes it, in UTF-8."""
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


class BearerFromEnvironment:
    """A token in an environment variable; `form` says how it is sent."""

    def __init__(self, variable: str, environ: Mapping[str, str] = os.environ, form: str = BEARER) -> None:
        self._variable = variable
        self._environ = environ
        self._form = form

    async def header(self) -> str:
        return shaped(self._form, secret(self._environ, self._variable))

    def refused(self) -> bool:
        return False


class BasicFromEnvironment:
    """A user name, and its password in an environment variable (RFC 7617, UTF-8)."""

    def __init__(self, user: str, password_variable: str, environ: Mapping[str, str] = os.environ) -> None:
        self._user = user
        self._variable = password_variable
        self._environ = environ

    async def header(self) -> str:
        return basic(f"{self._user}:{secret(self._environ, self._variable)}")

    def refused(self) -> bool:
        return False


class BearerFromCommand:
    """A token that a program prints; run without a shell, again when the server no longer takes the token."""

    def __init__(self, command: Sequence[str], seconds: float = COMMAND_SECONDS, form: str = BEARER) -> None:
        self._command = tuple(command)
        self._form = form
        self._seconds = seconds
        self._token = ""
        self._lock = asyncio.Lock()

    async def header(self) -> str:
        async with self._lock:
            if not self._token:
                self._token = await self._run()
            return shaped(self._form, self._token)

    def refused(self) -> bool:
        had, self._token = bool(self._token), ""
        return had

    async def _run(self) -> str:
        if not self._command:
            raise self._failed("It is empty")
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise self._failed(clean_line(str(error), 200)) from None
        try:
            assert process.stdout is not None
            async with asyncio.timeout(self._seconds):
                out = await process.stdout.read(_LIMIT)
                code = await process.wait()
        except TimeoutError:
            raise self._failed(f"It gave no answer within {self._seconds:.0f} s") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        token = out.decode("ascii", "replace").strip()
        if code != 0:
            raise self._failed(f"It ended with exit code {code}")
        if not is_token(token):
            raise self._failed("It printed something else than one token")
        return token

    def _failed(self, why: str) -> Problem:
        name = clean_line(self._command[0], 100) if self._command else "nothing"
        step = "Run it by hand, and look at token_command in the config"
        return Problem(ProblemKind.CONFIG, f"The token command {name} gave no token", why, step)


def is_token(value: str) -> bool:
    """One printable ASCII word."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def secret(environ: Mapping[str, str], variable: str) -> str:
    """What a variable holds; raises `Problem(CONFIG)` without its value."""
    value = environ.get(variable, "").strip()
    if value and value.isprintable():
        return value
    raise Problem(
        ProblemKind.CONFIG,
        f"{clean_line(variable, 80)} holds no usable secret",
        "It is not set, empty, or holds control characters",
        "Set it in the environment that starts the console",
    )
