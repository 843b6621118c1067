"""Hundreds of devices at once: the first are there early, a refusal costs one row, and leaving ends everything."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.demo.tenant import Running
from tests.services.cloud import entra, key, managed
from tests.services.demo_cloud import demo_cloud
from tui.errors import Problem, ProblemKind
from tui.model.device import EntraDevice, ManagedDevice
from tui.model.recovery_key import RecoveryKey
from tui.services.mass_join import CHUNK, WORKERS, MassJoin, MassProgress, MassRow, Target


def device_id(number: int) -> str:
    return f"0d0d0d0d-0000-4000-8000-{number:012x}"


@dataclass
class Many:
    """A source that knows any number of devices; `refused` fail by themselves, `down` names calls that fail whole."""

    refused: frozenset[str] = frozenset()
    down: str = ""
    steps: list[str] = field(default_factory=list)
    in_flight: int = 0
    hold: asyncio.Event | None = None

    async def _call(self, name: str, count: int) -> None:
        assert count <= CHUNK
        if count:
            self.steps.append(name)
        self.in_flight += 1
        try:
            await (self.hold.wait() if self.hold else asyncio.sleep(0))
        finally:
            self.in_flight -= 1
        if name == self.down:
            raise Problem(ProblemKind.UNREACHABLE, f"{name} is down")

    def _no(self, of: str) -> Problem | None:
        return Problem(ProblemKind.FORBIDDEN, f"refused {of[-1]}") if of in self.refused else None

    async def devices_named(self, names: Sequence[str]) -> Sequence[Sequence[EntraDevice] | Problem]:
        await self._call("named", len(names))
        twice = [entra(device_id(1), "TWICE"), entra(device_id(2), "TWICE")]
        special: dict[str, list[EntraDevice]] = {"TWICE": twice, "GONE": []}
        return [special[name] if name in special else [entra(device_id(int(name)), name)] for name in names]

    async def devices(self, ids: Sequence[str]) -> Sequence[EntraDevice | Problem]:
        await self._call("devices", len(ids))
        return [self._no(each) or entra(each) for each in ids]

    async def managed_devices(self, ids: Sequence[str]) -> Sequence[ManagedDevice | Problem | None]:
        await self._call("managed", len(ids))
        return [managed(each) for each in ids]

    async def keys_of_devices(self, ids: Sequence[str]) -> Sequence[Sequence[RecoveryKey] | Problem]:
        await self._call("keys", len(ids))
        return [[key(device_id=each)] for each in ids]


def targets(count: int) -> list[Target]:
    return [Target(f"desk:{number}", device_id(number)) for number in range(count)]


async def test_every_target_has_its_row_with_device_record_and_keys() -> None:
    seen: list[MassProgress] = []
    join = MassJoin(Many(), lambda _, progress: seen.append(progress))
    rows = await join.run(targets(505))
    assert sorted(row.target.incident_id for row in rows) == sorted(target.incident_id for target in targets(505))
    for row in rows:
        assert row.device and row.managed and row.keys
        assert row.device.device_id == row.managed.entra_device_id == row.keys[0].device_id == row.target.device_id
        assert row.problem == ""
    assert seen[-1] == MassProgress(505, 505, 0)
    assert [each.done for each in seen] == sorted(each.done for each in seen)


async def test_the_first_devices_are_whole_before_the_last_are_begun() -> None:
    source, first_at = Many(), list[int]()
    join = MassJoin(source, lambda rows, _: first_at.append(source.steps.count("devices")))
    await join.run(targets(CHUNK * WORKERS * 3))
    assert first_at[0] <= WORKERS, "the first rows come after the first round of chunks"


async def test_a_refused_device_is_one_row_and_a_source_that_is_down_costs_its_part_only() -> None:
    rows = await MassJoin(Many(refused=frozenset({device_id(3)}))).run(targets(10))
    assert [row.problem for row in rows if row.problem] == ["refused 3"]
    rows = await MassJoin(Many(down="managed")).run(targets(10))
    assert {row.problem for row in rows} == {"managed is down"}
    assert all(row.keys and row.managed is None for row in rows)
    rows = await MassJoin(Many(down="devices")).run(targets(10))
    assert all(row.device is None and row.problem == "devices is down" for row in rows)


async def test_a_name_that_fits_two_devices_selects_none() -> None:
    asked = [
        Target("1", device_name="TWICE"),
        Target("2", device_name="GONE"),
        Target("3", device_name="7"),
        targets(1)[0],
    ]
    rows = {row.target.incident_id: row for row in await MassJoin(Many()).run(asked)}
    assert rows["1"].device is None and "2 device objects" in rows["1"].problem
    assert rows["2"].device is None and "no device" in rows["2"].problem
    assert rows["3"].device is not None and rows["3"].device.device_id == device_id(7)
    assert rows["desk:0"].device is not None


async def test_cancelling_ends_every_call_and_keeps_what_has_come() -> None:
    source = Many(hold=asyncio.Event())
    join = MassJoin(source)
    work = asyncio.create_task(join.run(targets(500)))
    async with asyncio.timeout(5):
        while source.in_flight < WORKERS:  # noqa: ASYNC110  (nothing tells it)
            await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert source.in_flight == 0
    assert join.rows == []


async def test_nobody_to_join_is_no_call() -> None:
    source = Many()
    assert await MassJoin(source).run([]) == []
    assert source.steps == []


async def test_the_demo_tenant_joined_in_batches_says_the_same_as_one_by_one(
    demo_tenant: Running, tmp_path: Path
) -> None:
    ids = [one["deviceId"] for one in demo_tenant.everything("/v1.0/devices")][:45]
    full = demo_tenant.case("escrow-cap")["devices"][0]
    async with demo_cloud(demo_tenant, tmp_path, indexed=False) as cloud:
        assert cloud.sources.mass is not None
        rows = await MassJoin(cloud.sources.mass).run([Target(each, each) for each in [*ids, full]])
        batches = [call for call in cloud.wire.newest() if call.path == "/v1.0/$batch"]
        by_id: dict[str, MassRow] = {row.target.device_id: row for row in rows}
        for each in (ids[0], ids[-1], full):
            row = by_id[each]
            assert row.device == await cloud.sources.directory.device(each)
            assert row.managed == await cloud.sources.intune.managed_device(each)
            assert list(row.keys) == list(await cloud.sources.escrow.keys_of_device(each))
    assert len(by_id[full].keys) == 200, "more than a page of keys is read to its end"
    assert len(batches) == 9
    assert sum(call.parts for call in batches) == 3 * len(set(ids) | {full}) + 3 * (full in ids)
