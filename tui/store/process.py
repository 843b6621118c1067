"""Which run of the console wrote a row, and whether that run is still alive."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from tui.model.audit import Session
from tui.text import clean_line

_START_FIELD = 22 - 3
"""`starttime` is field 22 of /proc/PID/stat (proc_pid_stat(5)); the split starts behind the name, at field 3."""
_ENDED = ("Z", "X")
"""States of a process that runs no more and waits for its parent."""


def boot_id() -> str:
    """The kernel's id of this boot; empty where there is none (random(4))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def started(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty when it has ended or the platform does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name may hold blanks and parentheses, so the fields are counted from its last one.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in _ENDED else fields[_START_FIELD]


def this_session(recorded: str = "", environment: Mapping[str, str] = os.environ) -> Session:
    """This run of the console, as audit rows name it."""
    client = environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or ""
    return Session(
        host=clean_line(socket.gethostname()),
        tty=_terminal(),
        ssh_client=clean_line(client.split(" ")[0]),
        recorded=recorded,
        pid=os.getpid(),
        started=started(os.getpid()),
    )


def is_alive(session: Session, boot: str) -> bool:
    """The run that wrote a row is still there: same boot, same process id, same start.

    Where the platform tells no start, a process with the same id counts as the same run: an INTENT that stays open too
    long is said again, one that is closed too early is wrong.
    """
    if boot != boot_id() or session.pid <= 0:
        return False
    if session.started:
        return started(session.pid) == session.started
    try:
        os.kill(session.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _terminal() -> str:
    try:
        return os.ttyname(sys.__stdin__.fileno()) if sys.__stdin__ else ""
    except (OSError, ValueError):
        return ""
