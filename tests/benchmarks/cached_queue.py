"""A cache of 100,000 incidents with texts of the usual length, each of its own, read as the console reads them."""

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.benchmarks.queue_app import MORNING, STATES
from tui.model.incident import Incident, Ticket
from tui.services.incidents import incident_of
from tui.store.cache import open_cache

COUNT = 100_000
LETTERS = 780
"""Length of a text."""
WORDS = tuple(
    word
    for line in (
        "the a user caller laptop screen blue asks after restart this morning office docked since yesterday",
        "again tried Windows update firmware password account cannot sign in meeting urgent please call back",
        "mobile number printer Schlüssel Gerät gesperrt Büro heute früh Neustart café déjà clé récupération",
        "écran bleu nothing else changed dock station cable power battery keyboard travel hotel conference",
        "train customer waiting manager asked helpdesk ticket",
    )
    for word in line.split()
)


def invented_tickets(count: int = COUNT) -> Iterator[Ticket]:
    """Tickets that tell nothing of anybody, in queue order."""
    told = random.Random(7)
    for number in range(count):
        opened = MORNING + timedelta(seconds=number)
        device = f"DEMO-{number % 5_000:04}"
        text = f"{device} asks for its recovery key, key ID {number:08X}, since KB{5083769 + number % 40}. "
        words = " ".join(told.choices(WORDS, k=LETTERS // 6))
        yield Ticket(
            key=str(number),
            number=f"INC{number:07}",
            title=f"BitLocker recovery on {device}, {' '.join(told.choices(WORDS, k=2))}",
            body=f"{text}{words} {words}"[:LETTERS],
            caller=f"user{number % 30_000}@demo.example",
            device_name=device,
            state=STATES[number % 3],
            priority=3,
            assignee=f"engineer{number % 40}@demo.example" if number % 3 else "",
            vip=False,
            opened_at=opened,
            updated_at=opened + timedelta(seconds=number % 7),
        )


def keep_cached(directory: Path, source: str, count: int = COUNT) -> None:
    """Fill the cache in a tenant's directory."""
    asyncio.run(_keep(directory, [incident_of(source, ticket) for ticket in invented_tickets(count)]))


async def _keep(directory: Path, incidents: list[Incident]) -> None:
    async with await open_cache(directory) as cache:
        await cache.save(incidents[0].source, incidents, "")
