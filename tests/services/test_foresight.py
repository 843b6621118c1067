"""What the queue lets the console learn before an incident is opened: hints, in two batches, once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from tests.services.cloud import DEVICE, INTUNE, OTHER, Cloud, entra, key, managed
from tests.services.test_dossier import BY_BOTH, rounds_of, whole
from tui.errors import Problem, ProblemKind
from tui.model.device import EntraDevice, ManagedDevice
from tui.model.dossier import Query
from tui.services.cloud import CloudSources
from tui.services.foresight import MOST, Foresight
from tui.services.hints import Hints


@dataclass
class Batches:
    """The batches of one tenant."""

    cloud: Cloud
    fails: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def sources(self) -> CloudSources:
        return replace(self.cloud.sources, ahead=self)  # type: ignore[arg-type]

    async def devices_named(self, names: Sequence[str]) -> Sequence[Sequence[EntraDevice] | Problem]:
        self.asked.append(tuple(names))
        return [[one for one in self.cloud.devices if one.name == name] for name in names]

    async def managed_devices(self, device_ids: Sequence[str]) -> Sequence[ManagedDevice | Problem | None]:
        if self.fails:
            raise Problem(ProblemKind.THROTTLED, "Too many calls")
        self.asked.append(tuple(device_ids))
        return [next((one for one in self.cloud.records if one.entra_device_id == each), None) for each in device_ids]


async def test_the_first_dossier_of_a_queued_incident_takes_one_round_trip() -> None:
    batches = Batches(whole())
    await Foresight(batches.sources).look_ahead([BY_BOTH])
    assert batches.asked == [("LT-1",), (DEVICE,)]
    assert await rounds_of(batches.cloud) == 1


@pytest.mark.parametrize("query", [replace(BY_BOTH, device_name=""), replace(BY_BOTH, term=None)])
async def test_a_key_id_or_a_name_is_enough(query: Query) -> None:
    batches = Batches(whole())
    await Foresight(batches.sources).look_ahead([query])
    assert await Hints(batches.cloud.sources.index, "t").intune_id(DEVICE) == INTUNE


async def test_each_incident_is_looked_at_once_and_twenty_at_a_time() -> None:
    batches = Batches(whole())
    ahead = Foresight(batches.sources)
    queries = [Query(device_name=f"LT-{at}", incident_id=f"desk:{at}") for at in range(MOST + 5)]
    for _ in range(3):
        await ahead.look_ahead(queries)
    assert [len(asked) for asked in batches.asked if asked and asked[0].startswith("LT")] == [MOST, 5]


async def test_a_name_of_two_devices_and_a_key_id_of_two_teach_nothing() -> None:
    cloud = Cloud(
        devices=[entra(), entra(OTHER)], records=[managed()], index=[key(), key(key().id[:-1] + "2", device_id=OTHER)]
    )
    batches = Batches(cloud)
    await Foresight(batches.sources).look_ahead([BY_BOTH])
    assert batches.asked == [("LT-1",), ()]
    assert cloud.kept == {}


async def test_a_refused_batch_costs_nothing_but_the_second_round_trip() -> None:
    batches = Batches(whole(), fails=True)
    await Foresight(batches.sources).look_ahead([BY_BOTH])
    assert await rounds_of(batches.cloud) == 2
