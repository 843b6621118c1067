"""Each hard case has the shape that its trap in the field guide needs."""

import unicodedata
from typing import Any

import pytest

from tests.demo.tenant import AUDITS, KEYS, Running
from tui.diagnosis.ticket_text import read_ticket
from tui.text import clean

CASES = {
    "plain", "vip", "hostile", "same-display-name", "same-prefix", "stale-key", "data-volume", "renamed-device",
    "autopilot-reuse", "cloned-disk", "ad-only", "never-escrowed", "winre-loop", "network-unlock", "escrow-cap",
    "device-deleted", "rotation-fails", "re-imaged", "mdm-pipeline", "compliance-lag", "no-policy", "left-alone",
}  # fmt: skip


def keys_of(tenant: Running, device_id: str) -> list[str]:
    return [key["id"] for key in tenant.everything(KEYS, filter=f"deviceId eq '{device_id}'")]


def device(tenant: Running, device_id: str) -> dict[str, Any]:
    found: dict[str, Any] = tenant.ask(f"/v1.0/devices(deviceId='{device_id}')").json()
    return found


def ticket(tenant: Running, name: str) -> dict[str, Any]:
    found: dict[str, Any] = tenant.desk(f"/{tenant.case(name)['sys_id']}").json()["result"]
    return found


def test_every_case_is_there_and_has_arrived(tenant: Running) -> None:
    cases = tenant.hand("cases")
    assert set(cases) == CASES
    assert all(case["arrived"] for case in cases.values())
    assert len({case["ticket"] for case in cases.values()}) == len(CASES)


@pytest.mark.parametrize("name", ["plain", "hostile", "same-display-name", "same-prefix", "renamed-device"])
def test_tickets_that_name_8_digits_name_those_of_their_key(tenant: Running, name: str) -> None:
    case = tenant.case(name)
    text = ticket(tenant, name)["description"].lower()
    assert case["keys"][0][:8] in text
    assert case["keys"][0] not in text
    assert case["keys"][0] in keys_of(tenant, case["devices"][0])


@pytest.mark.parametrize(
    "name", ["vip", "stale-key", "data-volume", "autopilot-reuse", "cloned-disk", "network-unlock"]
)
def test_tickets_that_name_the_whole_id(tenant: Running, name: str) -> None:
    assert tenant.case(name)["keys"][0] in ticket(tenant, name)["description"].lower()


def test_same_display_name(tenant: Running) -> None:
    case = tenant.case("same-display-name")
    found = tenant.everything("/v1.0/devices", filter=f"displayName eq '{case['device_name']}'")
    assert sorted(one["deviceId"] for one in found) == sorted(case["devices"])
    older, newer = (device(tenant, one) for one in case["devices"])
    assert older["registrationDateTime"] < newer["registrationDateTime"]
    assert [keys_of(tenant, one) for one in case["devices"]] == [[key] for key in case["keys"]]


def test_renamed_device(tenant: Running) -> None:
    case = tenant.case("renamed-device")
    assert device(tenant, case["devices"][0])["displayName"] != case["device_name"]
    assert tenant.everything("/v1.0/devices", filter=f"displayName eq '{case['device_name']}'") == []


def test_same_prefix(tenant: Running) -> None:
    case = tenant.case("same-prefix")
    one, other = case["keys"]
    assert one[:8] == other[:8]
    assert one != other
    assert [keys_of(tenant, device_id) for device_id in case["devices"]] == [[one], [other]]


def test_stale_key(tenant: Running) -> None:
    case = tenant.case("stale-key")
    former, current = case["keys"]
    assert keys_of(tenant, case["devices"][0]) == [current]
    assert tenant.ask(f"{KEYS}/{former}").status_code == 404


def test_cloned_disk(tenant: Running) -> None:
    case = tenant.case("cloned-disk")
    owner_of_key = tenant.ask(f"{KEYS}/{case['keys'][0]}").json()["deviceId"]
    assert owner_of_key == case["devices"][1] != case["devices"][0]
    assert device(tenant, case["devices"][0])["displayName"] == case["device_name"]


def test_ad_only_and_never_escrowed_have_no_key_and_differ_in_their_join(tenant: Running) -> None:
    trust = {}
    for name in ("ad-only", "never-escrowed"):
        case = tenant.case(name)
        assert keys_of(tenant, case["devices"][0]) == []
        assert tenant.ask(f"{KEYS}/{case['keys'][0]}").status_code == 404
        found = device(tenant, case["devices"][0])
        trust[name] = (found["trustType"], tenant.everything(f"/v1.0/devices/{found['id']}/registeredOwners") == [])
    assert trust == {"ad-only": ("ServerAd", True), "never-escrowed": ("AzureAd", False)}


def test_data_volume(tenant: Running) -> None:
    case = tenant.case("data-volume")
    assert [tenant.ask(f"{KEYS}/{key}").json()["volumeType"] for key in case["keys"]] == ["2", "1"]


def test_winre_loop_has_no_key_id(tenant: Running) -> None:
    case = tenant.case("winre-loop")
    text = ticket(tenant, "winre-loop")["description"]
    assert read_ticket(text).bitlocker is False
    assert "no key ID" in text
    assert case["keys"][0][:8].upper() not in text.upper()


def test_device_deleted(tenant: Running) -> None:
    case = tenant.case("device-deleted")
    assert tenant.ask(f"/v1.0/devices(deviceId='{case['devices'][0]}')").status_code == 404
    assert tenant.ask(f"{KEYS}/{case['keys'][0]}").status_code == 404
    entries = tenant.everything(AUDITS, filter="activityDisplayName eq 'Delete device'")
    assert case["device_name"] in [entry["targetResources"][0]["displayName"] for entry in entries]


def test_hostile_carries_every_kind_of_attack_over_the_wire(tenant: Running) -> None:
    case, found = tenant.case("hostile"), ticket(tenant, "hostile")
    told = found["short_description"] + found["description"]
    name = device(tenant, case["devices"][0])["displayName"]
    for attack in (
        "\x1b]52;",
        "\x1b]8;;",
        "\x1b[2J",
        "\x9b",
        "\x9d",
        "\u202e",
        "\u2066",
        "[@click=app.quit]",
        "[/foo]",
        "\x00",
    ):
        assert attack in told, repr(attack)
    assert max(map(len, told.splitlines())) > 10_000
    assert {"\x1b", "\u202e"} <= set(name)
    assert "[@click=app.quit]" in name
    assert all(unicodedata.category(letter) not in {"Cc", "Cf"} for letter in clean(name))
    assert case["keys"][0][:8] in clean(found["description"]).lower()
