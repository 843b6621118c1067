"""Is the console stopped? A key must not stand on a screen whose console cannot take a key press."""

import os
from pathlib import Path

_STOPPED = "T"
"""proc_pid_stat(5): stopped on a signal. A debugger's stop is `t` and passes."""


class ConsoleState:
    """Looks at the process that started this one. Where the system cannot tell, it counts as running."""

    def __init__(self) -> None:
        self._stat = Path(f"/proc/{os.getppid()}/stat")
        self._stopped = False

    def is_stopped(self) -> bool:
        """Stopped now and at the look before: one look alone may catch a stop that is already over."""
        before, self._stopped = self._stopped, self._state() == _STOPPED
        return before and self._stopped

    def _state(self) -> str:
        try:
            # The name in brackets may hold anything; the state is the first word after it.
            return self._stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return ""
