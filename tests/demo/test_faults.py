import time

import httpx
import pytest

from tests.demo.tenant import KEYS, Running


@pytest.fixture
def path(tenant: Running) -> str:
    return f"{KEYS}/{tenant.case('network-unlock')['keys'][0]}"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("401", 401, "InvalidAuthenticationToken"),
        ("403", 403, "authorization_error"),
        ("404", 404, "Request_ResourceNotFound"),
        ("429", 429, "TooManyRequests"),
        ("500", 500, "generalException"),
        ("503", 503, "serviceNotAvailable"),
        ("504", 504, "gatewayTimeout"),
    ],
)
def test_graph_fails_as_often_as_told_and_then_no_more(
    tenant: Running, path: str, kind: str, status: int, code: str
) -> None:
    tenant.fault(kind, path, count=2)
    answers = [tenant.ask(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["error"]["code"] == code
    assert answers[0].json()["error"]["innerError"]["request-id"] == answers[0].headers["request-id"]


@pytest.mark.parametrize("given", [None, 3, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_throttling_comes_with_and_without_retry_after(tenant: Running, path: str, given: str | int | None) -> None:
    tenant.fault("429", path, retry_after=given)
    assert tenant.ask(path).headers.get("retry-after") == (None if given is None else str(given))


def test_a_claims_challenge(tenant: Running, path: str) -> None:
    tenant.fault("401-claims", path)
    challenge = tenant.ask(path).headers["www-authenticate"]
    assert 'error="insufficient_claims"' in challenge
    assert 'claims="' in challenge


def test_a_gateway_page_is_html(tenant: Running, path: str) -> None:
    tenant.fault("html-502", path)
    answer = tenant.ask(path)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "request-id" not in answer.headers


@pytest.mark.parametrize("kind", ["reset", "truncated"])
@pytest.mark.parametrize("server", ["graph", "tickets"])
def test_the_connection_breaks_before_or_within_the_answer(tenant: Running, path: str, kind: str, server: str) -> None:
    where = path if server == "graph" else "table/incident"

    def ask() -> httpx.Response:
        return tenant.ask(path) if server == "graph" else tenant.desk(limit="1")

    tenant.fault(kind, where, server)
    with pytest.raises(httpx.ReadError if kind == "reset" else httpx.RemoteProtocolError):
        ask()
    assert ask().status_code == 200
    latest = tenant.hand("state", server=server)["latest"]
    assert any(seen["status"] == 0 for seen in latest)


def test_a_slow_answer_is_the_true_one_and_late(tenant: Running, path: str) -> None:
    tenant.fault("slow", path, seconds=0.3)
    began = time.monotonic()
    assert tenant.ask(path).status_code == 200
    assert time.monotonic() - began >= 0.3


def test_spoiled_bodies(tenant: Running, path: str) -> None:
    true = tenant.ask(path, select="key").json()
    reads = tenant.hand("state")["keyed_reads"][true["id"]]

    def spoiled(kind: str) -> httpx.Response:
        tenant.fault(kind, path)
        return tenant.ask(path, select="key")

    assert spoiled("wrong-id").json()["id"] != true["id"]
    password = spoiled("bad-checksum").json()["key"]
    assert sum(int(block) % 11 != 0 for block in password.split("-")) == 1
    assert spoiled("empty-key").json()["key"] == ""
    assert "key" not in spoiled("no-key").json()
    assert spoiled("wrapped").json()["value"]["key"] == true["key"]
    assert spoiled("wrong-type").headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError, match=r"Extra data|Expecting|delimiter"):
        spoiled("broken-json").json()
    assert tenant.hand("state")["keyed_reads"][true["id"]] == reads + 7


def test_an_empty_page_goes_on_and_a_foreign_link_leads_away(tenant: Running) -> None:
    tenant.fault("empty-page", "recoveryKeys\\?$", count=3)
    assert tenant.everything(KEYS) == tenant.everything(KEYS)
    tenant.fault("empty-page", "recoveryKeys\\?$")
    page = tenant.ask(KEYS).json()
    assert page["value"] == []
    assert tenant.ask(page["@odata.nextLink"]).json()["value"]
    tenant.fault("foreign-link", "recoveryKeys\\?$")
    assert not tenant.ask(KEYS).json()["@odata.nextLink"].startswith(tenant.graph)


def test_a_fault_may_be_for_one_method_and_can_be_taken_back(tenant: Running, path: str) -> None:
    tenant.fault("500", "/nowhere-else", method="POST", count=5)
    assert tenant.ask("/v1.0/nowhere-else").status_code == 400
    assert tenant.ask("/v1.0/nowhere-else", method="POST").status_code == 500
    tenant.hand("faults", "DELETE")
    assert tenant.ask("/v1.0/nowhere-else", method="POST").status_code == 400


def test_a_fault_that_nobody_knows_is_refused(tenant: Running) -> None:
    headers = {"authorization": f"Bearer {tenant.control}"}
    for body in ({"kind": "418"}, {"kind": "500", "pth": "x"}, {"kind": "500", "path": "("}):
        assert tenant.client.post(f"{tenant.graph}/demo/faults", headers=headers, json=body).status_code == 400


@pytest.mark.parametrize("kind", ["401", "403", "404", "429", "500", "503"])
def test_the_ticket_desk_fails_in_its_own_shape(tenant: Running, kind: str) -> None:
    tenant.fault(kind, "sysparm_limit=3", "tickets", retry_after=4)
    answer = tenant.desk(limit="3")
    assert answer.status_code == int(kind)
    assert answer.json()["status"] == "failure"
    assert set(answer.json()["error"]) == {"message", "detail"}
    assert answer.headers["retry-after"] == "4"
    assert tenant.desk(limit="3").status_code == 200
