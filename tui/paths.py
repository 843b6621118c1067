"""Where files lie, and the guard that keeps them private.

`config_file` and `state_directory` only name places. `guard_directory`, `guard_file` and `check_private` make sure
that nobody but the engineer can read them or put others in their stead; a jump host is shared.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from tui.errors import Problem, ProblemKind

CONFIG_VARIABLE = "RESEAL_CONFIG"
STATE_VARIABLE = "RESEAL_STATE"

_APPLICATION = "reseal"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def config_file(option: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The option, else $RESEAL_CONFIG, else `reseal/config.toml` in the platform's config directory."""
    chosen = option or environment.get(CONFIG_VARIABLE)
    if chosen:
        return _absolute(chosen)
    return platformdirs.user_config_path(_APPLICATION, appauthor=False) / "config.toml"


def state_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The directory of the databases: $RESEAL_STATE, else `reseal/` in the platform's state directory."""
    chosen = environment.get(STATE_VARIABLE)
    if chosen:
        return _absolute(chosen)
    return platformdirs.user_state_path(_APPLICATION, appauthor=False)


def _absolute(path: str | Path) -> Path:
    # Not resolve(): a link must stay visible to the guard.
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100


def guard_directory(path: Path) -> None:
    """Make the directory (0700) or refuse the one that is there; raises `Problem(LOCAL)`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        sync_directory(path.parent)
    except FileExistsError:
        pass
    except OSError as error:
        raise _unusable(path, error) from error
    _check(path, directory=True)


def tenant_directory(state: Path, tenant_id: str) -> Path:
    """Where what is kept of one tenant is kept, made when there is none; raises `Problem(LOCAL)`.

    The ID is of a config that was read, and so holds nothing that leads elsewhere.
    """
    directory = state / "tenants" / tenant_id
    for each in (directory.parent, directory):
        guard_directory(each)
    return directory


def guard_file(path: Path) -> None:
    """Make an empty file (0600) or refuse the one that is there; raises `Problem(LOCAL)`.

    A file that is there is never opened: closing any handle of a database file drops the locks that SQLite holds on it
    in this process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        os.close(create_private(path))
        sync_directory(path.parent)
    except FileExistsError:
        check_private(path)
    except OSError as error:
        raise _unusable(path, error) from error


def check_private(path: Path) -> None:
    """Refuse a file that is a link, belongs to another user, or is open to others; raises `Problem(LOCAL)`."""
    _check(path, directory=False)


def create_private(path: Path) -> int:
    """Create a file that was not there (0600, no link followed) and return its descriptor; raises `OSError`."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _no_follow(), 0o600)


def read_private(path: Path, limit: int) -> bytes:
    """Up to `limit` bytes of a private file, no link followed; raises `OSError` and `Problem(LOCAL)`."""
    descriptor = os.open(path, os.O_RDONLY | _no_follow())
    try:
        check_private(path)
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make a new name in a directory durable; raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_follow() -> int:
    return os.O_CLOEXEC | os.O_NOFOLLOW


def _check(path: Path, *, directory: bool) -> None:
    try:
        status = path.lstat()
    except OSError as error:
        raise _unusable(path, error) from error
    wanted = stat.S_ISDIR if directory else stat.S_ISREG
    if stat.S_ISLNK(status.st_mode):
        raise _refusal(f"{path} is a symbolic link", "Whoever placed it chooses where the audit goes", path)
    if not wanted(status.st_mode):
        kind = "directory" if directory else "regular file"
        raise _refusal(f"{path} is not a {kind}", "", path)
    if status.st_uid != os.geteuid():
        owner = f"It belongs to the user with id {status.st_uid}, and this is {os.geteuid()}"
        raise _refusal(f"{path} belongs to another user", owner, path)
    if status.st_mode & _OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise Problem(
            ProblemKind.LOCAL,
            f"{path} is open to other users",
            f"Its mode is {mode:04o}",
            f"Run: chmod {'700' if directory else '600'} '{path}'",
        )


def _refusal(what: str, why: str, path: Path) -> Problem:
    return Problem(
        ProblemKind.LOCAL, what, why, f"Move {path} away, or set {STATE_VARIABLE} to a directory of your own"
    )


def _unusable(path: Path, error: OSError) -> Problem:
    return Problem(
        ProblemKind.LOCAL,
        f"{path} cannot be used",
        error.strerror or str(error),
        f"Make it writable for you, or set {STATE_VARIABLE} to a directory of your own",
    )
