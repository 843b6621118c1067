"""The key metadata index: progress, a broken pass that goes on where it stopped, and how fast a prefix is found."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.services.cloud import DEVICE, NOW, Cloud, key
from tests.services.samples import SetClock
from tui.errors import Problem
from tui.model.recovery_key import RecoveryKey
from tui.services.cloud import CloudSources
from tui.services.indexing import IndexProgress, refresh_index, track_index
from tui.store.cache import CacheStore, open_cache


def numbered(number: int) -> RecoveryKey:
    return key(f"{number * 2_654_435_761 % 2**32:08x}-0000-4000-8000-{number:012x}")


PAGES = tuple(tuple(numbered(page * 10 + place) for place in range(10)) for page in range(5))
EVERY = {each.id for page in PAGES for each in page}


def sources(cloud: Cloud, cache: CacheStore) -> CloudSources:
    return CloudSources(cloud, cloud, cloud, cache, cloud, "t")  # type: ignore[arg-type]


async def refresh(cloud: Cloud, cache: CacheStore, clock: SetClock, counts: list[int] | None = None) -> None:
    async def give() -> CloudSources:
        return sources(cloud, cache)

    await refresh_index(give, clock, (counts if counts is not None else []).append, force=True)


async def kept(cache: CacheStore) -> set[str]:
    return {each.id for each in await cache.keys_with_prefix("t", "")}


async def test_a_pass_counts_up_and_is_complete_at_its_end(tmp_path: Path) -> None:
    counts: list[int] = []
    async with await open_cache(tmp_path) as cache:
        await refresh(Cloud(pages=PAGES), cache, SetClock(), counts)
        assert await kept(cache) == EVERY
        assert await cache.indexed_at("t") is not None
    assert counts == [10, 20, 30, 40, 50]


async def test_a_pass_that_was_killed_goes_on_from_its_last_page_and_loses_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    async with await open_cache(tmp_path) as cache:
        with pytest.raises(Problem):
            await refresh(Cloud(pages=PAGES, break_after=2), cache, clock)
        assert await cache.indexed_at("t") is None
    again = Cloud(pages=PAGES)
    counts: list[int] = []
    async with await open_cache(tmp_path) as cache:  # another process, with no memory of the first
        await refresh(again, cache, clock, counts)
        assert again.asked == ["pages http://graph/page=2"]
        assert counts == [30, 40, 50]
        assert await kept(cache) == EVERY
        await refresh(Cloud(pages=PAGES[:3]), cache, clock)
        assert await kept(cache) == {each.id for page in PAGES[:3] for each in page}, "a whole pass drops what is gone"


async def test_a_place_that_is_too_old_or_that_graph_no_longer_takes_means_a_new_pass(tmp_path: Path) -> None:
    clock = SetClock()
    async with await open_cache(tmp_path) as cache:
        with pytest.raises(Problem):
            await refresh(Cloud(pages=PAGES, break_after=2), cache, clock)
        clock.go(3600)
        again = Cloud(pages=PAGES)
        await refresh(again, cache, clock)
        assert again.asked == ["pages"]
        assert await kept(cache) == EVERY


async def test_a_fresh_index_is_not_paged_in_again(tmp_path: Path) -> None:
    clock, cloud = SetClock(), Cloud(pages=PAGES)
    async with await open_cache(tmp_path, clock) as cache:

        async def give() -> CloudSources:
            return sources(cloud, cache)

        await refresh_index(give, clock, lambda _: None)
        await refresh_index(give, clock, lambda _: None)
        assert cloud.asked == ["pages"]
        clock.go(timedelta(minutes=6).total_seconds())
        await refresh_index(give, clock, lambda _: None)
        assert cloud.asked == ["pages", "pages"]


async def test_the_screen_hears_of_progress_and_of_a_failure() -> None:
    progress, cloud = IndexProgress(), Cloud(pages=PAGES, indexed=None)
    await track_index(cloud.cloud, SetClock(), progress)
    assert (progress.running, progress.count, progress.indexed_at, progress.fault) == (False, 50, NOW, "")
    with pytest.raises(Problem):
        await track_index(Cloud(pages=PAGES, break_after=1, indexed=None).cloud, SetClock(), progress)
    assert progress.fault == "the line went dead"
    assert not progress.running


@pytest.mark.parametrize("count", [30_000, pytest.param(300_000, marks=pytest.mark.long)])
async def test_a_prefix_is_found_at_once_among_hundreds_of_thousands(tmp_path: Path, count: int) -> None:
    async with await open_cache(tmp_path) as cache:
        for first in range(0, count, 10_000):
            await cache.save_keys("t", [numbered(first + place) for place in range(10_000)], complete=False)
        wanted = numbered(count // 2)
        slow = await timed(cache, "")
        quick = min([await timed(cache, wanted.id[:8]) for _ in range(5)])
        assert [each.id for each in await cache.keys_with_prefix("t", wanted.id[:8])] == [wanted.id]
    assert quick < slow / 50, f"a look-up took {quick:.4f} s, all keys {slow:.4f} s: it reads more than its range"
    assert quick < 0.05 or slow > 50 * 0.05
    assert wanted.device_id == DEVICE


async def timed(cache: CacheStore, digits: str) -> float:
    begun = time.perf_counter()
    await cache.keys_with_prefix("t", digits)
    return time.perf_counter() - begun
