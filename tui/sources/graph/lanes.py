"""Who may send now: few at once, the engineer's own calls first, and no background call into a throttled service."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tui.model.wire import Workload

IN_FLIGHT = 16
"""Open requests at most; httpx gets slower above about 32 (its pool re-checks every connection for every request)."""
BACKGROUND = 6
"""Of these, requests that no engineer waits for."""
YIELD = 5.0
"""Seconds that a background call steps back at most while the engineer's own calls run."""
RATES = {Workload.AUDIT: (5, 10.0)}
"""Calls in so many seconds (Microsoft Graph, "Service-specific throttling limits": directoryAudit 5 in 10 s)."""

_ROOTS = {
    "auditlogs": Workload.AUDIT,
    "devicemanagement": Workload.INTUNE,
    "informationprotection": Workload.KEYS,
}


def workload_of(url: str) -> Workload:
    """The service that answers a URL, by the first word behind the version."""
    words = urlsplit(url).path.strip("/").split("/")
    return _ROOTS.get(words[1].lower(), Workload.DIRECTORY) if len(words) > 1 else Workload.DIRECTORY


@dataclass(slots=True)
class _Lane:
    resumes_at: float = 0.0
    sent: deque[float] = field(default_factory=deque)


class Lanes:
    """Turns for requests to one endpoint. Belongs to one event loop."""

    def __init__(self, in_flight: int = IN_FLIGHT, background: int = BACKGROUND) -> None:
        self._in_flight = asyncio.Semaphore(in_flight)
        self._background = asyncio.Semaphore(background)
        self._lanes = {workload: _Lane() for workload in Workload}
        self._step = asyncio.Lock()
        self._own = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @asynccontextmanager
    async def turn(self, workload: Workload, *, background: bool) -> AsyncIterator[None]:
        """Wait for a place, and hold it."""
        if background:
            async with self._background:
                await self._step_back(workload)
                async with self._place(workload):
                    yield
            return
        self._own += 1
        self._quiet.clear()
        try:
            async with self._place(workload):
                yield
        finally:
            self._own -= 1
            if not self._own:
                self._quiet.set()

    async def step(self) -> None:
        """Return one caller in each turn of the event loop.

        To make a request, or to read an answer, takes a millisecond or two; a dozen of them in one turn would hold up a
        key press.
        """
        async with self._step:
            await asyncio.sleep(0)

    def throttled(self, workload: Workload, seconds: float | None) -> None:
        """The service said 429; for so long no background call goes there."""
        lane = self._lanes[workload]
        lane.resumes_at = max(lane.resumes_at, time.monotonic() + (1.0 if seconds is None else seconds))

    @asynccontextmanager
    async def _place(self, workload: Workload) -> AsyncIterator[None]:
        await self._keep_rate(workload)
        async with self._in_flight:
            yield

    async def _step_back(self, workload: Workload) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), YIELD)
        # Another 429 may come while this one is waited out.
        while (wait := self._lanes[workload].resumes_at - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)

    async def _keep_rate(self, workload: Workload) -> None:
        if workload not in RATES:
            return
        count, seconds = RATES[workload]
        sent = self._lanes[workload].sent
        while len(sent) >= count:
            wait = sent[0] + seconds - time.monotonic()
            if wait <= 0:
                sent.popleft()
            else:
                await asyncio.sleep(wait)
        sent.append(time.monotonic())
