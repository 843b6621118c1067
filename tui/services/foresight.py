"""Learning ahead where the first dossier of an incident will have to ask.

Intune keeps what it knows of a device under an id of its own, so that the first dossier of a device takes two round
trips at least. The queue says which devices come next: two batches for twenty of them, in the background, and each of
them is joined in one. What is learned are hints; the dossier checks every answer as if nothing had been known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tui.errors import Problem
from tui.model.device import ManagedDevice
from tui.model.dossier import Query
from tui.services.cloud import CloudSources
from tui.services.hints import Hints

MOST = 20
"""Incidents of one look; they fill one `$batch`."""


class Foresight:
    """Looks at each incident once, for as long as this console runs."""

    def __init__(self, cloud: Callable[[], Awaitable[CloudSources]]) -> None:
        self._cloud = cloud
        self._seen: set[str] = set()

    async def look_ahead(self, queries: Sequence[Query]) -> None:
        """Learn the ids of the next devices; what cannot be learned now is asked for when it is needed."""
        fresh = [query for query in queries if query.incident_id not in self._seen][:MOST]
        if not fresh:
            return
        self._seen |= {query.incident_id for query in fresh}
        try:
            await self._learn(await self._cloud(), fresh)
        except Problem:
            return

    async def _learn(self, sources: CloudSources, queries: Sequence[Query]) -> None:
        if sources.ahead is None:
            return
        hints = Hints(sources.index, sources.tenant)
        by_key, by_name = await asyncio.gather(_of_keys(sources, queries), _of_names(sources, hints, queries))
        ids = list(dict.fromkeys((*by_key, *by_name.values())))
        unknown = [device_id for device_id in ids if not await hints.intune_id(device_id)][:MOST]
        for name, device_id in by_name.items():
            await hints.keep(name=name, device_id=device_id, intune_id="")
        for managed in await sources.ahead.managed_devices(unknown):
            if isinstance(managed, ManagedDevice):
                await hints.keep(name="", device_id=managed.entra_device_id, intune_id=managed.id)


async def _of_keys(sources: CloudSources, queries: Sequence[Query]) -> list[str]:
    """Device ids that the index knows for the key IDs that the tickets name."""
    found: list[str] = []
    for query in queries:
        if query.term is not None:
            keys = await sources.index.keys_with_prefix(sources.tenant, query.term.digits)
            found += [keys[0].device_id] if len({key.device_id for key in keys}) == 1 else []
    return found


async def _of_names(sources: CloudSources, hints: Hints, queries: Sequence[Query]) -> dict[str, str]:
    """Device ids by name, where one object alone bears it."""
    assert sources.ahead is not None
    names = list(dict.fromkeys(query.device_name for query in queries if query.device_name))
    known = {name: device_id for name in names if (device_id := await hints.device_of_name(name))}
    asked = [name for name in names if name not in known]
    for name, listed in zip(asked, await sources.ahead.devices_named(asked), strict=True):
        if not isinstance(listed, Problem) and len(listed) == 1:
            known[name] = listed[0].device_id
    return known
