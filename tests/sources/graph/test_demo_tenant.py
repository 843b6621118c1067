"""The adapters against the demo tenant, in a process of its own: what an engineer, and one who may not, gets to see."""

from uuid import uuid4

import pytest

from tests.sources.demo_tenant import demo, graph_as
from tui.errors import Problem, ProblemKind
from tui.sources.graph.directory import EntraDirectory
from tui.sources.graph.escrow import EntraEscrow
from tui.sources.graph.intune import Intune
from tui.sources.graph.policies import TenantPolicies


async def test_an_engineer_sees_keys_devices_owners_and_own_roles() -> None:
    async with demo() as running, graph_as(running, "engineer") as transport:
        escrow, directory = EntraEscrow(transport), EntraDirectory(transport)
        keys = [key async for page in escrow.all_keys() for key in page]
        assert len(keys) > 60
        first = keys[0]
        assert await escrow.key(first.id) == first
        assert first in await escrow.keys_of_device(first.device_id)
        device = await directory.device(first.device_id)
        [owner, *_] = await directory.owners(device.device_id)
        assert device in await directory.owned_devices(owner.upn)
        assert await directory.administrative_units(device.device_id)
        managed = await Intune(transport).managed_device(device.device_id)
        assert managed is not None
        assert managed.entra_device_id == device.device_id
        assert await Intune(transport).request_rotation(managed.id, str(uuid4()))
        policies = TenantPolicies(transport)
        assert any(role.reads_keys for role in await policies.my_roles())
        assert (await policies.self_service()).allowed is not None
        assert "@" in (await policies.me()).upn
        assert await escrow.key(str(uuid4())) is None


async def test_who_may_not_is_told_so_and_a_stale_token_asks_for_a_sign_in() -> None:
    async with demo() as running:
        for persona, kind in (("no-role", ProblemKind.FORBIDDEN), ("expired", ProblemKind.SIGNED_OUT)):
            async with graph_as(running, persona) as transport:
                with pytest.raises(Problem) as caught:
                    await EntraEscrow(transport).keys_of_device(str(uuid4()))
                assert caught.value.kind is kind
                assert caught.value.request_id
                assert "Global Administrator" not in str(caught.value)


async def test_no_list_ever_asks_for_a_key() -> None:
    paths: list[str] = []
    async with demo() as running, graph_as(running, "engineer") as transport:
        transport.watch(lambda call: paths.append(call.path))
        async for _ in EntraEscrow(transport).all_keys():
            pass
    assert paths
    assert not [path for path in paths if "select=key" in path]
