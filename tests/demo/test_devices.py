import pytest

from tests.demo.tenant import Running


def test_all_devices_come_page_by_page_and_top_sizes_the_page(tenant: Running) -> None:
    every = tenant.everything("/v1.0/devices")
    small = tenant.everything("/v1.0/devices", top="7", select="id,deviceId")
    assert [device["id"] for device in small] == [device["id"] for device in every]
    assert set(small[0]) == {"id", "deviceId"}
    assert len(every) > 100
    assert tenant.ask("/v1.0/devices", top="1000").status_code == 400


def test_a_device_is_found_by_device_id_by_name_and_by_object_id(tenant: Running) -> None:
    case = tenant.case("plain")
    device_id, name = case["devices"][0], case["device_name"]
    (by_id,) = tenant.everything("/v1.0/devices", filter=f"deviceId eq '{device_id}'")
    (by_name,) = tenant.everything("/v1.0/devices", filter=f"displayName eq '{name.lower()}'")
    started = tenant.everything("/v1.0/devices", filter=f"startswith(displayName,'{name[:9]}')")
    by_key = tenant.ask(f"/v1.0/devices(deviceId='{device_id}')").json()
    by_object = tenant.ask(f"/v1.0/devices/{by_id['id']}").json()
    assert by_id == by_name
    assert by_id in started
    assert by_key["id"] == by_object["id"] == by_id["id"] != device_id


@pytest.mark.parametrize(
    "text",
    ["model eq 'x'", "displayName ne 'x'", "endsWith(displayName,'1')", "displayName eq", "displayName eq 'x", "("],
)
def test_filters_that_need_advanced_support_or_are_malformed_are_400(tenant: Running, text: str) -> None:
    assert tenant.ask("/v1.0/devices", filter=text).status_code == 400


def test_an_unknown_device_is_404(tenant: Running) -> None:
    answer = tenant.ask("/v1.0/devices(deviceId='00000000-0000-0000-0000-000000000000')")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_owners_users_units_and_owned_devices_agree(tenant: Running) -> None:
    device_id = tenant.case("plain")["devices"][0]
    device = tenant.ask(f"/v1.0/devices(deviceId='{device_id}')").json()
    base = f"/v1.0/devices/{device['id']}"
    (owner,) = tenant.everything(f"{base}/registeredOwners")
    assert owner["@odata.type"] == "#microsoft.graph.user"
    assert tenant.everything(f"{base}/registeredUsers") == [owner]
    plain = tenant.everything(f"{base}/memberOf/graph.administrativeUnit")
    full = tenant.everything(f"{base}/memberOf/microsoft.graph.administrativeUnit")
    mixed = tenant.everything(f"{base}/memberOf")
    assert plain == full
    assert [unit["displayName"] for unit in plain] == ["Berlin Office"]
    assert {one["@odata.type"] for one in mixed} == {"#microsoft.graph.administrativeUnit", "#microsoft.graph.group"}
    for user in (owner["id"], owner["userPrincipalName"]):
        owned = tenant.everything(f"/v1.0/users/{user}/ownedDevices/graph.device", select="deviceId")
        assert owned == [{"deviceId": device_id}]
        (directory_object,) = tenant.everything(f"/v1.0/users/{user}/ownedDevices", select="deviceId,displayName")
        assert directory_object["deviceId"] == device_id
    assert tenant.ask("/v1.0/users/nobody@demo.example/ownedDevices").status_code == 404
