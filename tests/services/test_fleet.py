"""How the inventory stands to an update, and reading it over HTTP: paged, kept, and off where it is refused."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demo.tenant import MANAGED, Running, running
from tests.services.demo_cloud import DemoCloud, demo_cloud
from tests.services.inventory_samples import APRIL_BUILD, MARCH, managed
from tests.services.samples import MORNING, SetClock
from tui.diagnosis.kb import builds_of_kb
from tui.services.fleet import Fleet, filled
from tui.services.incident_evidence import Facets
from tui.services.inventory import GOOD_FOR, keep_inventory
from tui.text import clean_line

SERVER = (26100, 32522)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Running]:
    with running("--seed", "7", "--size", "300", "--speed", "0.0001") as found:
        yield found


def test_a_device_stands_before_or_behind_an_update_by_its_build() -> None:
    devices = [
        managed("through", APRIL_BUILD),
        managed("through-25h2", (26200, 8246)),
        managed("waits", MARCH),
        managed("silent", MARCH, datetime(2026, 4, 13, tzinfo=UTC)),
        managed("later", (26100, 8457)),
        managed("server", SERVER),
        managed("other-branch", (22631, 6783)),
        managed("mac", None),
    ]
    ring = Fleet(devices, MORNING).ring("KB5083769")
    assert [each.name for each in ring.through] == ["through", "through-25h2"]
    assert [each.name for each in ring.waiting] == ["waits"]
    assert [each.name for each in ring.silent] == ["silent"]
    assert Fleet(devices, MORNING).ring("KB9999999") == Fleet().ring("KB5083769")


def test_an_update_brings_the_builds_of_its_enablement_packages() -> None:
    assert {build: row.ubr for build, row in builds_of_kb("KB5083769").items()} == {26100: 8246, 26200: 8246}
    assert builds_of_kb("") == {}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from((26100, 26200, 22631)), st.integers(0, 9_999)), max_size=30))
def test_no_device_stands_in_two_places(builds: list[tuple[int, int]]) -> None:
    ring = Fleet([managed(str(place), build) for place, build in enumerate(builds)], MORNING).ring("KB5083769")
    placed = [each.name for each in (*ring.through, *ring.waiting, *ring.silent)]
    assert len(placed) == len(set(placed))
    assert len(placed) == sum(build != 22631 and revision <= 8246 for build, revision in builds)


def test_a_name_that_two_devices_bear_names_none() -> None:
    fleet = Fleet([managed("LT-1", MARCH), managed("lt-1", MARCH), managed("LT-2", MARCH, model="One")], MORNING)
    assert fleet.named("LT-1") is None
    assert fleet.named("") is None
    assert filled(Facets(build="known"), fleet.named("lt-2")) == Facets(model="One", build="known")
    assert filled(Facets(), None) == Facets()


async def test_the_inventory_is_paged_in_behind_the_engineer_and_kept(tenant: Running, tmp_path: Path) -> None:
    listed = tenant.everything(MANAGED)
    async with demo_cloud(tenant, tmp_path, indexed=False) as cloud:
        shown = await kept(cloud, 1)
        asked = [call for call in cloud.wire.newest() if "managedDevices" in call.path]
        assert len(asked) == (len(listed) + 99) // 100
        assert all(call.background for call in asked)
        (fleet,) = shown
        assert {each.name for each in fleet.devices} == {clean_line(each["deviceName"]) for each in listed}
        assert all(each.build and each.synced_at and each.facets.model for each in fleet.devices)
        ring = fleet.ring("KB5083769")
        assert ring.through and ring.waiting
        before = cloud.wire.total
        (again,) = await kept(cloud, 1)
        assert (again.devices, again.observed_at) == (fleet.devices, fleet.observed_at)
        assert cloud.wire.total == before, "what is fresh is not asked for again"
        assert fleet.observed_at is not None
        later = fleet.observed_at + GOOD_FOR + timedelta(seconds=1)
        old, new = await kept(cloud, 2, later)
        assert (old.observed_at, new.observed_at) == (fleet.observed_at, later)


async def test_a_refusal_is_said_and_ends_it(tenant: Running, tmp_path: Path) -> None:
    async with demo_cloud(tenant, tmp_path, "auditor", indexed=False) as cloud:
        shown: list[Fleet] = []
        await asyncio.wait_for(keep_inventory(cloud._cloud, SetClock(MORNING), shown.append), 20)
        (fleet,) = shown
        assert not fleet.known
        assert "inventory" in fleet.why


async def test_a_damaged_page_leaves_the_old_inventory_with_its_age(tenant: Running, tmp_path: Path) -> None:
    async with demo_cloud(tenant, tmp_path, indexed=False) as cloud:
        (first,) = await kept(cloud, 1)
        assert first.observed_at is not None
        tenant.fault("broken-json", "managedDevices")
        later = first.observed_at + GOOD_FOR + timedelta(hours=1)
        _, after = await kept(cloud, 2, later)
        assert after.devices == first.devices
        assert after.observed_at == first.observed_at
        assert after.why


async def kept(cloud: DemoCloud, times: int, at: datetime | None = None) -> list[Fleet]:
    """What was shown first, so many times."""
    shown: list[Fleet] = []
    enough = asyncio.Event()

    def show(fleet: Fleet) -> None:
        shown.append(fleet)
        if len(shown) == times:
            enough.set()

    clock = SetClock(at or datetime.now(UTC))
    work = asyncio.create_task(keep_inventory(cloud._cloud, clock, show))
    try:
        async with asyncio.timeout(20):
            await enough.wait()
            # What is shown is then kept; the next run finds it.
            while not await cloud.sources.index.recall(f"fleet:{cloud.sources.tenant}"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    return shown


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_large_fleet_is_looked_through_fast(count: int) -> None:
    devices = [managed(f"LT-{n}", (MARCH, APRIL_BUILD)[n % 2]) for n in range(count)]
    fleet = Fleet(devices, MORNING)
    began = time.process_time()
    ring = fleet.ring("KB5083769")
    assert time.process_time() - began < 0.25 * count / 100_000
    assert len(ring.through) == len(ring.waiting) == count // 2
