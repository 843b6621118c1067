"""Intune's details, the directory's log, and what a token says of itself: every odd shape is unknown, none is fatal."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import DEVICE, OBJECT, OTHER, chain, endless, managed
from tests.sources.loopback import Asked, Reply, as_json
from tui.errors import Problem, ProblemKind
from tui.model.device import EncryptionReport, EntraDevice, Hardware, Join, PolicyState
from tui.model.rights import Capability
from tui.sources.graph.directory_log import EntraLog
from tui.sources.graph.intune import SERIAL_PAGES, Intune
from tui.sources.graph.policies import TenantPolicies
from tui.sources.graph.probing import scopes_of


def line(**rest: object) -> dict[str, object]:
    return {"id": OTHER, "encryptionReadinessState": "ready", "encryptionState": "encrypted", **rest}


@pytest.mark.parametrize(
    ("said", "causes"),
    [
        ("success", ()),
        ("recoveryKeyBackupFailed,networkError", ("recoveryKeyBackupFailed", "networkError")),
        ("recoveryKeyBackupFailed, unknownFutureValue", ("recoveryKeyBackupFailed", "unknownFutureValue")),
        (["osVolumeUnprotected", 3], ("osVolumeUnprotected",)),
        (7, ()),
        (None, ()),
    ],
)
async def test_several_causes_come_in_one_string(graph: Graph, said: object, causes: tuple[str, ...]) -> None:
    policies = [{"policyName": "Disk"}, {"policyName": 3}]
    async with graph(lambda _: as_json(line(advancedBitLockerStates=said, policyDetails=policies))) as (
        transport,
        server,
    ):
        report = await Intune(transport).encryption_report(OTHER)
    assert report == EncryptionReport("ready", "encrypted", "", ("Disk",), causes)
    assert server.asked[0].path == f"/beta/deviceManagement/managedDeviceEncryptionStates/{OTHER}"


async def test_a_line_of_another_device_or_none_is_no_report(graph: Graph) -> None:
    async with graph(lambda _: as_json(line(id=DEVICE))) as (transport, _):
        assert await Intune(transport).encryption_report(OTHER) is None
    async with graph(lambda _: as_json({}, 404)) as (transport, _):
        assert await Intune(transport).encryption_report(OTHER) is None
    async with graph(lambda _: as_json({}, 403)) as (transport, _):
        with pytest.raises(Problem):
            await Intune(transport).encryption_report(OTHER)


async def test_policies_name_the_settings_that_are_not_met(graph: Graph) -> None:
    settings = [
        {"setting": "x", "settingName": "BitLocker", "state": "nonCompliant"},
        {"setting": "y", "state": "compliant"},
        {"setting": "z", "state": "error"},
    ]
    states = [{"displayName": "A", "state": "nonCompliant", "settingStates": settings}, {"id": "b", "settingStates": 4}]
    async with graph(chain(states)) as (transport, server):
        found = await Intune(transport).policy_states(OTHER)
    assert found == [PolicyState("A", "nonCompliant", ("BitLocker", "z")), PolicyState("b", "")]
    assert server.asked[0].path.endswith(f"/managedDevices/{OTHER}/deviceCompliancePolicyStates")


async def test_hardware_is_asked_for_by_name_in_beta(graph: Graph) -> None:
    inventory = {"systemManagementBIOSVersion": "1.2", "tpmSpecificationVersion": "2.0", "tpmManufacturer": 5}
    async with graph(lambda _: as_json({"id": OTHER, "hardwareInformation": inventory})) as (transport, server):
        assert await Intune(transport).hardware(OTHER) == Hardware("1.2", "2.0", "", "")
        assert await Intune(transport).hardware(DEVICE) is None, "the answer is of another device"
    assert server.asked[0].query == {"$select": "id,hardwareInformation"}


async def test_a_serial_number_is_checked_and_an_ignored_filter_is_not_followed_for_ever(graph: Graph) -> None:
    async with graph(endless(lambda number: [managed(serialNumber=f"S{number}")])) as (transport, server):
        found = await Intune(transport).records_of_serial("s1")
        assert [device.serial for device in found] == ["S1"]
        assert len(server.asked) == SERIAL_PAGES
        assert await Intune(transport).records_of_serial(" ") == ()


@pytest.mark.parametrize("call", ["policy_states", "encryption_report", "hardware"])
@pytest.mark.parametrize("bad", ["", "../x", "1234", f"{OTHER}/wipe"])
async def test_an_id_that_is_none_is_not_put_into_a_path(graph: Graph, call: str, bad: str) -> None:
    async with graph(lambda _: as_json({})) as (transport, server):
        with pytest.raises(Problem):
            await getattr(Intune(transport), call)(bad)
        assert server.asked == []


def entry(activity: str, at: str, *targets: dict[str, Any]) -> Any:
    by = {"user": {"userPrincipalName": "x@y.example"}}
    return {
        "activityDisplayName": activity, "activityDateTime": at, "initiatedBy": by, "targetResources": list(targets)
    }  # fmt: skip


async def test_deletions_are_checked_sorted_and_say_who(graph: Graph) -> None:
    device = {"id": OBJECT, "displayName": "LT-O'1", "type": "Device"}
    entries: list[object] = [
        entry("Delete device", "2026-04-01T00:00:00Z", device),
        entry("Delete device", "2026-04-03T00:00:00Z", {**device, "displayName": "lt-o'1"}),
        entry("Delete device", "2026-04-04T00:00:00Z", {**device, "displayName": "OTHER"}),
        entry("Update device", "2026-04-05T00:00:00Z", device),
        {"activityDisplayName": "Delete device", "targetResources": None},
    ]
    async with graph(chain(entries)) as (transport, server):
        found = await EntraLog(transport).deletions("LT-O'1")
        assert await EntraLog(transport).deletions(" ") == ()
    assert [change.at.day for change in found if change.at] == [3, 1]
    assert found[0].by == "x@y.example"
    asked = server.asked[0].query["$filter"]
    assert asked == "activityDisplayName eq 'Delete device' and targetResources/any(t:t/displayName eq 'LT-O''1')"


async def test_owner_changes_are_of_this_object(graph: Graph) -> None:
    mine = {"id": OBJECT, "displayName": "LT-1", "type": "Device"}
    person = {"id": OTHER, "type": "User"}
    added = "Add registered owner to device"
    entries = [
        entry(added, "2026-04-01T00:00:00Z", person, mine),
        entry(added, "2026-04-02T00:00:00Z", {**mine, "id": OTHER}),
    ]
    device = EntraDevice(OBJECT, DEVICE, "LT-1", Join.ENTRA, True, "", None, None, None, None)
    async with graph(chain(entries)) as (transport, _):
        [change] = await EntraLog(transport).owner_changes(device)
    assert change.object_id == OBJECT


def jwt(payload: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"header.{body}.signature"


def test_a_jwt_says_its_permissions_and_no_other_token_does() -> None:
    assert scopes_of(jwt({"scp": "User.Read BitlockerKey.Read.All"})) == ("BitlockerKey.Read.All", "User.Read")
    assert scopes_of(jwt({"scp": "a\x1b[2J b"})) == ("a", "b")
    for other in (jwt({}), jwt({"scp": 3}), jwt([]), "opaque", "a.b", "a.!!.c", "..", ""):
        assert scopes_of(other) is None


@given(st.text(max_size=200))
def test_no_token_breaks_the_reading(token: str) -> None:
    scopes_of(token)


async def test_a_probe_is_one_small_call_and_a_refusal_is_told(graph: Graph) -> None:
    async with graph(lambda _: as_json({"value": []})) as (transport, server):
        for capability in Capability:
            await TenantPolicies(transport).probe(capability)
        assert len(server.asked) == len(Capability)
        assert {asked.method for asked in server.asked} == {"GET"}
        assert not [asked for asked in server.asked if "key" in asked.query.get("$select", "").split(",")]
    async with graph(lambda _: as_json({}, 403)) as (transport, _):
        with pytest.raises(Problem) as caught:
            await TenantPolicies(transport).probe(Capability.DIRECTORY_AUDIT)
    assert caught.value.kind is ProblemKind.FORBIDDEN


async def test_intune_rights_are_read_from_all_permissions(graph: Graph) -> None:
    permissions = [
        {"resourceActions": [{"allowedResourceActions": ["Microsoft.Intune_A", 4]}, {}]},
        {"resourceActions": None},
        {"resourceActions": [{"allowedResourceActions": ["Microsoft.Intune_B"]}]},
    ]

    def answer(asked: Asked) -> Reply:
        assert asked.path == "/v1.0/deviceManagement/getEffectivePermissions(scope='')"
        return as_json({"value": permissions})

    async with graph(answer) as (transport, _):
        assert await TenantPolicies(transport).intune_actions() == ("Microsoft.Intune_A", "Microsoft.Intune_B")
