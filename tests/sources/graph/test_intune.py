"""Intune: the device that was asked for and no other; a rotation is sent once."""

import pytest

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import DEVICE, KEY, OBJECT, OTHER, chain, managed
from tests.sources.loopback import Reply, as_json
from tui.errors import Problem, ProblemKind
from tui.sources.graph.intune import Intune


async def test_a_device_is_found_and_its_id_checked(graph: Graph) -> None:
    action = {"actionName": "rotateBitLockerKeys", "actionState": "done", "errorCode": 0}
    item = managed(
        isEncrypted=True,
        lastSyncDateTime="0001-01-01T00:00:00Z",
        deviceActionResults=[action],
        complianceState="new",
    )
    async with graph(chain([item])) as (transport, server):
        found = await Intune(transport).managed_device(DEVICE)
    assert found is not None
    assert (found.entra_device_id, found.encrypted, found.last_sync) == (DEVICE, True, None)
    assert (found.actions[0].name, found.actions[0].state) == ("rotateBitLockerKeys", "done")
    assert found.compliance == "new"
    assert server.asked[0].query["$filter"] == f"azureADDeviceId eq '{DEVICE}'"


async def test_an_ignored_filter_finds_the_device_among_all_and_no_other(graph: Graph) -> None:
    strangers: list[object] = [managed(f"00000000-0000-4000-8000-{n:012d}", OTHER) for n in range(3)]
    async with graph(chain(strangers, [managed(KEY), strangers[0]])) as (transport, _):
        found = await Intune(transport).managed_device(DEVICE)
    assert found is not None
    assert found.id == KEY


async def test_only_other_devices_mean_none(graph: Graph) -> None:
    async with graph(chain([managed(device_id=OTHER), managed(device_id="")])) as (transport, _):
        assert await Intune(transport).managed_device(DEVICE) is None


async def test_of_several_records_the_one_that_synced_last_counts(graph: Graph) -> None:
    old = managed(KEY, lastSyncDateTime="2025-01-01T00:00:00Z")
    new = managed(OTHER, lastSyncDateTime="2026-01-01T00:00:00Z")
    async with graph(chain([old, new, managed(OBJECT)])) as (transport, _):
        found = await Intune(transport).managed_device(DEVICE)
    assert found is not None
    assert found.id == OTHER


async def test_a_rotation_is_one_beta_post_without_body(graph: Graph) -> None:
    async with graph(lambda _: Reply(204, headers={"request-id": "r-7"})) as (transport, server):
        assert await Intune(transport).request_rotation(OTHER, "c-7") == "r-7"
    [asked] = server.asked
    assert (asked.method, asked.path) == (
        "POST",
        f"/beta/deviceManagement/managedDevices/{OTHER}/rotateBitLockerKeys",
    )
    assert (asked.body, asked.headers["client-request-id"]) == (b"", "c-7")


@pytest.mark.parametrize("reply", [as_json({}, 504), Reply(200, b"x" * 9, cut=1)])
async def test_a_rotation_of_which_nothing_is_known_says_so_and_is_not_repeated(graph: Graph, reply: Reply) -> None:
    async with graph(lambda _: reply) as (transport, server):
        with pytest.raises(Problem) as caught:
            await Intune(transport).request_rotation(OTHER, "c")
    assert len(server.asked) == 1
    assert caught.value.what == "Whether the rotation was queued is not known"


async def test_a_forbidden_rotation_is_known_to_be_forbidden(graph: Graph) -> None:
    async with graph(lambda _: as_json({}, 403)) as (transport, _):
        with pytest.raises(Problem) as caught:
            await Intune(transport).request_rotation(OTHER, "c")
    assert caught.value.kind is ProblemKind.FORBIDDEN
    assert "PrivilegedOperations" in caught.value.why
