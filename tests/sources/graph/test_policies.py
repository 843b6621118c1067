"""Self-service, the signed-in account, its roles; and that the adapters give what the ports ask for."""

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import KEY, OBJECT, OTHER
from tests.sources.loopback import Asked, Reply, as_json
from tui.model.rights import RoleGrant
from tui.ports import DeviceManagement, Directory, KeyEscrow, Policies
from tui.sources.graph.directory import EntraDirectory
from tui.sources.graph.escrow import EntraEscrow
from tui.sources.graph.intune import Intune
from tui.sources.graph.policies import TenantPolicies
from tui.sources.graph.transport import Transport


def adapters(transport: Transport) -> tuple[Directory, DeviceManagement, KeyEscrow, Policies]:
    return EntraDirectory(transport), Intune(transport), EntraEscrow(transport), TenantPolicies(transport)


async def test_the_ports_are_given(graph: Graph) -> None:
    async with graph(lambda _: as_json({"value": []})) as (transport, server):
        adapters(transport)
        assert server.asked == []


async def test_self_service(graph: Graph) -> None:
    body = {"defaultUserRolePermissions": {"allowedToReadBitlockerKeysForOwnedDevice": False}}
    async with graph(lambda _: as_json(body)) as (transport, _):
        assert (await TenantPolicies(transport).self_service()).allowed is False


async def test_a_policy_that_must_not_be_read_is_not_known(graph: Graph) -> None:
    async with graph(lambda _: as_json({}, 403)) as (transport, _):
        found = await TenantPolicies(transport).self_service()
    assert found.allowed is None
    assert "Policy.Read.All" in found.detail


async def test_me(graph: Graph) -> None:
    async with graph(lambda _: as_json({"id": OTHER, "userPrincipalName": "me@b.example"})) as (transport, server):
        assert (await TenantPolicies(transport).me()).upn == "me@b.example"
    assert server.asked[0].path == "/v1.0/me"


async def test_roles_with_scope_and_whether_they_read_keys(graph: Graph) -> None:
    reads = {"allowedResourceActions": ["x/y", "microsoft.directory/bitlockerKeys/KEY/read"]}

    def answer(asked: Asked) -> Reply:
        if "/roleDefinitions/" in asked.path:
            return as_json({"displayName": "Custom", "rolePermissions": [reads]})
        assert asked.query == {"$expand": "roleDefinition"}
        return as_json(
            {
                "value": [
                    {
                        "roleDefinitionId": KEY,
                        "directoryScopeId": "/administrativeUnits/1",
                        "roleDefinition": {"displayName": "Reader", "rolePermissions": [{}, reads]},
                    },
                    {"roleDefinitionId": OTHER, "directoryScopeId": "/", "roleDefinition": {"rolePermissions": []}},
                    {"roleDefinitionId": OBJECT},
                ]
            }
        )

    async with graph(answer) as (transport, _):
        roles = await TenantPolicies(transport).my_roles()
    assert roles == [
        RoleGrant("Reader", "/administrativeUnits/1", reads_keys=True, role_id=KEY),
        RoleGrant(OTHER, "/", reads_keys=False, role_id=OTHER),
        RoleGrant("Custom", "", reads_keys=True, role_id=OBJECT),
    ]
