"""A cache of 100,000 incidents with texts of the usual length."""

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.queue_app import invented
from tui.store.cache import open_cache

COUNT = 100_000
BODY = "The user sees the BitLocker recovery screen after installing updates and reads out the key ID. " * 8


def keep_cached(directory: Path, source: str, count: int = COUNT) -> None:
    """Fill the cache in a tenant's directory."""
    asyncio.run(_keep(directory, source, count))


async def _keep(directory: Path, source: str, count: int) -> None:
    incidents = []
    for number in range(count):
        incident = invented(number)
        ticket = replace(incident.ticket, body=f"{number} {BODY}")
        incidents.append(replace(incident, id=f"{source}:{number}", source=source, ticket=ticket))
    async with await open_cache(directory) as cache:
        await cache.save(source, incidents, "")
