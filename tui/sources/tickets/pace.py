"""When a ticket system may be asked again, by what it said about its limits."""

import time
from collections.abc import Mapping

from tui.errors import Problem, ProblemKind
from tui.sources.tickets.profile import Rate
from tui.sources.upstream import retry_after

_DEFAULT_WAIT = 60.0
_CAP = 3600.0
_EPOCH = 1_000_000_000


class Pace:
    """Calls left and the time of the next ones. Times are of the monotonic clock."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._closed_until = 0.0
        self._saving_until = 0.0

    def admit(self, subject: str, *, saving: bool) -> None:
        """Raise `Problem(THROTTLED)` while the system wants to be left alone; `saving` calls stop a little earlier."""
        until = max(self._closed_until, self._saving_until) if saving else self._closed_until
        left = until - time.monotonic()
        if left > 0:
            raise Problem(
                ProblemKind.THROTTLED,
                f"The ticket system throttles calls for {subject}",
                "It said so a moment ago, and asking again would only lengthen it",
                f"Wait {max(left, 1):.0f} s",
                retry_after=left,
            )

    def heed(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in an answer's status and headers."""
        now = time.monotonic()
        if status in (429, 503):
            wait = retry_after(headers)
            if wait is None and status == 429:
                wait = self._reset(headers) or _DEFAULT_WAIT
            self._closed_until = max(self._closed_until, now + (wait or 0.0))
            return
        left = _number(headers, self._rate.left)
        if left is not None and left <= self._rate.keep:
            self._saving_until = now + (self._reset(headers) or _DEFAULT_WAIT)

    def _reset(self, headers: Mapping[str, str]) -> float | None:
        seconds = _number(headers, self._rate.reset)
        if seconds is None:
            return None
        # Some say in how many seconds, some at which second.
        return min(max(seconds - time.time() if seconds > _EPOCH else seconds, 0.0), _CAP)


def _number(headers: Mapping[str, str], names: list[str]) -> float | None:
    values = (headers.get(name, "").strip() for name in names)
    return next((float(value) for value in values if value.isdecimal() and len(value) < 16), None)
