"""The password of the bind account: read when it is used, from the environment or from a program, and not kept."""

import os
import subprocess
from collections.abc import Mapping

from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.server import DirectoryServer
from tui.text import clean_line

COMMAND_SECONDS = 20.0
_LONGEST = 1024


def bind_password(server: DirectoryServer, environ: Mapping[str, str] = os.environ) -> str:
    """The password now; raises `Problem(CONFIG)`.

    It is never empty: a bind without a password is answered `success` and is anonymous (RFC 4513, 5.1.2).
    """
    if server.password_command:
        return _usable(_printed(server.password_command), f"What {_name(server)} printed")
    return _usable(environ.get(server.password_env, ""), clean_line(server.password_env, 80))


def _usable(value: str, source: str) -> str:
    if value and len(value) <= _LONGEST and value.isprintable():
        return value
    raise Problem(
        ProblemKind.CONFIG,
        f"{source} holds no usable password",
        "It is not set, empty, far too long, or holds control characters",
        "Set it in the environment that starts the console, or look at [active_directory] password_command",
    )


def _printed(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the engineer's own command, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(command, f"It gave no answer within {COMMAND_SECONDS:.0f} s") from None
    except (OSError, ValueError) as error:
        raise _failed(command, getattr(error, "strerror", None) or type(error).__name__) from None
    if done.returncode:
        raise _failed(command, f"It ended with exit code {done.returncode}")
    return done.stdout.decode("utf-8", "replace").rstrip("\r\n")


def _failed(command: tuple[str, ...], why: str) -> Problem:
    step = "Run it by hand, and look at [active_directory] password_command"
    return Problem(ProblemKind.CONFIG, f"{clean_line(command[0], 100)} gave no password", why, step)


def _name(server: DirectoryServer) -> str:
    return clean_line(server.password_command[0], 100)
