"""Filter as you type over 100,000 incidents and their texts in the cache: time per letter, and that of a load.

The yardstick of a letter is the same filter as Python does it over texts that are all in memory.
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks import Row
from tests.benchmarks.cached_queue import COUNT, invented_tickets, keep_cached
from tui.console import TURN_SECONDS
from tui.services.incidents import IncidentBook, arranged
from tui.services.queue_filter import QueueFilter, has_all, lacking, words_of
from tui.store.cache import open_cache

TYPED = (
    "bitlocker", "demo-0471", "user2771", "kb5083788", "0000a9c1", "engineer7 waiting", "clé récup", "hotel train",
    "zebra",
)  # fmt: skip
"""Words of fields, words of most texts, and words of none."""
LONGEST_TURN_MS = 16.0
"""How long keys may wait for a filter: a frame."""


def run() -> list[Row]:
    """Everything once, over one cache."""
    with TemporaryDirectory() as name:
        keep_cached(Path(name), "demo")
        before = sys.getswitchinterval()
        sys.setswitchinterval(TURN_SECONDS)
        try:
            return asyncio.run(_measured(Path(name)))
        finally:
            sys.setswitchinterval(before)


async def _measured(directory: Path) -> list[Row]:
    async with await open_cache(directory) as cache:
        begun, used = time.perf_counter(), time.process_time()
        book = IncidentBook()
        book.begin(await asyncio.to_thread(arranged, await cache.load()))
        load, load_used = time.perf_counter() - begun, time.process_time() - used
        letters, turns = [], []
        for typed in TYPED:
            filtered = QueueFilter(book, cache)
            for end in range(1, len(typed) + 1):
                turn = asyncio.create_task(_longest_turn())
                await asyncio.sleep(0)
                begun = time.perf_counter()
                await filtered.matching(typed[:end])
                letters.append((time.perf_counter() - begun) * 1000)
                turn.cancel()
                turns.append(await turn)
    in_memory = _in_memory(book)
    p50, p95 = median(letters), sorted(letters)[int(len(letters) * 0.95)]
    held = sorted(turns)[int(len(turns) * 0.95)]
    note = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(letters)} letters; in memory {in_memory:.0f} ms"
    return [
        Row(f"filter: a letter over {COUNT:,} texts, against all of them in memory", p50 / in_memory, 1.0, note),
        Row("filter: longest turn of the event loop, against a frame", held / LONGEST_TURN_MS, 1.0, f"{held:.1f} ms"),
        Row(
            f"filter: load of {COUNT:,} from the cache, against 1 s", load, 1.0, f"{load_used:.2f} s of processor time"
        ),
    ]


async def _longest_turn() -> float:
    """Milliseconds of processor time that the event loop took before anything else got its turn, until cancelled."""
    longest = 0.0
    try:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - begun)
    except asyncio.CancelledError:
        return longest * 1000


def _in_memory(book: IncidentBook) -> float:
    """Milliseconds of a word that stands nowhere, over fields and texts in memory."""
    texts, wanted = [ticket.body for ticket in invented_tickets()], words_of("zebra")
    begun = time.perf_counter()
    found = [
        1 for line, text in zip(book.lines(), texts, strict=True) if not lacking(line, wanted) or has_all(text, wanted)
    ]
    assert not found
    return (time.perf_counter() - begun) * 1000
