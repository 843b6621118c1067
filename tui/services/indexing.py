"""The key metadata index: Graph cannot search by the beginning of a key ID, so the metadata is paged in beforehand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.ports import KeyPage
from tui.services.cloud import CloudSources

GOOD_FOR = timedelta(minutes=5)
"""An index younger than this is not paged in again."""

RESUMED = timedelta(minutes=30)
"""How long a broken pass may be taken up again; Graph's page links do not last for ever."""

_PLACE = "key-index-place"

OnProgress = Callable[[int], None]


class _Place(msgspec.Struct):
    link: str
    count: int
    at: datetime


@dataclass(slots=True)
class IndexProgress:
    """What the screen says of the index; `count` is of the pass that runs, `fault` of the last one that failed."""

    running: bool = False
    count: int = 0
    indexed_at: datetime | None = None
    fault: str = ""


async def track_index(cloud: Callable[[], Awaitable[CloudSources]], clock: Clock, progress: IndexProgress) -> None:
    """Refresh the index and let the screen follow; raises `Problem` like `refresh_index`."""

    def count(keys: int) -> None:
        progress.count = keys

    progress.running, progress.count = True, 0
    sources = await cloud()
    progress.indexed_at = await sources.index.indexed_at(sources.tenant)
    try:
        progress.indexed_at = await refresh_index(cloud, clock, count)
        progress.fault = ""
    except Problem as problem:
        progress.fault = problem.what
        raise
    finally:
        progress.running = False


async def refresh_index(
    cloud: Callable[[], Awaitable[CloudSources]], clock: Clock, on_progress: OnProgress, *, force: bool = False
) -> datetime | None:
    """Page the tenant's key metadata into the local index unless it is fresh; answers when it was last complete.

    Raises `Problem` when a page fails; what was paged in until then is kept, and the next call goes on from there.
    """
    sources = await cloud()
    index, tenant = sources.index, sources.tenant
    indexed_at = await index.indexed_at(tenant)
    if indexed_at is not None and not force and clock.now() - indexed_at < GOOD_FOR:
        return indexed_at
    place = await _place(sources, clock)
    count = place.count
    async for page in _pages(sources, place):
        count += len(page.keys)
        await index.save_keys(tenant, page.keys, complete=False)
        on_progress(count)
        await _mark(sources, _Place(page.next_link, count, clock.now()))
    await index.save_keys(tenant, (), complete=True)
    await _mark(sources, _Place("", 0, clock.now()))
    return await index.indexed_at(tenant)


async def _pages(sources: CloudSources, place: _Place) -> AsyncIterator[KeyPage]:
    """From the place of a broken pass on, or from the beginning when Graph no longer takes its link."""
    if place.link:
        try:
            async for page in sources.escrow.key_pages(place.link):
                yield page
            return
        except Problem as problem:
            if problem.kind in (ProblemKind.THROTTLED, ProblemKind.UNREACHABLE, ProblemKind.SIGNED_OUT):
                raise
            place.count = 0
    async for page in sources.escrow.key_pages():
        yield page


async def _place(sources: CloudSources, clock: Clock) -> _Place:
    try:
        place = msgspec.json.decode(await sources.index.recall(_name(sources)), type=_Place)
    except msgspec.MsgspecError:
        return _Place("", 0, clock.now())
    return place if clock.now() - place.at < RESUMED else _Place("", 0, clock.now())


async def _mark(sources: CloudSources, place: _Place) -> None:
    await sources.index.remember(_name(sources), msgspec.json.encode(place).decode())


def _name(sources: CloudSources) -> str:
    return f"{_PLACE}:{sources.tenant}"
