import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import NOON, SetClock, incident, kept, modes, recovery_key
from tui.errors import Problem
from tui.model.incident import IncidentState
from tui.model.incident_line import id_in
from tui.store.cache import CacheStore, open_cache
from tui.store.first_rows import first_incidents


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


def direct(state: Path) -> sqlite3.Connection:
    return sqlite3.connect(state / "cache.db", isolation_level=None)


async def test_incidents_and_their_watermark_come_back(cache: CacheStore, clock: SetClock) -> None:
    assert await cache.watermark("demo") == ("", None)
    await cache.save("demo", [incident(1), incident(2)], "w1")
    clock.go(5)
    await cache.save("demo", [incident(2, priority=1)], "w2")
    assert list(await cache.load()) == kept(incident(2, priority=1), incident(1))
    assert await cache.watermark("demo") == ("w2", NOON + timedelta(seconds=5))
    assert await cache.watermark("other") == ("", None)


async def test_the_queue_comes_in_order_and_its_top_without_a_store(cache: CacheStore, state: Path) -> None:
    saved = [
        incident(1, priority=2, age=5),
        incident(2, priority=1, age=1),
        incident(3, priority=1, age=9),
        incident(4, priority=1, state=IncidentState.CLOSED),
    ]
    await cache.save("demo", saved, "")
    assert [id_in(line) for line in await cache.load()] == ["demo:k3", "demo:k2", "demo:k1", "demo:k4"]
    assert [found.id for found in first_incidents(state, 2)] == ["demo:k3", "demo:k2"]


async def test_what_was_closed_long_ago_is_forgotten(cache: CacheStore) -> None:
    month = 31 * 24 * 60
    old, recent = incident(1, state=IncidentState.CLOSED, age=month), incident(2, state=IncidentState.CLOSED, age=5)
    await cache.save("demo", [old, recent, incident(3, age=month)], "")
    assert {id_in(line) for line in await cache.load()} == {"demo:k2", "demo:k3"}


def test_the_first_paint_of_nothing_is_nothing(state: Path) -> None:
    assert first_incidents(state, 5) == ()
    state.mkdir()
    (state / "cache.db").write_bytes(b"x" * 9000)
    assert first_incidents(state, 5) == ()


async def test_a_view_is_remembered(state: Path) -> None:
    async with await open_cache(state) as cache:
        assert await cache.recall("view") == ""
        await cache.remember("view", "queue")
        await cache.remember("view", "audit")
    async with await open_cache(state) as cache:
        assert await cache.recall("view") == "audit"


async def test_files_are_private(cache: CacheStore, state: Path) -> None:
    await cache.remember("a", "b")
    files = dict.fromkeys(("cache.db", "cache.db-wal", "cache.db-shm"), 0o600)
    assert modes(state) == {**files, "state": 0o700}


def spoil(state: Path) -> None:
    (state / "cache.db").write_bytes(b"not a database" * 500)
    (state / "cache.db-wal").write_bytes(b"nor a log" * 500)
    (state / "cache.db-wal").chmod(0o600)


def make_newer(state: Path) -> None:
    direct(state).execute("PRAGMA user_version=99")


@pytest.mark.parametrize("harm", [spoil, make_newer])
async def test_a_cache_that_cannot_be_read_starts_anew_and_says_so(state: Path, harm: object) -> None:
    async with await open_cache(state) as cache:
        await cache.save("demo", [incident(1)], "w")
        assert cache.notice == ""
    assert callable(harm)
    harm(state)
    async with await open_cache(state) as cache:
        assert "starts anew" in cache.notice
        assert str(state / "cache.db.damaged") in cache.notice
        assert list(await cache.load()) == []
        assert await cache.watermark("demo") == ("", None)
        await cache.save("demo", [incident(2)], "w")
    assert modes(state)["cache.db.damaged"] == 0o600
    async with await open_cache(state) as cache:
        assert cache.notice == ""
        assert list(await cache.load()) == kept(incident(2))


