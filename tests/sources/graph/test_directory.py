"""Device objects, owners, administrative units."""

import pytest

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import DEVICE, KEY, OBJECT, OTHER, chain
from tests.sources.loopback import as_json
from tui.errors import Problem, ProblemKind
from tui.model.device import AdministrativeUnit, Join, User
from tui.sources.graph.directory import EntraDirectory


async def test_a_device_by_device_id(graph: Graph) -> None:
    item = {
        "id": OBJECT,
        "deviceId": DEVICE.upper(),
        "displayName": "LT-\x1b[31m1\u202e",
        "trustType": "ServerAd",
        "accountEnabled": False,
        "isCompliant": None,
        "isManaged": "yes",
        "registrationDateTime": "2024-02-30T00:00:00Z",
    }
    async with graph(lambda _: as_json(item)) as (transport, server):
        found = await EntraDirectory(transport).device(DEVICE)
    assert server.asked[0].path == f"/v1.0/devices(deviceId='{DEVICE}')"
    assert (found.device_id, found.name, found.join, found.enabled) == (DEVICE, "LT-1", Join.HYBRID, False)
    assert (found.compliant, found.managed, found.registered_at) == (None, None, None)


async def test_another_device_than_asked_for_is_an_alarm(graph: Graph) -> None:
    async with graph(lambda _: as_json({"id": OBJECT, "deviceId": OTHER})) as (transport, _):
        with pytest.raises(Problem) as caught:
            await EntraDirectory(transport).device(DEVICE)
    assert caught.value.kind is ProblemKind.ALARM


async def test_a_name_is_quoted_and_checked_on_the_answer(graph: Graph) -> None:
    same = {"id": OBJECT, "deviceId": DEVICE, "displayName": "o'hara & #1"}
    other = {"id": OTHER, "deviceId": OTHER, "displayName": "LT-2"}
    async with graph(chain([same, other])) as (transport, server):
        found = await EntraDirectory(transport).devices_named("O'Hara & #1")
    assert server.asked[0].query["$filter"] == "displayName eq 'O''Hara & #1'"
    assert [device.device_id for device in found] == [DEVICE]


async def test_owners_are_users_only(graph: Graph) -> None:
    person = {"@odata.type": "#microsoft.graph.user", "id": OTHER, "userPrincipalName": "a@b.example"}
    thing = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": KEY}
    async with graph(chain([thing, person])) as (transport, server):
        assert await EntraDirectory(transport).owners(DEVICE) == [User(OTHER, "a@b.example", "")]
    assert server.asked[0].path == f"/v1.0/devices(deviceId='{DEVICE}')/registeredOwners"


async def test_only_objects_of_another_kind_are_no_owners_and_no_problem(graph: Graph) -> None:
    thing = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": KEY}
    async with graph(chain([thing])) as (transport, _):
        assert await EntraDirectory(transport).owners(DEVICE) == []


async def test_administrative_units(graph: Graph) -> None:
    async with graph(chain([{"id": OTHER, "displayName": "Branches"}])) as (transport, server):
        found = await EntraDirectory(transport).administrative_units(DEVICE)
    assert found == [AdministrativeUnit(OTHER, "Branches")]
    assert server.asked[0].path == f"/v1.0/devices(deviceId='{DEVICE}')/memberOf/microsoft.graph.administrativeUnit"


@pytest.mark.parametrize("upn", ["", " ", "..", "."])
async def test_no_name_owns_nothing_and_is_not_asked_for(graph: Graph, upn: str) -> None:
    async with graph(chain([])) as (transport, server):
        assert await EntraDirectory(transport).owned_devices(upn) == ()
        assert server.asked == []


async def test_a_name_with_a_slash_stays_one_segment(graph: Graph) -> None:
    async with graph(chain([])) as (transport, server):
        await EntraDirectory(transport).owned_devices("a/../../x#?")
    assert server.asked[0].target.startswith("/v1.0/users/a%2F..%2F..%2Fx%23%3F/ownedDevices")
