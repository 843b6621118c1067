"""Time, in three kinds: wall (UTC), monotonic, and boot time, which runs on while the machine sleeps."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Injected wherever time decides, so that tests can turn it."""

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds that never go back."""
        ...

    def boottime_ns(self) -> int:
        """Nanoseconds since boot, counting suspend: a deadline in it cannot be slept through."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def boottime_ns(self) -> int:
        return boottime_ns()


def boottime_ns() -> int:
    """CLOCK_BOOTTIME where there is one, else the monotonic clock."""
    clock_id = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if clock_id is None else time.clock_gettime_ns(clock_id)
