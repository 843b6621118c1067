"""Keys in the cache: found by prefix, and dropped when a full pass has not seen them."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import SetClock, recovery_key
from tui.store.cache import CacheStore, open_cache


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
async def cache(state: Path, clock: SetClock) -> AsyncIterator[CacheStore]:
    async with await open_cache(state, clock) as store:
        yield store


async def prefixes(cache: CacheStore, tenant: str = "t") -> list[str]:
    return [key.id[:8] for key in await cache.keys_with_prefix(tenant, "")]


async def test_keys_are_found_by_prefix(cache: CacheStore, clock: SetClock) -> None:
    one, two = "4a2b9c1d-0000-4000-8000-000000000001", "4a2b9c1d-0000-4000-8000-000000000002"
    other = "4a2b9c1e-0000-4000-8000-000000000001"
    assert await cache.indexed_at("t") is None
    await cache.save_keys("t", [recovery_key(one), recovery_key(other)], complete=False)
    assert await cache.indexed_at("t") is None
    await cache.save_keys("t", [recovery_key(two)], complete=True)
    assert await cache.indexed_at("t") == clock.at
    assert list(await cache.keys_with_prefix("t", "4a2b9c1d")) == [recovery_key(one), recovery_key(two)]
    assert list(await cache.keys_with_prefix("t", two.replace("-", ""))) == [recovery_key(two)]
    assert list(await cache.keys_with_prefix("t", "4a2b9c1f")) == []
    assert list(await cache.keys_with_prefix("u", "4a2b9c1d")) == []


async def test_a_full_pass_drops_what_the_tenant_has_no_more(cache: CacheStore, clock: SetClock) -> None:
    await cache.save_keys("t", [recovery_key("aaaaaaaa" * 4), recovery_key("bbbbbbbb" * 4)], complete=True)
    await cache.save_keys("u", [recovery_key("cccccccc" * 4)], complete=True)
    clock.go(60)
    await cache.save_keys("t", [recovery_key("bbbbbbbb" * 4)], complete=False)
    assert await prefixes(cache) == ["aaaaaaaa", "bbbbbbbb"]
    clock.go(60)
    await cache.save_keys("t", [], complete=True)
    assert await prefixes(cache) == ["bbbbbbbb"]
    assert await prefixes(cache, "u") == ["cccccccc"]


async def test_a_second_console_that_pages_meanwhile_loses_no_key(
    cache: CacheStore, state: Path, clock: SetClock
) -> None:
    page_1, page_2 = [recovery_key("aaaaaaaa" * 4)], [recovery_key("bbbbbbbb" * 4)]
    async with await open_cache(state, clock) as second:
        for step, (store, page, complete) in enumerate(
            [(cache, page_1, False), (second, page_1, False), (cache, page_2, True), (second, page_2, True)]
        ):
            clock.go(step)
            await store.save_keys("t", page, complete=complete)
            assert "aaaaaaaa" in await prefixes(cache)
    assert await prefixes(cache) == ["aaaaaaaa", "bbbbbbbb"]


async def test_a_pass_that_a_restart_broke_off_drops_nothing_that_it_saw(state: Path, clock: SetClock) -> None:
    gone, page_1, page_2 = (recovery_key(digit * 32) for digit in "abc")
    async with await open_cache(state, clock) as first:
        await first.save_keys("t", [gone], complete=True)
        clock.go(60)
        await first.save_keys("t", [page_1], complete=False)
    clock.go(60)
    async with await open_cache(state, clock) as second:
        await second.save_keys("t", [page_2], complete=False)
        await second.save_keys("t", [], complete=True)
        assert await prefixes(second) == ["bbbbbbbb", "cccccccc"]
        clock.go(60)
        await second.save_keys("t", [page_2], complete=True)
        assert await prefixes(second) == ["cccccccc"], "the next whole pass begins anew"


async def test_a_clock_set_back_during_a_pass_loses_no_key(cache: CacheStore, clock: SetClock) -> None:
    await cache.save_keys("t", [recovery_key("aaaaaaaa" * 4)], complete=False)
    clock.go(-3600)
    await cache.save_keys("t", [recovery_key("bbbbbbbb" * 4)], complete=False)
    await cache.save_keys("t", [], complete=True)
    assert await prefixes(cache) == ["aaaaaaaa", "bbbbbbbb"]


@settings(max_examples=15, deadline=None)
@given(
    numbers=st.sets(st.integers(0, 2**128 - 1), max_size=20),
    length=st.integers(8, 32),
    probe=st.integers(0, 2**128 - 1),
)
def test_a_prefix_finds_what_begins_with_it(
    tmp_path_factory: pytest.TempPathFactory, numbers: set[int], length: int, probe: int
) -> None:
    async def ask() -> None:
        async with await open_cache(tmp_path_factory.mktemp("cache") / "state") as cache:
            await cache.save_keys("t", [recovery_key(number) for number in numbers], complete=True)
            for digits in {uuid.UUID(int=number).hex for number in {probe, *numbers}}:
                found = {key.id for key in await cache.keys_with_prefix("t", digits[:length])}
                wanted = {uuid.UUID(int=n) for n in numbers if uuid.UUID(int=n).hex.startswith(digits[:length])}
                assert found == {str(key_id) for key_id in wanted}

    asyncio.run(ask())


@pytest.mark.parametrize("count", [20_000, pytest.param(300_000, marks=pytest.mark.long)])
async def test_a_prefix_is_found_quickly_among_many_keys(cache: CacheStore, count: int) -> None:
    dice = random.Random(1)
    keys = [recovery_key(dice.getrandbits(128)) for _ in range(count)]
    await cache.save_keys("t", keys, complete=True)
    took = [await timed(cache, key.id[:8]) for key in keys[:200]]
    assert sorted(took)[len(took) // 2] < 0.05


async def timed(cache: CacheStore, digits: str) -> float:
    began = time.perf_counter()
    assert await cache.keys_with_prefix("t", digits)
    return time.perf_counter() - began
