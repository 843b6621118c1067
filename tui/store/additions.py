"""The team's additions to the known-issue catalogue, in a private file of the state directory."""

import os
from pathlib import Path

from tui.diagnosis.kb import add_builds
from tui.diagnosis.kb_entries import LARGEST, Additions, read_additions, write_additions
from tui.diagnosis.kb_issues import add_issues
from tui.errors import Problem, ProblemKind
from tui.paths import create_private, read_private, sync_directory

ADDITIONS_FILE = "known-issues.json"


def load_additions(state: Path) -> Additions:
    """What is kept, and put into force; nothing where there is no file. Raises `Problem` for a damaged one."""
    path = state / ADDITIONS_FILE
    try:
        data = read_private(path, LARGEST + 1)
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise Problem(ProblemKind.LOCAL, f"{path} cannot be read", error.strerror or "", "") from error
    found = read_additions(data, str(path)) if data else Additions()
    put_in_force(found)
    return found


def use_additions(state: Path) -> str:
    """As `load_additions`, but a damaged file only takes its own entries away; answers with what is wrong with it."""
    try:
        load_additions(state)
    except Problem as problem:
        put_in_force(Additions())
        return str(problem)
    return ""


def put_in_force(additions: Additions) -> None:
    """Let diagnosis and groups use the entries from now on."""
    add_issues(additions.issues)
    add_builds(additions.builds)


def save_additions(state: Path, additions: Additions) -> Path:
    """Keep them: a whole new file or the old one, never half of it. Raises `Problem(LOCAL)`."""
    path, data = state / ADDITIONS_FILE, write_additions(additions)
    if len(data) > LARGEST:
        step = f"Take entries out of {path}"
        raise Problem(ProblemKind.LOCAL, "The catalogue would grow too large", f"{len(data)} bytes", step)
    beside = path.with_suffix(".new")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(create_private(beside), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_directory(state)
    except OSError as error:
        raise Problem(ProblemKind.LOCAL, f"{path} was not written", error.strerror or "", "Free the disk.") from error
    return path
