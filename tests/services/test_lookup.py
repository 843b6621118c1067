"""`reseal lookup` itself against servers that nobody here wrote: what goes wrong is said, and never a none."""

import json
import re

import pytest

from tests.services.lookup_server import (
    BROKEN,
    DEVICE,
    ENTRA,
    HALF,
    INTUNE,
    ITEM,
    KEY,
    KEYS,
    MANAGED,
    OBJECT,
    OTHER,
    LookUp,
    first_times,
    look_up,
    on,
)
from tests.sources.loopback import Asked, Reply, as_json, loopback
from tui.errors import Problem
from tui.services.lookup import kb_of, needs_index
from tui.sources.graph import escrow

__all__ = ["look_up"]


async def test_an_honest_tenant(look_up: LookUp) -> None:
    found = await look_up("4A2B-9C1D")
    assert (found.code, found.verdict, found.answer["kind"]) == (0, "one-match", "key_id_prefix")
    [match] = found.answer["matches"]
    assert match["device"] == {
        "name": "LT-1", "entra_device_id": DEVICE, "intune_id": INTUNE, "join": "entra", "owner": "",
        "model": "", "os_build": "26100.4061", "kb": "KB5058411",
    }  # fmt: skip
    [key] = match["keys"]
    assert (key["id"], key["created"], key["status"]) == (KEY, "2026-04-15T07:12:00Z", "current")
    assert found.answer["sources"]["entra"]["state"] == "ok"
    assert not [asked for asked in found.asked if "select=key" in asked.target.lower().replace("%24", "$")]


@pytest.mark.parametrize("term", [KEY, KEY.upper(), KEY.replace("-", ""), f"{{{KEY}}}"])
async def test_a_whole_id_is_asked_for_directly_and_the_tenant_is_not_paged_through(look_up: LookUp, term: str) -> None:
    found = await look_up(term)
    assert (found.code, found.verdict) == (0, "one-match")
    assert all("$filter" in asked.query for asked in found.asked if asked.path.endswith("recoveryKeys"))


@pytest.mark.parametrize(
    ("term", "needed"),
    [("4a2b9c1d", True), ("INC0010001", True), (KEY, False), ("LT-1", False), ("a@b.example", False)],
)
def test_who_needs_the_index(term: str, needed: bool) -> None:
    assert needs_index(term) is needed


async def test_pages_that_are_empty_and_still_go_on(look_up: LookUp) -> None:
    def answer(asked: Asked) -> Reply | None:
        number = int(asked.query.get("$skiptoken", "0"))
        if asked.path.endswith("recoveryKeys") and number < 3:
            return as_json(
                {"value": [], "@odata.nextLink": f"http://{asked.headers['host']}{asked.path}?$skiptoken={number + 1}"}
            )
        return None

    found = await look_up("4a2b9c1d", answer)
    assert (found.code, found.verdict) == (0, "one-match")


def endless(asked: Asked) -> Reply | None:
    if not asked.path.endswith("recoveryKeys"):
        return None
    number = int(asked.query.get("$skiptoken", "0"))
    item = ITEM | {"id": f"{number:08x}-0000-4000-8000-000000000009"}
    return as_json(
        {"value": [item], "@odata.nextLink": f"http://{asked.headers['host']}{asked.path}?$skiptoken={number + 1}"}
    )


async def test_a_chain_without_end_is_cut_and_proves_nothing(look_up: LookUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escrow, "ALL_PAGES", 40)
    found = await look_up("ffffffff", endless)
    assert found.verdict == "facts-too-old"
    assert found.code != 0
    assert "does not end" in found.said


async def test_pages_that_turn_in_a_circle_are_left(look_up: LookUp) -> None:
    def answer(asked: Asked) -> Reply | None:
        if not asked.path.endswith("recoveryKeys"):
            return None
        return as_json({"value": [ITEM], "@odata.nextLink": f"http://{asked.headers['host']}{asked.path}?$skiptoken=1"})

    found = await look_up("ffffffff", answer)
    assert found.verdict == "facts-too-old"
    assert found.count("recoveryKeys") < 20


STORMS = {
    "a 429 storm that passes": (first_times(2, "/", as_json({}, 429, retry_after="0.01")), "one-match", 0),
    "a 503 that passes": (first_times(2, "recoveryKeys", as_json({}, 503, retry_after="0.01")), "one-match", 0),
    "a 504 without a time": (first_times(1, "recoveryKeys", as_json({}, 504)), "one-match", 0),
    "keys stay throttled": (on("recoveryKeys", as_json({}, 429, retry_after="60")), "facts-too-old", 3),
    "keys stay down": (on("recoveryKeys", as_json({}, 503, retry_after="0.01")), "facts-too-old", 3),
    "a half body": (on("recoveryKeys", HALF), "facts-too-old", 3),
    "a web page": (on("recoveryKeys", Reply(200, b"<html>", {"content-type": "text/html"})), "facts-too-old", 3),
    "not JSON": (on("recoveryKeys", BROKEN), "facts-too-old", 3),
    "another shape": (on("recoveryKeys", as_json({"value": "x"})), "facts-too-old", 3),
    "refused": (on("recoveryKeys", as_json({}, 403)), "hidden-by-scope", 1),
}  # fmt: skip


