"""`$batch` by hand: relative URLs, parts judged one by one, and never a keyed read."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import DEVICE, KEY, OTHER, key, managed
from tests.sources.loopback import Asked, Reply, as_json
from tui.errors import Problem, ProblemKind
from tui.model.device import EntraDevice, ManagedDevice
from tui.model.wire import Call, Workload
from tui.sources.graph.batch import LARGEST, Part, send_batch
from tui.sources.graph.mass import BatchedGraph
from tui.sources.graph.problems import SOMETHING
from tui.sources.graph.transport import Transport
from tui.sources.upstream import Answer

Parts = list[dict[str, Any]]


def parts_of(asked: Asked) -> Parts:
    found: Parts = json.loads(asked.body)["requests"]
    return found


def answering(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Asked], Reply]:
    """Each part by itself, in turned order, as Graph may."""

    def reply(asked: Asked) -> Reply:
        responses = [{"id": part["id"], **answer(part)} for part in parts_of(asked)]
        return as_json({"responses": responses[::-1]})

    return reply


def ok(*items: object) -> dict[str, Any]:
    return {"status": 200, "headers": {}, "body": {"value": list(items)}}


async def send(transport: Transport, *parts: Part) -> list[Answer | Problem]:
    return await send_batch(transport, parts, SOMETHING, Workload.KEYS)


PART = Part("/devices", {"$filter": "displayName eq 'O''Hara & #1'", "$select": "id"})


async def test_parts_go_out_relative_and_encoded_and_come_back_in_order(graph: Graph, calls: list[Call]) -> None:
    async with graph(answering(lambda part: ok(part["id"]))) as (transport, server):
        answers = await send(transport, *[PART] * LARGEST)
    [asked] = server.asked
    assert (asked.method, asked.path) == ("POST", "/v1.0/$batch")
    sent = parts_of(asked)
    assert {part["method"] for part in sent} == {"GET"}
    assert sent[0]["url"] == "/devices?$filter=displayName%20eq%20%27O%27%27Hara%20%26%20%231%27&$select=id"
    assert [json.loads(one.body)["value"][0] for one in answers if isinstance(one, Answer)] == [
        str(place) for place in range(LARGEST)
    ]
    assert (calls[0].parts, calls[0].workload) == (LARGEST, Workload.KEYS)


async def test_a_keyed_read_is_never_batched_nor_are_twenty_one_parts(graph: Graph) -> None:
    path = f"/informationProtection/bitlocker/recoveryKeys/{KEY}"
    async with graph(answering(lambda _: ok())) as (transport, server):
        for select in ("key", "id,Key", " key "):
            with pytest.raises(Problem) as caught:
                await send(transport, Part(path, {"$select": select}))
            assert caught.value.kind is ProblemKind.POLICY
        with pytest.raises(ValueError, match="21"):
            await send(transport, *[PART] * 21)
        assert await send(transport) == []
        assert server.asked == []


async def test_a_throttled_part_goes_again_alone_after_its_time(graph: Graph) -> None:
    def answer(part: dict[str, Any]) -> dict[str, Any]:
        if part["id"] == "1" and len(server.asked) == 1:
            return {"status": 429, "headers": {"Retry-After": "0.3"}, "body": {"error": {"code": "TooManyRequests"}}}
        return ok(part["id"])

    async with graph(answering(answer)) as (transport, server):
        begun = asyncio.get_running_loop().time()
        answers = await send(transport, PART, PART, PART)
        waited = asyncio.get_running_loop().time() - begun
    assert [len(parts_of(asked)) for asked in server.asked] == [3, 1]
    assert all(isinstance(one, Answer) for one in answers)
    assert waited >= 0.3


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_a_batch_that_is_put_off_as_a_whole_goes_again(graph: Graph, status: int) -> None:
    def answer(asked: Asked) -> Reply:
        if len(server.asked) == 1:
            return as_json({}, status, retry_after="0.1")
        return answering(lambda _: ok())(asked)

    async with graph(answer) as (transport, server):
        assert all(isinstance(one, Answer) for one in await send(transport, PART, PART))
    assert len(server.asked) == 2


async def test_a_part_that_stays_throttled_is_its_own_problem(graph: Graph) -> None:
    def answer(part: dict[str, Any]) -> dict[str, Any]:
        return {"status": 429, "headers": {"Retry-After": "0"}} if part["id"] == "0" else ok()

    async with graph(answering(answer)) as (transport, _):
        first, second = await send(transport, PART, PART)
    assert isinstance(first, Problem)
    assert first.kind is ProblemKind.THROTTLED
    assert isinstance(second, Answer)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        ({"status": 403, "body": {"error": {"code": "x", "message": "no"}}}, ProblemKind.FORBIDDEN),
        ({"status": 404}, ProblemKind.NOT_FOUND),
        ({"status": 500, "body": "PGh0bWw+"}, ProblemKind.UPSTREAM),
    ],
)
async def test_a_refused_part_is_a_problem_with_words(graph: Graph, response: Any, kind: ProblemKind) -> None:
    async with graph(answering(lambda _: response)) as (transport, _):
        [found] = await send(transport, PART)
    assert isinstance(found, Problem)
    assert found.kind is kind
    assert found.what and found.next_step


async def test_parts_that_are_left_out_doubled_or_never_asked_for(graph: Graph) -> None:
    body = {"responses": [{"id": "0", **ok("first")}, {"id": "0", **ok("second")}, {"id": "9", **ok()}, {"id": None}]}
    async with graph(lambda _: as_json(body)) as (transport, _):
        first, missing = await send(transport, PART, PART)
    assert isinstance(first, Answer)
    assert json.loads(first.body)["value"] == ["first"]
    assert isinstance(missing, Problem)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"responses": 1}', b"[", b'{"responses": [{"status": "x"}]}'])
async def test_an_answer_that_is_no_batch_is_a_problem(graph: Graph, body: bytes) -> None:
    async with graph(lambda _: Reply(200, body, {"content-type": "application/json"})) as (transport, _):
        with pytest.raises(Problem) as caught:
            await send(transport, PART)
    assert caught.value.kind is ProblemKind.UPSTREAM


def of(part: dict[str, Any], device_id: str) -> bool:
    return device_id in part["url"]


async def test_each_list_is_checked_against_what_was_asked_and_read_to_its_end(graph: Graph) -> None:
    second = "0e0e0e0e-0000-4000-8000-00000000000f"

    def answer(asked: Asked) -> Reply:
        if asked.method == "GET":
            return as_json({"value": [key(second)]})
        link = f"http://{asked.headers['host']}/v1.0/more"
        page = {"status": 200, "body": {"value": [key(), key(KEY, OTHER)], "@odata.nextLink": link}}
        return answering(lambda part: page if of(part, DEVICE) else {"status": 403})(asked)

    async with graph(answer) as (transport, _):
        mine, refused = await BatchedGraph(transport).keys_of_devices([DEVICE, OTHER])
    assert not isinstance(mine, Problem)
    assert [one.id for one in mine] == [KEY, second], "the foreign key is left out, the next page is read"
    assert isinstance(refused, Problem)


async def test_an_ignored_filter_is_never_taken_for_no_record(graph: Graph) -> None:
    everything = {"status": 200, "body": {"value": [managed(), managed(KEY, KEY)]}}

    def answer(part: dict[str, Any]) -> dict[str, Any]:
        return ok() if "0a0a" in part["url"] else everything

    async with graph(answering(answer)) as (transport, _):
        there, elsewhere, none = await BatchedGraph(transport).managed_devices(
            [DEVICE, OTHER, "0a0a0a0a-0000-4000-8000-000000000009"]
        )
    assert isinstance(there, ManagedDevice)
    assert isinstance(elsewhere, Problem)
    assert none is None


async def test_devices_by_name_and_by_id(graph: Graph) -> None:
    found = {"id": OTHER, "deviceId": DEVICE, "displayName": "LT-1"}
    async with graph(answering(lambda _: ok(found))) as (transport, _):
        named, others = await BatchedGraph(transport).devices_named(["lt-1", "LT-2"])
        here, gone = await BatchedGraph(transport).devices([DEVICE, KEY])
    assert not isinstance(named, Problem) and [one.device_id for one in named] == [DEVICE]
    assert others == []
    assert isinstance(here, EntraDevice)
    assert isinstance(gone, Problem) and gone.kind is ProblemKind.NOT_FOUND
