"""Recovery key metadata: the right keys, and never a recovery password."""

from collections.abc import Callable

import pytest

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import DEVICE, KEY, OTHER, chain, key
from tests.sources.loopback import as_json
from tui.errors import Problem, ProblemKind
from tui.model.recovery_key import Volume
from tui.sources.graph.escrow import EntraEscrow


async def test_keys_of_a_device_are_asked_for_by_device_id_and_never_with_key(graph: Graph) -> None:
    async with graph(chain([key(volumeType="1"), key(OTHER, volumeType=2)])) as (transport, server):
        found = await EntraEscrow(transport).keys_of_device(DEVICE.upper())
    [asked] = server.asked
    assert asked.query == {"$filter": f"deviceId eq '{DEVICE}'"}
    assert [item.volume for item in found] == [Volume.OPERATING_SYSTEM, Volume.FIXED_DATA]


async def test_an_ignored_filter_gives_no_keys_of_other_devices(graph: Graph) -> None:
    async with graph(chain([key(), key(OTHER, OTHER)])) as (transport, _):
        found = await EntraEscrow(transport).keys_of_device(DEVICE)
    assert [item.id for item in found] == [KEY]


async def test_ids_in_other_letter_case_are_the_same_ids(graph: Graph) -> None:
    async with graph(chain([key(KEY.upper(), "{" + DEVICE.upper() + "}")])) as (transport, _):
        [found] = await EntraEscrow(transport).keys_of_device(DEVICE)
    assert (found.id, found.device_id) == (KEY, DEVICE)


@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: {"value": item}])
async def test_one_key_bare_or_wrapped(graph: Graph, wrap: Callable[[dict[str, object]], dict[str, object]]) -> None:
    async with graph(lambda _: as_json(wrap(key(volumeType="operatingSystemVolume")))) as (transport, server):
        found = await EntraEscrow(transport).key(KEY)
    assert found is not None
    assert (found.id, found.volume) == (KEY, Volume.OPERATING_SYSTEM)
    assert server.asked[0].target.endswith(f"/recoveryKeys/{KEY}")


async def test_a_key_that_entra_does_not_know_is_none(graph: Graph) -> None:
    async with graph(lambda _: as_json({}, 404)) as (transport, _):
        assert await EntraEscrow(transport).key(KEY) is None


@pytest.mark.parametrize("item", [key(OTHER), {"createdDateTime": None}, {"value": key(OTHER)}])
async def test_another_key_than_asked_for_is_an_alarm(graph: Graph, item: object) -> None:
    async with graph(lambda _: as_json(item)) as (transport, _):
        with pytest.raises(Problem) as caught:
            await EntraEscrow(transport).key(KEY)
    assert caught.value.kind is ProblemKind.ALARM


@pytest.mark.parametrize("text", ["", "0e0e0e0e", "../devices", "x' or 1 eq 1"])
async def test_what_is_no_guid_is_not_asked_for(graph: Graph, text: str) -> None:
    async with graph(lambda _: as_json({"value": [key()]})) as (transport, server):
        assert await EntraEscrow(transport).key(text) is None
        assert await EntraEscrow(transport).keys_of_device(text) == ()
        assert server.asked == []


async def test_a_recovery_password_in_an_answer_is_not_kept(graph: Graph) -> None:
    async with graph(chain([key(key="not-for-here")])) as (transport, _):
        found = await EntraEscrow(transport).keys_of_device(DEVICE)
    assert "not-for-here" not in repr(found)
