import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.demo.tenant import AUDITS, KEYS, Running

PASSWORD = re.compile(r"\d{6}(-\d{6}){7}")


def test_the_list_has_metadata_of_every_key_and_never_a_password(tenant: Running) -> None:
    keys = tenant.everything(KEYS)
    assert len(keys) == len({key["id"] for key in keys}) > 200
    assert {frozenset(key) for key in keys} == {frozenset({"id", "createdDateTime", "volumeType", "deviceId"})}
    assert {key["volumeType"] for key in keys} == {"1", "2"}
    asked_for = tenant.ask(KEYS, select="key")
    assert asked_for.status_code == 400
    assert not PASSWORD.search(asked_for.text)


def test_pages_hold_a_hundred_and_carry_the_query_on(tenant: Running) -> None:
    full = tenant.case("escrow-cap")
    first = tenant.ask(KEYS, filter=f"deviceId eq '{full['devices'][0]}'").json()
    assert len(first["value"]) == 100
    assert "filter" in first["@odata.nextLink"] and "skiptoken" in first["@odata.nextLink"]
    every = tenant.everything(KEYS, filter=f"deviceId eq '{full['devices'][0]}'")
    assert len(every) == 200
    assert {key["deviceId"] for key in every} == set(full["devices"])


@pytest.mark.parametrize(
    "query",
    [{"top": "5"}, {"filter": "startswith(id,'4a')"}, {"filter": "volumeType eq '1'"}, {"filter": "deviceId eq"}],
)
def test_other_query_options_are_refused(tenant: Running, query: dict[str, Any]) -> None:
    answer = tenant.ask(KEYS, **query)
    assert answer.status_code == 400
    assert answer.json()["error"]["innerError"]["request-id"]


def test_an_item_without_select_is_metadata_and_leaves_no_audit(tenant: Running) -> None:
    key_id = tenant.case("vip")["keys"][0]
    item = tenant.ask(f"{KEYS}/{key_id.upper()}").json()
    assert item["id"] == key_id
    assert "key" not in item
    assert key_id not in tenant.hand("state")["keyed_reads"]


def test_a_keyed_read_gives_48_true_digits_once_on_record(tenant: Running) -> None:
    key_id = tenant.case("plain")["keys"][0]
    before = tenant.hand("state")["keyed_reads"].get(key_id, 0)
    answer = tenant.ask(f"{KEYS}/{key_id}", select="key")
    item = answer.json()
    assert item["id"] == key_id
    blocks = [int(block) for block in item["key"].split("-")]
    assert PASSWORD.fullmatch(item["key"])
    assert all(block % 11 == 0 and block // 11 < 65_536 for block in blocks)
    assert tenant.hand("state")["keyed_reads"][key_id] == before + 1
    me = tenant.ask("/v1.0/me").json()
    named = f"activityDisplayName eq 'Read BitLocker key' and targetResources/any(t:t/displayName eq '{key_id}')"
    entries = tenant.everything(AUDITS, filter=named)
    assert len(entries) == before + 1
    entry = entries[0]
    assert entry["category"] == "KeyManagement"
    assert entry["initiatedBy"]["user"]["id"] == me["id"]
    assert entry["initiatedBy"]["user"]["userPrincipalName"] == me["userPrincipalName"]
    assert entry["targetResources"][0]["displayName"] == key_id
    at = datetime.fromisoformat(entry["activityDateTime"][:19]).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    assert item["key"] not in str(entry)


def test_an_unknown_id_is_404(tenant: Running) -> None:
    answer = tenant.ask(f"{KEYS}/00000000-0000-0000-0000-000000000000", select="key")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_a_request_without_user_agent_is_refused(tenant: Running) -> None:
    assert tenant.ask(KEYS, headers={"user-agent": ""}).status_code == 400
