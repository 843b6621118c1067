import re

import pytest

from tests.demo.tenant import Running


def test_the_list_is_paged_with_count_and_links(tenant: Running) -> None:
    query = "active=true^ORDERBYsys_updated_on^ORDERBYsys_id"
    whole = tenant.desk(query=query)
    assert whole.headers["x-total-count"] == "60"
    assert "link" not in whole.headers
    found, answer = [], tenant.desk(query=query, limit="25", fields="sys_id,sys_updated_on")
    for _ in range(3):
        found += answer.json()["result"]
        links = dict(reversed(one) for one in re.findall(r'<([^>]+)>;rel="(\w+)"', answer.headers["link"]))
        if "next" not in links:
            break
        answer = tenant.desk(links["next"])
    assert [one["sys_id"] for one in found] == [one["sys_id"] for one in whole.json()["result"]]
    assert [one["sys_updated_on"] for one in found] == sorted(one["sys_updated_on"] for one in found)
    assert set(found[0]) == {"sys_id", "sys_updated_on"}
    assert set(links) == {"first", "prev", "last"}


def test_a_poll_since_a_time_gives_what_changed_then_and_later(fresh: Running) -> None:
    before = fresh.desk(query="ORDERBYsys_updated_on").json()["result"]
    assert len(before) == 12
    last = before[-1]["sys_updated_on"]
    fresh.hand("advance", "POST", {"seconds": 300})
    arrived = fresh.desk(query=f"sys_updated_on>={last}^ORDERBYsys_updated_on").json()["result"]
    assert len(arrived) > 5
    assert {one["sys_id"] for one in arrived} & {one["sys_id"] for one in before} >= {before[-1]["sys_id"]}
    fresh.hand("advance", "POST", {"seconds": 2000})
    state = fresh.hand("state")
    assert state["tickets_arrived"] == state["tickets_total"] == 60


def test_fields_of_a_ticket_and_their_display_values(tenant: Running) -> None:
    vip = tenant.case("vip")
    raw = tenant.desk(f"/{vip['sys_id']}").json()["result"]
    assert re.fullmatch(r"[0-9a-f]{32}", raw["sys_id"])
    assert (raw["number"], raw["cmdb_ci"], raw["priority"], raw["state"], raw["u_vip"]) == (
        vip["ticket"], vip["device_name"], "1", "1", "true",
    )  # fmt: skip
    assert set(raw["caller_id"]) == {"link", "value"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", raw["opened_at"])
    bare = tenant.desk(f"/{vip['sys_id']}", exclude_reference_link="true").json()["result"]
    assert bare["caller_id"] == raw["caller_id"]["value"]
    shown = tenant.desk(f"/{vip['sys_id']}", display_value="true", exclude_reference_link="true").json()["result"]
    assert shown["state"] == "New"
    assert " " in shown["caller_id"]
    both = tenant.desk(f"/{vip['sys_id']}", display_value="all", fields="state,caller_id.email,caller_id.vip")
    assert both.json()["result"]["state"] == {"display_value": "New", "value": "1"}
    assert both.json()["result"]["caller_id.email"]["value"].endswith("@demo.example")
    assert both.json()["result"]["caller_id.vip"]["value"] == "true"


def test_the_last_write_wins_and_moves_the_record_to_the_end(fresh: Running) -> None:
    path = f"/{fresh.case('plain')['sys_id']}"
    before = fresh.desk(path).json()["result"]
    fresh.desk(path, method="PATCH", body={"assigned_to": "first@demo.example", "state": "2"})
    second = fresh.desk(path, method="PATCH", body={"assigned_to": "second@demo.example"}).json()["result"]
    assert (second["assigned_to"]["value"], second["state"]) == ("second@demo.example", "2")
    assert second["sys_updated_on"] > before["sys_updated_on"]
    fresh.desk(path, method="PATCH", body={"work_notes": "one"})
    fresh.desk(path, method="PATCH", body={"work_notes": "two", "short_description": "changed"})
    after = fresh.desk(path, display_value="true").json()["result"]
    assert after["short_description"] == "changed"
    assert after["work_notes"].index("two") < after["work_notes"].index("one")
    listed = fresh.desk(query="ORDERBYsys_updated_on", fields="sys_id").json()["result"]
    assert listed[-1]["sys_id"] == before["sys_id"]


def test_a_closed_ticket_is_not_active(fresh: Running) -> None:
    case = fresh.case("plain")
    fresh.desk(f"/{case['sys_id']}", method="PATCH", body={"state": "7"})
    assert fresh.desk(query=f"active=true^number={case['ticket']}").json()["result"] == []
    (closed,) = fresh.desk(query=f"number={case['ticket']}").json()["result"]
    assert (closed["state"], closed["active"]) == ("7", "false")


def test_another_engineer_claims_and_callers_ring_back(fresh: Running) -> None:
    fresh.hand("advance", "POST", {"seconds": 5000})
    tickets = fresh.desk().json()["result"]
    assert any(one["assigned_to"] and one["state"] == "2" for one in tickets)
    assert any("Caller rang again" in one["description"] for one in tickets)


@pytest.mark.parametrize("token", ["", "Bearer wrong"])
def test_without_its_token_the_desk_is_401(tenant: Running, token: str) -> None:
    answer = tenant.client.get(f"{tenant.tickets}/api/now/table/incident", headers={"authorization": token})
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"},
        "status": "failure",
    }


def test_what_is_not_there_is_404_and_what_is_not_json_400(tenant: Running) -> None:
    assert tenant.desk("/" + "0" * 32).json()["error"]["message"] == "No Record found"
    assert tenant.desk("/" + "0" * 32).status_code == 404
    assert tenant.desk(f"/{tenant.case('vip')['sys_id']}", method="PATCH", body=["no"]).status_code == 400
    assert tenant.desk(method="POST", body={}).status_code == 405


def test_a_ticket_that_has_not_arrived_is_404(fresh: Running) -> None:
    late = fresh.case("rotation-fails")
    assert late["arrived"] is False
    assert fresh.desk(f"/{late['sys_id']}").status_code == 404
