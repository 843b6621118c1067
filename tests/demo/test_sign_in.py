import uuid

import pytest

from tests.demo.tenant import KEYS, Running


@pytest.mark.parametrize(
    ("token", "message"), [("", "empty"), ("made-up", "not well formed"), ("expired", "expired")], ids=str
)
def test_without_a_good_token_every_path_is_401_in_graphs_shape(tenant: Running, token: str, message: str) -> None:
    headers = {"authorization": ""} if not token else {}
    answer = tenant.ask("/v1.0/me", token, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    error = answer.json()["error"]
    assert error["code"] == "InvalidAuthenticationToken"
    assert message in error["message"]
    assert error["innerError"]["request-id"] == answer.headers["request-id"]


def test_client_request_id_is_echoed_in_headers_and_in_error_bodies(tenant: Running) -> None:
    mine = str(uuid.uuid4())
    good = tenant.ask("/v1.0/me", headers={"client-request-id": mine})
    bad = tenant.ask("/v1.0/nowhere", headers={"client-request-id": mine})
    assert good.headers["client-request-id"] == bad.headers["client-request-id"] == mine
    assert bad.json()["error"]["innerError"]["client-request-id"] == mine
    assert good.headers["request-id"] != bad.headers["request-id"]
    assert {"date", "x-ms-ags-diagnostic"} <= set(good.headers)


def test_me_is_the_persona(tenant: Running) -> None:
    names = {
        persona: tenant.ask("/v1.0/me", persona).json()["userPrincipalName"] for persona in ("engineer", "no-role")
    }
    assert names == {"engineer": "engineer@demo.example", "no-role": "no-role@demo.example"}


@pytest.mark.parametrize("path", ["/v1.0/nowhere", "/v2.0/me", "/v1.0/devices/not-a-guid", "/v1.0/me/messages"])
def test_unknown_paths_are_400_bad_request(tenant: Running, path: str) -> None:
    answer = tenant.ask(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_paths_do_not_mind_letter_case_or_a_doubled_slash(tenant: Running) -> None:
    doubled = tenant.ask("/v1.0//informationprotection/BitLocker/recoverykeys")
    assert doubled.json()["value"] == tenant.ask(KEYS).json()["value"]


def test_the_control_needs_its_token(tenant: Running) -> None:
    answer = tenant.client.get(f"{tenant.graph}/demo/state", headers={"authorization": "Bearer x"})
    assert answer.status_code == 401
