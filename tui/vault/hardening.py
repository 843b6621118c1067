"""What the child does to itself before a secret can reach it. Standard library only: nothing else is loaded yet."""

import ctypes
import faulthandler
import logging
import resource
import signal
import sys
import threading
from pathlib import Path

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4
# <linux/capability.h>
_CAP_IPC_LOCK = 14
# <asm-generic/mman.h>: what is mapped now, what will be, and each page only once it is touched.
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4

_LINUX = sys.platform == "linux"


def harden() -> None:
    """No core dump, no reading by other processes, no traceback, no log; a dead console ends this process too.

    Raises `OSError` when the system refuses a protection that it has.
    """
    _silence()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _LINUX:
        # First of all: from here on no process of the same user may read this one's memory (proc(5), ptrace(2)).
        _prctl(_PR_SET_DUMPABLE, 0)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def is_dumpable() -> bool | None:
    """Whether others of the same user may read this process; None where the system cannot say."""
    return _prctl(_PR_GET_DUMPABLE) != 0 if _LINUX else None


def core_limit() -> int:
    """The largest core dump in bytes; -1 is no limit."""
    return resource.getrlimit(resource.RLIMIT_CORE)[1]


def lock_memory() -> str:
    """Keep all memory, present and future, out of swap; the answer says why it was refused, or nothing.

    Not tried under a limit: the lock would then hold at first, and later allocations would fail in mid-read.
    """
    if not _LINUX:
        return "this system has no lock for all memory"
    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit != resource.RLIM_INFINITY and not _may_lock():
        return f"only {limit // 1024} KiB may be locked (RLIMIT_MEMLOCK)"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) != 0:
        return f"the system refused it (errno {ctypes.get_errno()})"
    return ""


def _silence() -> None:
    faulthandler.disable()
    logging.disable(sys.maxsize)

    def name_only(kind: type[BaseException], *_: object) -> None:
        sys.stderr.write(f"{kind.__name__}\n")

    sys.excepthook = name_only
    threading.excepthook = lambda args: name_only(args.exc_type)
    sys.unraisablehook = lambda args: name_only(args.exc_type)


def _prctl(option: int, value: int = 0) -> int:
    answer: int = ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")
    return answer


def _may_lock() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_IPC_LOCK & 1)
    return False