@pytest.mark.parametrize("storm", STORMS)
async def test_a_server_that_does_not_answer_well_never_means_no_key(look_up: LookUp, storm: str) -> None:
    answer, verdict, code = STORMS[storm]
    found = await look_up("LT-1" if verdict != "one-match" else KEY, answer)
    assert found.verdict == verdict
    assert found.code == code
    assert found.answer["next"]


ODD: dict[str, dict[str, object]] = {
    "ids in capitals": {"id": KEY.upper(), "deviceId": DEVICE.upper()},
    "ids in braces": {"id": f"{{{KEY}}}"},
    "a number as type": {"volumeType": 1},
    "a name as type": {"volumeType": "operatingSystemVolume"},
    "an unknown type": {"volumeType": "quantumVolume"},
    "no date": {"createdDateTime": None},
    "a wrong date": {"createdDateTime": "yesterday"},
    "more fields": {"extra": {"deep": [1]}, "@odata.type": "#microsoft.graph.bitlockerRecoveryKey"},
    "wrong types": {"createdDateTime": 7, "volumeType": [1]},
}


@pytest.mark.parametrize("odd", ODD)
async def test_odd_fields_cost_themselves_and_not_the_match(look_up: LookUp, odd: str) -> None:
    item = ITEM | ODD[odd]

    def answer(asked: Asked) -> Reply | None:
        if asked.path.endswith(f"recoveryKeys/{KEY}"):
            return as_json({"value": item})
        return as_json({"value": [item, item]}) if asked.path.endswith("recoveryKeys") else None

    found = await look_up("4a2b9c1d", answer)
    assert (found.code, found.verdict) == (0, "one-match")
    assert [key["id"] for key in found.answer["matches"][0]["keys"]] == [KEY], "twice in the list is once in the answer"


async def test_a_filter_that_is_ignored_joins_no_strangers(look_up: LookUp) -> None:
    strangers = [ITEM | {"id": f"0e0e0e0e-0000-4000-8000-{number:012x}", "deviceId": OTHER} for number in range(5)]

    def answer(asked: Asked) -> Reply | None:
        if asked.path.endswith("recoveryKeys"):
            return as_json({"value": [*strangers, ITEM]})
        if asked.path.endswith("managedDevices"):
            return as_json({"value": [{**MANAGED, "id": OBJECT, "azureADDeviceId": OTHER}, MANAGED]})
        if asked.path.endswith("/devices"):
            return as_json({"value": [{**ENTRA, "deviceId": OTHER, "displayName": "LT-9"}, ENTRA]})
        return None

    found = await look_up("LT-1", answer)
    assert found.verdict == "one-match"
    [match] = found.answer["matches"]
    assert match["device"]["intune_id"] == INTUNE
    assert [key["id"] for key in match["keys"]] == [KEY]


async def test_an_answer_for_another_key_is_refused(look_up: LookUp) -> None:
    other = ITEM | {"id": "4a2b9c1d-0000-4000-8000-00000000000f"}
    found = await look_up(KEY, on(f"recoveryKeys/{KEY}", as_json(other)))
    assert found.verdict != "one-match"
    assert found.code == 3


async def test_a_foreign_link_is_not_followed(look_up: LookUp) -> None:
    async with loopback(lambda _: as_json({"value": []})) as elsewhere:
        page = as_json({"value": [ITEM], "@odata.nextLink": f"{elsewhere.url}{KEYS}"})
        found = await look_up("LT-1", lambda asked: page if asked.path.endswith("recoveryKeys") else None)
        assert elsewhere.asked == []
    assert found.verdict == "facts-too-old"


async def test_hostile_text_is_clean_on_stdout(look_up: LookUp) -> None:
    named = {**ENTRA, "displayName": "LT-1\x1b]52;c;x\x07\u202e\x9b31m[/bold]"}
    found = await look_up(KEY, lambda asked: as_json(named) if asked.path.endswith(f"(deviceId='{DEVICE}')") else None)
    text = json.dumps(found.answer, ensure_ascii=False)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert found.answer["matches"][0]["device"]["name"].startswith("LT-1")


async def test_two_devices_of_one_name_are_two_candidates_with_their_own_keys_and_facts(look_up: LookUp) -> None:
    twin = {**ENTRA, "id": "0b0b0b0b-0000-4000-8000-000000000002", "deviceId": OTHER, "trustType": "ServerAd"}
    found = await look_up(
        "LT-1", lambda asked: as_json({"value": [ENTRA, twin]}) if asked.path.endswith("/devices") else None
    )
    assert (found.code, found.verdict) == (1, "several-matches")
    one, other = found.answer["matches"]
    assert (one["device"]["join"], other["device"]["join"]) == ("entra", "hybrid")
    assert ([key["id"] for key in one["keys"]], other["keys"]) == ([KEY], [])
    assert {fact["name"]: fact["value"] for fact in other["facts"]}["join"] == "hybrid"


def test_a_build_names_its_update_only_when_the_table_holds_it_exactly() -> None:
    assert kb_of("10.0.26100.4061") == "KB5058411"
    for unknown in ("10.0.26100.4062", "", "10.0.26100", "x", "10.0.99999.1"):
        assert kb_of(unknown) == ""


async def test_a_signed_out_session_is_a_problem_with_exit_code_3(look_up: LookUp) -> None:
    with pytest.raises(Problem) as caught:
        await look_up(KEY, on("/me", as_json({}, 401)))
    assert caught.value.exit_code == 3
