"""What leaves the machine, what comes back, and what is never sent twice or elsewhere."""

import asyncio
import ssl
import subprocess
import sys
import textwrap
from uuid import uuid4

import pytest

from tests.sources.graph.conftest import TOKEN, Graph, to
from tests.sources.graph.samples import keys, refused
from tests.sources.loopback import Asked, Loopback, Reply, as_json, loopback
from tui.errors import Problem, ProblemKind
from tui.sources.graph import transport as transport_module
from tui.sources.graph.transport import Call, Transport
from tui.sources.upstream import NeverSent, TooSlow


async def asked_for(server: Loopback, count: int) -> None:
    async with asyncio.timeout(5):
        while len(server.asked) < count:  # noqa: ASYNC110  (the server has no event to wait for)
            await asyncio.sleep(0.01)


async def test_a_call_carries_the_token_our_request_id_and_a_plain_user_agent(graph: Graph, calls: list[Call]) -> None:
    async with graph(lambda _: as_json({"value": []}, request_id="r-1", Date="today")) as (transport, server):
        answer = await transport.send(keys(transport), "c-1")
    [asked] = server.asked
    assert asked.target == "/v1.0/informationProtection/bitlocker/recoveryKeys"
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["client-request-id"] == "c-1"
    assert asked.headers["user-agent"].startswith("reseal/")
    assert not {"hostos", "sdkversion", "runtimeenvironment"} & asked.headers.keys()
    assert (answer.status, answer.body, answer.headers["request-id"]) == (200, b'{"value": []}', "r-1")
    [call] = calls
    assert (call.method, call.path, call.status) == ("GET", "/v1.0/informationProtection/bitlocker/recoveryKeys", 200)
    assert (call.client_request_id, call.request_id) == ("c-1", "r-1")
    assert call.milliseconds > 0


async def test_me_is_asked_for_as_me(graph: Graph, calls: list[Call]) -> None:
    async with graph(lambda _: as_json({})) as (transport, server):
        await transport.send(transport.client.me.to_get_request_information(), "c")
    assert server.asked[0].target == "/v1.0/me"
    assert calls[0].path == "/v1.0/me"


async def test_beta_goes_through_the_same_adapter(graph: Graph) -> None:
    async with graph(lambda _: Reply(204)) as (transport, server):
        info = transport.beta("POST", "/a/b", query={"$filter": "x eq 'ü&'"}, body=b'{"a":1}')
        answer = await transport.send(info, "c")
    [asked] = server.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/beta/a/b", {"$filter": "x eq 'ü&'"})
    assert (asked.body, asked.headers["content-type"]) == (b'{"a":1}', "application/json")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert answer.status == 204


async def test_the_token_is_not_left_on_the_request(graph: Graph) -> None:
    async with graph(lambda _: as_json({})) as (transport, _):
        info = transport.beta("GET", "/x")
        await transport.send(info, "c")
        assert TOKEN not in str(info.headers.get_all())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_the_token_stays_here(graph: Graph, status: int) -> None:
    async with (
        loopback(lambda _: as_json({})) as other,
        graph(lambda _: Reply(status, headers={"location": f"{other.url}/steal"})) as (transport, _),
    ):
        problem = await refused(transport, retries=2)
        assert other.asked == []
    assert problem.kind is ProblemKind.UPSTREAM
    assert "redirect" in problem.why


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.example.com/v1.0/x",
        "http://127.0.0.1:1/v1.0/x",
        "//elsewhere.example/x",
        "/v1.0/relative",
        "http://user@{host}/x",
        "http://{host}@elsewhere.example/x",
        "https://{host}/x",
        "",
        "http://[::1/x",
    ],
)
async def test_a_link_to_another_origin_is_an_alarm_and_nothing_is_sent(graph: Graph, link: str) -> None:
    async with graph(lambda _: as_json({})) as (transport, server):
        with pytest.raises(Problem) as caught:
            transport.page(link.replace("{host}", server.url.removeprefix("http://")))
        assert server.asked == []
    assert caught.value.kind is ProblemKind.ALARM


async def test_a_request_to_another_host_is_an_alarm_even_when_made_by_hand(graph: Graph) -> None:
    async with loopback(lambda _: as_json({})) as other, graph(lambda _: as_json({})) as (transport, _):
        info = transport.beta("GET", "/x")
        info.url = f"{other.url}/x"
        with pytest.raises(Problem) as caught:
            await transport.send(info, "c")
        assert other.asked == []
    assert caught.value.kind is ProblemKind.ALARM


