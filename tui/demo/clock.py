"""The play's clock: seconds of the play, which tests can turn, and the wall time that records are stamped with."""

import time
from datetime import UTC, datetime


class PlayClock:
    """Play seconds run `speed` times as fast as the wall's, plus what was advanced by hand."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._started = time.monotonic()
        self._advanced = 0.0
        self.started_at = time.time()

    def now(self) -> float:
        """Seconds of the play since its start."""
        return (time.monotonic() - self._started) * self._speed + self._advanced

    def advance(self, seconds: float) -> None:
        """Turn the clock on without waiting."""
        self._advanced += seconds


def iso(stamp: float) -> str:
    """A time as Graph writes it."""
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ticks(stamp: float) -> str:
    """A time as the audit log and the recovery keys write it, with seven digits of a second."""
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def desk_time(stamp: float) -> str:
    """A time as the ticket desk writes it: UTC, whole seconds."""
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S")
