"""The chain key: 32 random bytes in `audit.key`, made once with the store and never made again."""

import os
import secrets
from pathlib import Path

from tui.errors import Problem, ProblemKind
from tui.paths import create_private, read_private, sync_directory

KEY_FILE = "audit.key"
KEY_BYTES = 32


def read_key(path: Path) -> bytes | None:
    """The key; None when it is absent or cut short. Raises `Problem(LOCAL)` when others can read it."""
    try:
        key = read_private(path, KEY_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        step = "Put the file back as it was"
        raise Problem(ProblemKind.LOCAL, f"{path} cannot be read", error.strerror or "", step) from error
    return key if len(key) == KEY_BYTES else None


def settle_key(path: Path, *, has_rows: bool) -> bytes:
    """The key, made when the audit holds no row yet. The caller holds the audit's write lock.

    Raises `Problem(LOCAL)` when rows are there and their key is not: a new key would pass for a broken chain.
    """
    key = read_key(path)
    if key is not None:
        return key
    if has_rows:
        raise Problem(
            ProblemKind.LOCAL,
            f"{path} is missing or damaged",
            "The audit's rows were chained with it and cannot be proven without it",
            "Restore it from a backup; or keep audit.db for the auditors, move it away, and start a new audit",
        )
    try:
        path.unlink(missing_ok=True)
        return _create(path)
    except OSError as error:
        step = "Free space, or make the directory writable for you"
        raise Problem(ProblemKind.LOCAL, f"{path} cannot be written", error.strerror or "", step) from error


def _create(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    descriptor = create_private(path)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)
    return key
