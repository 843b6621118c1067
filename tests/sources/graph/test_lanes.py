"""Turns: the engineer's calls first, no background call into a throttled service, and the audit log's slow pace."""

import asyncio
import time

import pytest

from tests.sources.graph.conftest import Graph
from tests.sources.loopback import Asked, Reply, as_json
from tui.errors import Problem
from tui.model.wire import Call, Workload
from tui.sources.graph import lanes
from tui.sources.graph.lanes import Lanes, workload_of


@pytest.mark.parametrize(
    ("path", "workload"),
    [
        ("/v1.0/devices", "directory"),
        ("/beta/deviceManagement/managedDevices", "intune"),
        ("/v1.0/informationProtection/bitlocker/recoveryKeys?$filter=x", "keys"),
        ("/v1.0/auditLogs/directoryAudits", "audit"),
        ("/v1.0/AUDITLOGS/x", "audit"),
        ("/v1.0", "directory"),
        ("", "directory"),
    ],
)
def test_a_path_belongs_to_the_service_that_throttles_it(path: str, workload: str) -> None:
    assert workload_of(f"https://graph.example{path}") == workload


async def test_background_waits_while_the_engineers_own_calls_run() -> None:
    turns, order, release = Lanes(), list[str](), asyncio.Event()

    async def own() -> None:
        async with turns.turn(Workload.KEYS, background=False):
            await release.wait()
            order.append("own")

    async def background() -> None:
        async with turns.turn(Workload.KEYS, background=True):
            order.append("background")

    mine = asyncio.create_task(own())
    await asyncio.sleep(0)
    later = asyncio.create_task(background())
    for _ in range(20):
        await asyncio.sleep(0)
    assert order == []
    release.set()
    await asyncio.gather(mine, later)
    assert order == ["own", "background"]


async def test_background_is_not_held_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "YIELD", 0.05)
    turns = Lanes()
    own, background = (turns.turn(Workload.KEYS, background=later) for later in (False, True))
    async with asyncio.timeout(5), own, background:
        pass


async def test_after_a_429_background_leaves_that_service_alone_and_the_engineer_does_not_wait() -> None:
    turns = Lanes()
    turns.throttled(Workload.KEYS, 0.2)
    begun = time.monotonic()
    async with turns.turn(Workload.INTUNE, background=True):
        assert time.monotonic() - begun < 0.15
    async with turns.turn(Workload.KEYS, background=False):
        assert time.monotonic() - begun < 0.15
    async with turns.turn(Workload.KEYS, background=True):
        assert time.monotonic() - begun >= 0.2


async def test_the_audit_log_is_asked_no_faster_than_it_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lanes.RATES, Workload.AUDIT, (3, 0.2))
    turns, begun = Lanes(), time.monotonic()

    async def once() -> float:
        async with turns.turn(Workload.AUDIT, background=False):
            return time.monotonic() - begun

    sent = sorted(await asyncio.gather(*(once() for _ in range(7))))
    assert sent[2] < 0.15
    assert sent[3] >= 0.2
    assert sent[6] >= 0.4


async def test_the_transport_tells_each_call_its_service_and_priority_and_learns_of_throttling(
    graph: Graph, calls: list[Call]
) -> None:
    def answer(asked: Asked) -> Reply:
        return as_json({}, 429, retry_after="0.2") if "recoveryKeys" in asked.path else as_json({})

    keys = "/informationProtection/bitlocker/recoveryKeys"
    async with graph(answer) as (transport, server):
        with pytest.raises(Problem):
            await transport.send(transport.plain("GET", keys), "c")
        begun = time.monotonic()
        await transport.send(transport.plain("GET", "/devices"), "c", background=True)
        assert time.monotonic() - begun < 0.15
        with pytest.raises(Problem):
            await transport.send(transport.plain("GET", keys), "c", background=True)
        assert time.monotonic() - begun >= 0.15
    assert [asked.headers["x-ms-throttle-priority"] for asked in server.asked] == ["high", "low", "low"]
    assert [call.workload for call in calls] == ["keys", "directory", "keys"]
    assert (calls[0].retry_after, calls[0].background, calls[2].background) == (0.2, False, True)
