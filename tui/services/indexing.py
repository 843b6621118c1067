"""The key metadata index: Graph cannot search by the beginning of a key ID, so the metadata is paged in beforehand."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tui.clock import Clock
from tui.services.dossier import CloudSources

GOOD_FOR = timedelta(minutes=5)
"""An index younger than this is not paged in again."""

OnProgress = Callable[[int], None]


async def refresh_index(
    cloud: Callable[[], Awaitable[CloudSources]], clock: Clock, on_progress: OnProgress, *, force: bool = False
) -> datetime | None:
    """Page the tenant's key metadata into the local index unless it is fresh; answers when it was last complete.

    Raises `Problem` when a page fails; what was paged in until then is kept.
    """
    sources = await cloud()
    index, tenant = sources.index, sources.tenant
    indexed_at = await index.indexed_at(tenant)
    if indexed_at is not None and not force and clock.now() - indexed_at < GOOD_FOR:
        return indexed_at
    count = 0
    async for page in sources.escrow.all_keys():
        count += len(page)
        await index.save_keys(tenant, page, complete=False)
        on_progress(count)
    await index.save_keys(tenant, (), complete=True)
    return await index.indexed_at(tenant)
