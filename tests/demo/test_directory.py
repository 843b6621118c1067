from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.demo.tenant import AUDITS, KEYS, Running

_MINE = "filterByCurrentUser(on='principal')"
_ROLES = "/v1.0/roleManagement/directory"


def test_audit_entries_are_filtered_sorted_and_paged(fresh: Running) -> None:
    keys = [key["id"] for key in fresh.everything(KEYS)[:6]]
    for key_id in keys:
        fresh.ask(f"{KEYS}/{key_id}", "au-engineer" if key_id == keys[0] else "engineer", select="key")
    me = fresh.ask("/v1.0/me").json()["id"]
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    mine = (
        f"activityDisplayName eq 'Read BitLocker key' and initiatedBy/user/id eq '{me}' and activityDateTime ge {since}"
    )
    entries = fresh.everything(AUDITS, filter=mine, top="2")
    read = [entry["targetResources"][0]["displayName"] for entry in entries]
    assert read == list(reversed(keys[1:]))
    rising = fresh.everything(AUDITS, filter=mine, orderby="activityDateTime asc")
    assert [entry["id"] for entry in rising] == [entry["id"] for entry in reversed(entries)]
    assert fresh.everything(AUDITS, filter=f"activityDateTime le {since}", top="50") == [
        entry for entry in fresh.everything(AUDITS) if entry["activityDisplayName"] != "Read BitLocker key"
    ]


def test_the_audit_log_may_lag(fresh: Running) -> None:
    fresh.hand("settings", "POST", {"audit_delay": 120})
    key_id = fresh.case("plain")["keys"][0]
    fresh.ask(f"{KEYS}/{key_id}", select="key")
    named = f"targetResources/any(t:t/displayName eq '{key_id}')"
    assert fresh.everything(AUDITS, filter=named) == []
    fresh.hand("advance", "POST", {"seconds": 121})
    assert len(fresh.everything(AUDITS, filter=named)) == 1


@pytest.mark.parametrize(
    "query", [{"filter": "nonsense eq 'x'"}, {"filter": "activityDateTime ge soon"}, {"orderby": "id"}]
)
def test_what_the_audit_log_cannot_do_is_400(tenant: Running, query: dict[str, Any]) -> None:
    tenant.ask(f"{KEYS}/{tenant.case('plain')['keys'][0]}", select="key")
    assert tenant.ask(AUDITS, **query).status_code == 400


def test_active_and_eligible_roles_with_their_definitions(tenant: Running) -> None:
    active = tenant.everything(f"{_ROLES}/roleAssignmentScheduleInstances/{_MINE}", expand="roleDefinition")
    names = {one["roleDefinition"]["displayName"] for one in active}
    assert names == {"Helpdesk Administrator", "Reports Reader"}
    assert {one["directoryScopeId"] for one in active} == {"/"}
    bare = tenant.everything(f"{_ROLES}/roleAssignmentScheduleInstances/{_MINE}")
    assert all("roleDefinition" not in one for one in bare)
    definition = tenant.ask(f"{_ROLES}/roleDefinitions/{bare[0]['roleDefinitionId']}").json()
    allowed = [action for part in definition["rolePermissions"] for action in part["allowedResourceActions"]]
    assert "microsoft.directory/bitlockerKeys/key/read" in allowed
    assert tenant.everything(f"{_ROLES}/roleAssignmentScheduleInstances/{_MINE}", "no-role") == []
    (eligible,) = tenant.everything(
        f"{_ROLES}/roleEligibilityScheduleInstances/{_MINE}", "no-role", expand="roleDefinition"
    )
    assert eligible["roleDefinition"]["displayName"] == "Cloud Device Administrator"


def test_transitive_assignments_are_404_without_consistency_level(tenant: Running) -> None:
    me = tenant.ask("/v1.0/me").json()["id"]
    path = "/beta/roleManagement/directory/transitiveRoleAssignments"
    mine: dict[str, Any] = {"count": "true", "filter": f"principalId eq '{me}'"}
    assert tenant.ask(path, **mine).status_code == 404
    eventual = tenant.ask(path, headers={"ConsistencyLevel": "eventual"}, **mine)
    assert len(eventual.json()["value"]) == 2
    assert len(tenant.everything(f"{_ROLES}/roleAssignments", filter=f"principalId eq '{me}'")) == 2


def test_a_batch_shares_one_request_id_and_counts_each_part(tenant: Running) -> None:
    case = tenant.case("vip")
    parts = [
        {"id": "1", "method": "GET", "url": "/me"},
        {"id": "2", "method": "GET", "url": f"/devices(deviceId='{case['devices'][0]}')?$select=displayName"},
        {"id": "3", "method": "GET", "url": "/nowhere"},
        {"id": "4", "method": "GET", "url": f"{tenant.graph}/v1.0/me"},
    ]
    answer = tenant.ask("/v1.0/$batch", method="POST", body={"requests": parts})
    assert answer.status_code == 200
    by_id = {part["id"]: part for part in answer.json()["responses"]}
    assert [by_id[one]["status"] for one in "1234"] == [200, 200, 400, 400]
    assert by_id["2"]["body"]["displayName"] == case["device_name"]
    inner = {by_id[one]["body"]["error"]["innerError"]["request-id"] for one in "34"}
    assert inner == {answer.headers["request-id"]}
    many = [{"id": str(number), "method": "GET", "url": "/me"} for number in range(21)]
    assert tenant.ask("/v1.0/$batch", method="POST", body={"requests": many}).status_code == 400
    assert tenant.ask("/v1.0/$batch", method="POST", body={"nothing": []}).status_code == 400
