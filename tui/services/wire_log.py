"""The wire log: the latest calls to Graph and how each service stands, in memory only."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tui.model.wire import Call, Workload

KEPT = 500
"""Calls that are kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one service has answered: calls in all, those that failed, and until when it asked to be left alone."""

    workload: Workload
    calls: int = 0
    failed: int = 0
    throttled: int = 0
    resumes_at: datetime | None = None

    def waits(self, now: datetime) -> float:
        """Seconds until it may be asked again."""
        return max(0.0, (self.resumes_at - now).total_seconds()) if self.resumes_at else 0.0


class WireLog:
    """A ring of calls. `note` is cheap: the transport calls it for every attempt."""

    def __init__(self, kept: int = KEPT) -> None:
        self._calls: deque[Call] = deque(maxlen=kept)
        self._standings = {workload: Standing(workload) for workload in Workload}
        self.total = 0

    def note(self, call: Call) -> None:
        """Take in an attempt that has ended."""
        self._calls.append(call)
        self.total += 1
        before = self._standings[call.workload]
        resumes_at = before.resumes_at
        if call.status == 429 and call.at is not None:
            resumes_at = call.at + timedelta(seconds=1.0 if call.retry_after is None else call.retry_after)
        self._standings[call.workload] = replace(
            before,
            calls=before.calls + 1,
            failed=before.failed + (not 200 <= call.status < 300),
            throttled=before.throttled + (call.status == 429),
            resumes_at=resumes_at,
        )

    def newest(self, limit: int = KEPT) -> Sequence[Call]:
        """The latest calls, newest first."""
        return list(reversed(self._calls))[:limit]

    def standings(self) -> Sequence[Standing]:
        """Every service that was asked."""
        return [standing for standing in self._standings.values() if standing.calls]
