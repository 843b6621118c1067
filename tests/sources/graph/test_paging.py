"""Lists: followed to the end, and neither past it nor short of it."""

from collections.abc import Callable

import pytest

from tests.sources.graph.conftest import Graph
from tests.sources.graph.samples import DEVICE, KEY, OTHER, chain, endless, key
from tests.sources.loopback import Asked, Reply, as_json
from tui.errors import Problem, ProblemKind
from tui.sources.graph.escrow import EntraEscrow


async def test_an_empty_page_with_a_link_is_followed(graph: Graph) -> None:
    async with graph(chain([], [key()], [], [key(OTHER)])) as (transport, server):
        found = await EntraEscrow(transport).keys_of_device(DEVICE)
    assert [item.id for item in found] == [KEY, OTHER]
    assert len(server.asked) == 4
    assert len({asked.headers["client-request-id"] for asked in server.asked}) == 4


async def test_all_keys_come_page_by_page(graph: Graph) -> None:
    async with graph(chain([key()], [], [key(OTHER)])) as (transport, _):
        pages = [[item.id for item in page] async for page in EntraEscrow(transport).all_keys()]
    assert pages == [[KEY], [OTHER]]


@pytest.mark.parametrize(
    ("items", "sends"),
    [
        pytest.param(lambda number: [key()], 2, id="the same page"),
        pytest.param(lambda number: [], 51, id="empty pages"),
        pytest.param(lambda number: [key(f"00000000-0000-4000-8000-{number:012d}")], 200, id="ever new pages"),
    ],
)
async def test_a_list_that_does_not_end_is_a_problem_and_not_a_short_list(
    graph: Graph, items: Callable[[int], list[object]], sends: int
) -> None:
    async with graph(endless(items)) as (transport, server):
        with pytest.raises(Problem) as caught:
            await EntraEscrow(transport).keys_of_device(DEVICE)
        assert len(server.asked) == sends
    assert caught.value.kind is ProblemKind.UPSTREAM
    assert "does not end" in caught.value.what


async def test_a_chain_that_turns_in_a_circle_is_a_problem(graph: Graph) -> None:
    def answer(asked: Asked) -> Reply:
        number = int(asked.query.get("$skiptoken", "0"))
        link = f"http://{asked.headers['host']}{asked.path}?$skiptoken={(number + 1) % 3}"
        return as_json({"value": [key(f"00000000-0000-4000-8000-{number:012d}")], "@odata.nextLink": link})

    async with graph(answer) as (transport, server):
        with pytest.raises(Problem):
            await EntraEscrow(transport).keys_of_device(DEVICE)
        assert len(server.asked) <= 6


async def test_items_of_which_none_can_be_read_are_not_an_empty_list(graph: Graph) -> None:
    async with graph(chain([{"deviceId": DEVICE}, {"id": 5}])) as (transport, _):
        with pytest.raises(Problem) as caught:
            await EntraEscrow(transport).keys_of_device(DEVICE)
    assert caught.value.kind is ProblemKind.UPSTREAM


async def test_a_large_page_is_read(graph: Graph) -> None:
    keys: list[object] = [key(f"00000000-0000-4000-8000-{number:012d}") for number in range(3000)]
    async with graph(chain(keys)) as (transport, _):
        assert len(await EntraEscrow(transport).keys_of_device(DEVICE)) == 3000


BROKEN = {
    "cut short": Reply(200, b'{"value": [{"id"', {"content-type": "application/json"}),
    "broken connection": Reply(200, b'{"value": []}', {"content-type": "application/json"}, cut=5),
    "html": Reply(200, b"<!DOCTYPE html><p>Sign in</p>", {"content-type": "text/html"}),
    "html that says json": Reply(200, b"<html></html>", {"content-type": "application/json"}),
    "text": Reply(200, b'{"value": []}', {"content-type": "text/plain"}),
    "no type": Reply(200, b'{"value": []}'),
    "empty": Reply(200, b"", {"content-type": "application/json"}),
    "nothing": Reply(204),
    "a list": as_json([]),
    "null": as_json({"value": None}),
    "a number": as_json({"value": 7}),
    "another shape": as_json({"values": []}),
    "items that are no objects": as_json({"value": ["x"]}),
    "not utf-8": Reply(200, b'{"value": [{"id": "\xff\xfe"}]}', {"content-type": "application/json"}),
    "nested too deep": Reply(200, b'{"value":' + b"[" * 100_000, {"content-type": "application/json"}),
    "a link that is no text": as_json({"value": [], "@odata.nextLink": 5}),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_answer_is_a_problem_with_a_next_step_and_never_no_keys(graph: Graph, reply: Reply) -> None:
    async with graph(lambda _: reply) as (transport, _):
        with pytest.raises(Problem) as caught:
            await EntraEscrow(transport).keys_of_device(DEVICE)
    assert caught.value.kind in {ProblemKind.UPSTREAM, ProblemKind.UNREACHABLE}
    assert caught.value.what and caught.value.next_step
