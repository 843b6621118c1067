"""Collect diagnostics: against the demo tenant, and against a Graph that answers as a test says."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sources.demo_tenant import demo, graph_as
from tests.sources.graph.conftest import TOKEN, Graph
from tests.sources.loopback import Answering, Asked, Loopback, Reply, as_json, loopback
from tui.diagnosis.formats import diagnose_inputs
from tui.errors import Problem, ProblemKind
from tui.services.collection import Bundle, Progress, Target
from tui.sources.graph.diagnostics import IntuneDiagnostics, safe_link
from tui.sources.graph.escrow import EntraEscrow
from tui.sources.graph.intune import Intune
from tui.sources.graph.transport import Transport

DEVICE = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
TARGET = Target("DEMO-PC07", "", DEVICE)
ROOT = f"/beta/deviceManagement/managedDevices/{DEVICE}"
NOW = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
SECRET = "an-invented-signature"


def shown(state: str = "pending", age: float = 0, received: float | None = None, name: str = "r1", **rest: Any) -> Any:
    at = (NOW - timedelta(minutes=age)).isoformat()
    came = (NOW - timedelta(minutes=received)).isoformat() if received is not None else "0001-01-01T00:00:00Z"
    plain = {"id": name, "status": state, "requestedDateTimeUTC": at, "receivedDateTimeUTC": came, "errorCode": 0}
    return plain | rest


class GraphSide:
    """Graph's part: what requests there are, and in which states a request is seen one after the other."""

    def __init__(self, blob: str, listed: list[Any] | None = None, states: list[Any] | None = None) -> None:
        self.blob = blob
        self.listed = listed or []
        self.states = states or [shown("completed", 5, 1)]
        self.started = 0

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "POST" and asked.path == f"{ROOT}/createDeviceLogCollectionRequest":
            self.started += 1
            return as_json({"value": shown()})
        if asked.path == f"{ROOT}/logCollectionRequests":
            return as_json({"value": self.listed})
        if asked.path.endswith("/createDownloadUrl"):
            return as_json({"value": self.blob})
        assert asked.path.startswith(f"{ROOT}/logCollectionRequests/"), asked.path
        return as_json(self.states.pop(0) if len(self.states) > 1 else self.states[0])


async def collect(graph: Graph, intune: GraphSide, on_progress: Callable[[Progress], None] = lambda _: None) -> Bundle:
    async with graph(intune) as (transport, _):
        route = IntuneDiagnostics(transport, poll_seconds=0.01, largest=1000, now=lambda: NOW)
        return await route.collect(TARGET, "INC0010042", on_progress)


async def refusal(graph: Graph, intune: GraphSide) -> Problem:
    with pytest.raises(Problem) as caught:
        await collect(graph, intune)
    assert SECRET not in str(caught.value)
    return caught.value


def store(answer: Answering | None = None) -> Any:
    return loopback(answer or (lambda _: Reply(200, b"PK and more", {"content-type": "application/zip"})))


def link(blob: Loopback) -> str:
    return f"{blob.url}/devicelogs/x.zip?sv=1&sig={SECRET}"


async def test_a_request_is_made_once_followed_and_fetched(graph: Graph) -> None:
    said: list[Progress] = []
    async with store() as blob:
        intune = GraphSide(link(blob), states=[shown(), shown(), shown("completed", 5, 1)])
        bundle = await collect(graph, intune, said.append)
    assert bundle.data == b"PK and more"
    assert bundle.name == "DiagLogs-DEMO-PC07-20260415T075900Z.zip"
    assert intune.started == 1
    assert "the device has until 16 Apr 08:00" in said[1].says
    assert (said[-1].done, said[-1].of) == (11, 11)


async def test_the_blob_store_never_sees_the_token(graph: Graph) -> None:
    async with store() as blob:
        await collect(graph, GraphSide(link(blob)))
        (asked,) = blob.asked
    assert "authorization" not in asked.headers
    assert TOKEN not in str(asked)
    assert asked.query["sig"] == SECRET


@pytest.mark.parametrize(
    ("listed", "started"),
    [
        ([], 1),
        ([shown("pending", 60)], 0),
        ([shown("pending", 25 * 60)], 1),
        ([shown("completed", 300, 30)], 0),
        ([shown("completed", 300, 61)], 1),
        ([shown("failed", 5)], 1),
        ([shown("completed", 300, 30, "old"), shown("pending", 10, None, "r1")], 0),
    ],
)
async def test_a_request_that_is_there_is_taken_up(graph: Graph, listed: list[Any], started: int) -> None:
    async with store() as blob:
        intune = GraphSide(link(blob), listed)
        assert (await collect(graph, intune)).data
    assert intune.started == started


@pytest.mark.parametrize(
    ("state", "what"),
    [
        (shown("failed", 5, None, errorCode=-5), "could not collect"),
        (shown("unknownFutureValue", 5), "could not collect"),
        (shown("completed", 5, 1, "another"), "another request"),
    ],
)
async def test_a_request_that_ends_badly(graph: Graph, state: Any, what: str) -> None:
    async with store() as blob:
        problem = await refusal(graph, GraphSide(link(blob), states=[state]))
        assert blob.asked == []
    assert what in problem.what


