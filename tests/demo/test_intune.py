from tests.demo.tenant import KEYS, MANAGED, Running


def managed(tenant: Running, case: str) -> dict[str, object]:
    device_id = tenant.case(case)["devices"][0]
    (found,) = tenant.everything(MANAGED, filter=f"azureADDeviceId eq '{device_id}'")
    return found


def test_two_filters_work_and_every_other_answers_all_devices(tenant: Running) -> None:
    plain, vip = tenant.case("plain"), tenant.case("vip")
    assert managed(tenant, "plain")["azureADDeviceId"] == plain["devices"][0]
    (named,) = tenant.everything(MANAGED, filter=f"deviceName eq '{plain['device_name']}'")
    assert named["azureADDeviceId"] == plain["devices"][0]
    either = f"azureADDeviceId eq '{vip['devices'][0]}' or azureADDeviceId eq '{plain['devices'][0]}'"
    assert [one["azureADDeviceId"] for one in tenant.everything(MANAGED, filter=either)] == vip["devices"]
    every = tenant.everything(MANAGED)
    assert len(every) > 100
    for ignored in ("serialNumber eq 'x'", "userPrincipalName eq ''", "nonsense", "userId eq 'x' or deviceName eq 'y'"):
        assert len(tenant.everything(MANAGED, filter=ignored)) == len(every)


def test_a_single_device_and_what_only_beta_tells(tenant: Running) -> None:
    found = managed(tenant, "plain")
    assert found["osVersion"] == "10.0.26100.8246"
    single = tenant.ask(f"{MANAGED}/{found['id']}").json()
    assert single["serialNumber"] == found["serialNumber"]
    beta = f"/beta/deviceManagement/managedDevices/{found['id']}"
    assert tenant.ask(beta, select="hardwareInformation").json()["hardwareInformation"]["tpmSpecificationVersion"]
    assert tenant.ask(f"{MANAGED}/{found['id']}", select="hardwareInformation").status_code == 400
    assert tenant.ask(f"{MANAGED}/{found['id']}/rotateBitLockerKeys", method="POST").status_code == 400


def test_rotation_is_queued_then_done_at_check_in_with_a_new_key(fresh: Running) -> None:
    case = fresh.case("data-volume")
    device = managed(fresh, "data-volume")
    before = fresh.everything(KEYS, filter=f"deviceId eq '{case['devices'][0]}'")
    path = f"/beta/deviceManagement/managedDevices/{device['id']}/rotateBitLockerKeys"
    answer = fresh.ask(path, method="POST")
    assert (answer.status_code, answer.content) == (204, b"")
    (queued,) = fresh.ask(f"{MANAGED}/{device['id']}").json()["deviceActionResults"]
    assert (queued["actionName"], queued["actionState"]) == ("rotateBitLockerKeys", "pending")
    assert fresh.everything(KEYS, filter=f"deviceId eq '{case['devices'][0]}'") == before
    fresh.hand("advance", "POST", {"seconds": 20})
    after_device = fresh.ask(f"{MANAGED}/{device['id']}").json()
    assert after_device["deviceActionResults"][0]["actionState"] == "done"
    assert after_device["lastSyncDateTime"] > str(device["lastSyncDateTime"])
    after = fresh.everything(KEYS, filter=f"deviceId eq '{case['devices'][0]}'")
    assert sorted(key["volumeType"] for key in after) == ["1", "2"]
    assert {key["id"] for key in after}.isdisjoint({key["id"] for key in before})
    assert min(key["createdDateTime"] for key in after) > max(key["createdDateTime"] for key in before)
    assert fresh.ask(f"{KEYS}/{before[0]['id']}", select="key").status_code == 404
    every = {key["id"] for key in fresh.everything(KEYS)}
    assert {key["id"] for key in after} <= every
    assert {key["id"] for key in before}.isdisjoint(every)
    assert fresh.ask(f"{KEYS}/{after[0]['id']}", select="key").json()["key"]


def test_a_rotation_can_fail_and_then_the_key_stays(fresh: Running) -> None:
    case = fresh.case("rotation-fails")
    device = managed(fresh, "rotation-fails")
    path = f"/beta/deviceManagement/managedDevices/{device['id']}/rotateBitLockerKeys"
    assert fresh.ask(path, method="POST").status_code == 204
    fresh.hand("advance", "POST", {"seconds": 20})
    (result,) = fresh.ask(f"{MANAGED}/{device['id']}").json()["deviceActionResults"]
    assert result["actionState"] == "failed"
    assert result["errorCode"] != 0
    assert fresh.ask(f"{KEYS}/{case['keys'][0]}").status_code == 200


def test_pages_hold_their_place_while_a_rotation_changes_the_list(fresh: Running) -> None:
    first = fresh.ask(KEYS).json()
    device = managed(fresh, "plain")
    fresh.ask(f"/beta/deviceManagement/managedDevices/{device['id']}/rotateBitLockerKeys", method="POST")
    kept = {key["id"] for key in fresh.everything(KEYS)} - set(fresh.case("plain")["keys"])
    fresh.hand("advance", "POST", {"seconds": 20})
    rest = fresh.everything(first["@odata.nextLink"])
    assert kept <= {key["id"] for key in first["value"] + rest}