async def test_proxies_of_the_environment_are_not_used(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with graph(lambda _: as_json({"value": []})) as (transport, _):
        assert (await transport.send(keys(transport), "c")).status == 200


async def test_an_old_tls_is_not_spoken(graph: Graph) -> None:
    from tui.sources import http

    assert http.tls_context().minimum_version is ssl.TLSVersion.TLSv1_2
    assert http.tls_context().verify_mode is ssl.CERT_REQUIRED


async def test_a_silent_server_is_left_after_the_timeout_and_not_asked_again() -> None:
    never = asyncio.Event()
    async with loopback(lambda _: Reply(wait=never)) as server, to(server.url, seconds=0.2) as transport:
        problem = await refused(transport, retries=3)
    assert isinstance(problem, TooSlow)
    assert problem.kind is ProblemKind.UNREACHABLE
    assert len(server.asked) == 1


async def test_waiting_for_a_sign_in_is_not_counted_against_the_timeout() -> None:
    async def slow_token() -> str:
        await asyncio.sleep(0.3)
        return TOKEN

    async with loopback(lambda _: as_json({"value": []})) as server:
        transport = await asyncio.to_thread(Transport, server.url, slow_token, timeout=0.2)
        assert (await transport.send(keys(transport), "c")).status == 200
        await transport.close()


async def test_a_refused_connection_says_so_and_was_never_sent() -> None:
    async with loopback(lambda _: Reply()) as gone:
        url = gone.url
    async with to(url) as transport:
        problem = await refused(transport)
    assert isinstance(problem, NeverSent)
    assert problem.what == "127.0.0.1 refused the connection"


async def test_a_name_without_an_address_says_so() -> None:
    async with to("http://no-such-host.invalid") as transport:
        problem = await refused(transport)
    assert isinstance(problem, NeverSent)
    assert "could not be resolved" in problem.what


async def test_a_server_that_speaks_no_tls_says_so() -> None:
    async with loopback(lambda _: Reply()) as server, to(server.url.replace("http:", "https:")) as transport:
        problem = await refused(transport)
    assert isinstance(problem, NeverSent)
    assert "TLS" in problem.what


async def test_a_body_without_end_is_refused(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.sources import http

    monkeypatch.setattr(http, "BODY_LIMIT", 1000)
    async with graph(lambda _: Reply(200, b" " * 1001, {"content-type": "application/json"})) as (transport, server):
        problem = await refused(transport, retries=2)
    assert "too large" in problem.what
    assert len(server.asked) == 1


async def test_never_more_than_sixteen_at_once_and_background_leaves_room(graph: Graph) -> None:
    release = asyncio.Event()
    async with graph(lambda _: Reply(204, wait=release)) as (transport, server):
        background = [
            asyncio.create_task(transport.send(transport.beta("GET", "/b"), "b", background=True)) for _ in range(20)
        ]
        await asked_for(server, transport_module.BACKGROUND)
        urgent = [asyncio.create_task(transport.send(transport.beta("GET", "/u"), "u")) for _ in range(20)]
        await asked_for(server, transport_module.IN_FLIGHT)
        waiting = [asked.path for asked in server.asked]
        release.set()
        await asyncio.gather(*background, *urgent)
    assert waiting.count("/beta/b") == transport_module.BACKGROUND
    assert waiting.count("/beta/u") == transport_module.IN_FLIGHT - transport_module.BACKGROUND


def test_importing_the_module_imports_neither_the_sdk_nor_httpx() -> None:
    code = """
        import sys
        import tui.sources.graph.transport, tui.sources.graph.escrow, tui.sources.credentials
        print(sorted({name.partition(".")[0] for name in sys.modules} & {"msgraph", "httpx", "azure", "msal"}))
    """
    out = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
    assert out.stdout.strip() == "[]", out.stderr


async def test_no_call_holds_up_the_event_loop_or_imports_a_model(graph: Graph) -> None:
    gaps: list[float] = []

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(0.001)
            gaps.append(loop.time() - before)
            before = loop.time()

    async with graph(lambda _: as_json({"value": [{"id": str(uuid4())} for _ in range(50)]})) as (transport, _):
        ticking = asyncio.create_task(tick())
        for _ in range(20):
            await transport.send(keys(transport), "c")
        ticking.cancel()
    assert not [name for name in sys.modules if name.startswith("msgraph.generated.models.")]
    # The law says 16 ms; a shared, busy machine adds to every gap, a model would add 10 ms for each of 50 items.
    assert sorted(gaps)[len(gaps) * 9 // 10] < 0.05


def test_what_was_asked_is_readable() -> None:
    asked = Asked("GET", "/a%20b?x=%24", {}, b"")
    assert (asked.path, asked.query) == ("/a b", {"x": "$"})