async def test_a_device_that_never_answers_is_given_up(graph: Graph) -> None:
    clock = iter([NOW, *[NOW + timedelta(hours=hours) for hours in range(0, 50, 10)]])
    async with graph(GraphSide("", [], [shown()])) as (transport, _):
        route = IntuneDiagnostics(transport, poll_seconds=0.01, now=lambda: next(clock))
        with pytest.raises(Problem) as caught:
            await route.collect(TARGET, "x", lambda _: None)
    assert "within 24 hours" in caught.value.what


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(403), "It answered 403"),
        (Reply(302, headers={"location": "http://127.0.0.1:1/"}), "It answered 302"),
        (Reply(200, b"x" * 1001), "larger than 1000 bytes"),
        (Reply(200, b"x" * 100, cut=10), "broke before"),
    ],
)
async def test_a_store_that_misbehaves(graph: Graph, reply: Reply, says: str) -> None:
    async with store(lambda _: reply) as blob:
        problem = await refusal(graph, GraphSide(link(blob)))
        assert len(blob.asked) == 1
    assert says in str(problem)


async def test_a_body_without_a_length_is_cut_off(graph: Graph) -> None:
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        problem = await refusal(graph, GraphSide(f"http://127.0.0.1:{port}/?sig={SECRET}"))
    assert "larger than 1000 bytes" in problem.why


async def test_a_squeezed_body_is_not_unpacked(graph: Graph) -> None:
    async with store(lambda _: Reply(200, b"\x1f\x8b not unpacked", {"content-encoding": "gzip"})) as blob:
        assert (await collect(graph, GraphSide(link(blob)))).data == b"\x1f\x8b not unpacked"


@pytest.mark.parametrize(
    "where",
    [
        "http://blob.example/x",
        "ftp://blob.example/x",
        "https://user:pass@blob.example/x",
        "file:///etc/passwd",
        "//blob.example/x",
        "https://",
        "https://blob.example:x/",
        "https://blob.example/a\r\nb",
        "",
    ],
)
def test_links_that_are_not_followed(where: str) -> None:
    for from_loopback in (True, False):
        with pytest.raises(Problem) as caught:
            safe_link(f"{where}?sig={SECRET}", from_loopback)
        assert caught.value.kind is ProblemKind.ALARM
        assert SECRET not in str(caught.value)


def test_plain_http_is_followed_on_this_machine_alone() -> None:
    assert safe_link("https://store.example/x?sig=1", False).hostname == "store.example"
    assert safe_link("http://127.0.0.1:1/x", True).port == 1
    with pytest.raises(Problem):
        safe_link("http://127.0.0.1:1/x", False)


@pytest.mark.parametrize("answer", [{"value": None}, {"value": 7}, {}, [], {"value": {"id": "x"}}])
async def test_a_link_that_is_none(graph: Graph, answer: Any) -> None:
    intune = GraphSide("")

    def odd(asked: Asked) -> Reply:
        return as_json(answer) if asked.path.endswith("/createDownloadUrl") else intune(asked)

    async with graph(odd) as (transport, _):
        with pytest.raises(Problem) as caught:
            await IntuneDiagnostics(transport, poll_seconds=0.01, now=lambda: NOW).collect(TARGET, "x", lambda _: None)
    assert caught.value.kind is ProblemKind.UPSTREAM


async def test_a_lost_answer_is_not_sent_again(graph: Graph) -> None:
    posts = 0

    def lost(asked: Asked) -> Reply:
        nonlocal posts
        posts += asked.method == "POST"
        return Reply(200, b"xx", {"content-type": "application/json"}, cut=1) if posts else as_json({"value": []})

    async with graph(lost) as (transport, _):
        with pytest.raises(Problem) as caught:
            await IntuneDiagnostics(transport).collect(TARGET, "x", lambda _: None)
    assert posts == 1
    assert caught.value.kind is ProblemKind.UNREACHABLE


async def test_without_an_intune_record_nothing_is_asked(graph: Graph) -> None:
    async with graph(GraphSide("")) as (transport, server):
        with pytest.raises(Problem):
            await IntuneDiagnostics(transport).collect(Target("DEMO-PC07"), "x", lambda _: None)
        assert server.asked == []


async def managed_target(transport: Transport) -> Target:
    """A device that Intune knows."""
    async for page in EntraEscrow(transport).all_keys():
        for key in page:
            if (found := await Intune(transport).managed_device(key.device_id)) is not None:
                return Target(found.name, key.device_id, found.id)
    raise AssertionError("the tenant has no managed device")


async def test_on_the_demo_tenant() -> None:
    async with demo() as running, graph_as(running, "engineer") as transport:
        target = await managed_target(transport)
        route = IntuneDiagnostics(transport, poll_seconds=0.02)
        bundle = await route.collect(target, "x", lambda _: None)
        kinds = [item.parsed.kind for item in diagnose_inputs([(bundle.name, bundle.data)])]
        assert kinds[0] == "intune-zip"
        assert {"dsregcmd", "msinfo32"} <= set(kinds)
        again = await route.collect(target, "x", lambda _: None)
        assert again.name == bundle.name, "what has just come in is fetched, and not asked for again"
        async with graph_as(running, "auditor") as other:
            with pytest.raises(Problem) as caught:
                await IntuneDiagnostics(other).collect(target, "x", lambda _: None)
        assert caught.value.kind is ProblemKind.FORBIDDEN
        assert await status_with_token(transport, target) == 403, "as Azure Storage does"


async def status_with_token(transport: Transport, target: Target) -> int:
    """What the demo's store answers when a bearer token comes with a good link."""
    path = f"/deviceManagement/managedDevices/{target.intune_id}/logCollectionRequests"
    listed = json.loads((await transport.send(transport.beta("GET", path), "1")).body)["value"]
    assert [request["status"] for request in listed] == ["completed"]
    made = await transport.send(transport.beta("POST", f"{path}/{listed[0]['id']}/createDownloadUrl"), "2")
    async with httpx.AsyncClient(trust_env=False) as client:
        good = json.loads(made.body)["value"]
        assert (await client.get(good)).status_code == 200
        return (await client.get(good, headers={"authorization": "Bearer x"})).status_code