async def test_the_log_of_a_damaged_cache_is_not_played_into_the_new_one(state: Path) -> None:
    async with await open_cache(state) as cache:
        await cache.save("demo", [incident(1)], "w")
        direct(state).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await cache.remember("view", "old")
        log = (state / "cache.db-wal").read_bytes()
    spoil(state)
    (state / "cache.db-wal").write_bytes(log)
    async with await open_cache(state) as cache:
        assert "starts anew" in cache.notice
        assert await cache.recall("view") == ""
        await cache.save("demo", [incident(2)], "w")
        assert list(await cache.load()) == kept(incident(2))
    assert direct(state).execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_damage_found_in_use_starts_anew(state: Path) -> None:
    async with await open_cache(state) as cache:
        await cache.save("demo", [incident(n) for n in range(500)], "w")
    rot(state)
    async with await open_cache(state) as cache:
        assert list(await cache.load()) == []
        assert "starts anew" in cache.notice
        await cache.save("demo", [incident(2)], "w")
        assert list(await cache.load()) == kept(incident(2))


def rot(state: Path) -> None:
    """Spoil every page but the first, which holds the schema."""
    content = bytearray((state / "cache.db").read_bytes())
    content[4096:] = b"\xee" * (len(content) - 4096)
    (state / "cache.db").write_bytes(content)


@settings(max_examples=40, deadline=None)
@given(rots=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=30))
def test_a_cache_that_rots_never_stops_the_console(
    tmp_path_factory: pytest.TempPathFactory, rots: list[tuple[float, int]]
) -> None:
    state = tmp_path_factory.mktemp("rotten") / "state"

    async def ask() -> None:
        async with await open_cache(state) as cache:
            await cache.save("demo", [incident(1)], "w")
            await cache.save_keys("t", [recovery_key(1)], complete=True)
        content = bytearray((state / "cache.db").read_bytes())
        for at, bits in rots:
            content[int(at * len(content))] ^= bits
        (state / "cache.db").write_bytes(content)
        first_incidents(state, 5)
        async with await open_cache(state) as cache:
            await cache.load()
            await cache.watermark("demo")
            await cache.keys_with_prefix("t", "00000000")
            await cache.indexed_at("t")

    asyncio.run(ask())


async def test_a_value_that_is_no_word_of_ours_starts_anew(cache: CacheStore, state: Path) -> None:
    await cache.save_keys("t", [recovery_key(1)], complete=True)
    direct(state).execute("UPDATE keys SET volume = 'operating-sistem'")
    assert list(await cache.keys_with_prefix("t", "0")) == []
    assert "starts anew" in cache.notice


async def test_a_text_that_cannot_be_kept_leaves_the_cache_alone(cache: CacheStore) -> None:
    await cache.remember("view", "queue")
    with pytest.raises(Problem, match="cannot be used"):
        await cache.remember("view", "\ud800")
    assert (await cache.recall("view"), cache.notice) == ("queue", "")


async def test_incidents_of_another_shape_are_asked_for_again(cache: CacheStore, state: Path) -> None:
    await cache.save("demo", [incident(1)], "w")
    direct(state).execute("UPDATE incidents SET line = ?", (b'{"id": 5}',))
    assert first_incidents(state, 5) == ()
    assert list(await cache.load()) == []
    assert await cache.watermark("demo") == ("", None)
    assert "starts anew" in cache.notice


async def test_a_closed_or_foreign_cache_is_a_problem_with_a_next_step(state: Path) -> None:
    cache = await open_cache(state)
    await cache.close()
    await cache.close()
    with pytest.raises(Problem, match="cannot be used") as caught:
        await cache.load()
    assert "only a cache" in caught.value.next_step
    (state / "cache.db").chmod(0o666)
    with pytest.raises(Problem, match="open to other users"):
        await open_cache(state)


async def test_a_lock_does_not_damage(cache: CacheStore, state: Path) -> None:
    await cache.save("demo", [incident(1)], "w")
    holder = direct(state)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Problem, match="held"):
        await cache.remember("a", "b")
    holder.close()
    assert list(await cache.load()) == kept(incident(1))
    assert cache.notice == ""
