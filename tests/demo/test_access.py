import httpx
import pytest

from tests.demo.tenant import AUDITS, KEYS, MANAGED, Running


def refused(answer: httpx.Response) -> bool:
    """403 in the words that Graph was observed to use for recovery keys."""
    if answer.status_code != 403:
        return False
    error = answer.json()["error"]
    assert error["code"] == "authorization_error"
    assert error["message"] == "Failed to authorize, token doesn't have the required permissions."
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    return True


def keyed(tenant: Running, case: str, persona: str) -> httpx.Response:
    return tenant.ask(f"{KEYS}/{tenant.case(case)['keys'][0]}", persona, select="key")


def test_without_the_scope_metadata_can_be_seen_and_no_password(tenant: Running) -> None:
    path = f"{KEYS}/{tenant.case('plain')['keys'][0]}"
    assert tenant.ask(path, "no-scope").status_code == 200
    assert refused(tenant.ask(path, "no-scope", select="key"))


def test_without_a_role_nothing_can_be_seen(tenant: Running) -> None:
    plain = tenant.case("plain")
    assert refused(tenant.ask(KEYS, "no-role"))
    assert refused(tenant.ask(KEYS, "no-role", filter=f"deviceId eq '{plain['devices'][0]}'"))
    assert refused(keyed(tenant, "plain", "no-role"))
    assert tenant.ask(MANAGED, "no-role").status_code == 403


def test_a_unit_role_reads_its_unit_and_loses_a_device_whose_owner_changed(tenant: Running) -> None:
    assert keyed(tenant, "plain", "au-engineer").status_code == 200
    assert refused(keyed(tenant, "vip", "au-engineer"))
    reused = tenant.case("autopilot-reuse")
    assert refused(keyed(tenant, "autopilot-reuse", "au-engineer"))
    assert refused(tenant.ask(KEYS, "au-engineer", filter=f"deviceId eq '{reused['devices'][0]}'"))
    assert keyed(tenant, "autopilot-reuse", "engineer").status_code == 200
    device = tenant.ask(f"/v1.0/devices(deviceId='{reused['devices'][0]}')").json()
    units = tenant.everything(f"/v1.0/devices/{device['id']}/memberOf/graph.administrativeUnit")
    scope = tenant.everything(
        "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances/filterByCurrentUser(on='principal')",
        "au-engineer",
    )[0]["directoryScopeId"]
    assert scope == f"/administrativeUnits/{units[0]['id']}", "the device is in the very unit that the role is for"


def test_the_whole_list_is_trimmed_to_the_unit(tenant: Running) -> None:
    mine = {key["id"] for key in tenant.everything(KEYS, "au-engineer")}
    every = {key["id"] for key in tenant.everything(KEYS)}
    assert mine < every
    assert tenant.case("plain")["keys"][0] in mine
    assert tenant.case("vip")["keys"][0] not in mine


def test_an_owner_reads_their_own_key_while_the_policy_lets_them(fresh: Running) -> None:
    me = fresh.ask("/v1.0/me", "no-role").json()
    (own,) = fresh.everything(f"/v1.0/users/{me['id']}/ownedDevices/graph.device", "no-role")
    (key, *_) = fresh.everything(KEYS, "no-role", filter=f"deviceId eq '{own['deviceId']}'")
    path = f"{KEYS}/{key['id']}"
    assert fresh.ask(path, "no-role", select="key").json()["key"]
    fresh.hand("settings", "POST", {"owners_may_read": False})
    policy = fresh.ask("/v1.0/policies/authorizationPolicy").json()
    assert policy["defaultUserRolePermissions"]["allowedToReadBitlockerKeysForOwnedDevice"] is False
    assert refused(fresh.ask(path, "no-role", select="key"))


def test_the_audit_log_needs_a_role_that_helpdesk_has_not(tenant: Running) -> None:
    assert tenant.ask(AUDITS, "au-engineer").status_code == 403
    assert tenant.ask(AUDITS, "engineer").status_code == 200
    assert tenant.ask(AUDITS, "auditor").status_code == 200


@pytest.mark.parametrize("persona", ["engineer", "au-engineer", "no-scope"])
def test_rotation_is_open_to_the_intune_role(tenant: Running, persona: str) -> None:
    listed = tenant.ask(MANAGED, persona, top="1").json()["value"]
    assert len(listed) == 1
    unknown = f"/beta/deviceManagement/managedDevices/{'0' * 8}-0000-0000-0000-{'0' * 12}/rotateBitLockerKeys"
    assert tenant.ask(unknown, persona, method="POST").status_code == 404
    assert tenant.ask(unknown, "no-role", method="POST").status_code == 403
