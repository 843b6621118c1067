"""A real courier before a demo tenant: what it answers, and what becomes of those who wait when it dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from inspect import isasyncgenfunction, iscoroutinefunction
from pathlib import Path
from typing import get_type_hints

import pytest

from tests.demo.tenant import KEYS, Running, running
from tests.vault.watching import eventually
from tui.cloud import GraphSide
from tui.config import load
from tui.courier.graph import GraphApart
from tui.courier.messages import Ended, Next, frame
from tui.errors import Problem, ProblemKind
from tui.graph_here import GraphHere
from tui.model.wire import Call
from tui.ports import SignInPrompt
from tui.services.collection import Progress, Target


@pytest.fixture(scope="module")
def tenant() -> Iterator[Running]:
    with running("--seed", "7", "--size", "30") as found:
        yield found


@asynccontextmanager
async def apart(tenant: Running, calls: list[Call] | None = None) -> AsyncIterator[GraphApart]:
    """A courier of this tenant, ended behind the block."""

    async def no_prompt(prompt: SignInPrompt) -> None:
        raise AssertionError(prompt)

    graph = GraphApart(load(tenant.config), no_prompt, (calls if calls is not None else []).append)
    try:
        yield graph
    finally:
        await graph.close()


def alive(pid: int) -> bool:
    """The process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def test_its_answers_are_those_of_graph_in_this_process(tenant: Running) -> None:
    async def no_prompt(_: SignInPrompt) -> None: ...

    here = GraphHere(load(tenant.config), no_prompt, lambda _: None)
    calls: list[Call] = []
    async with apart(tenant, calls) as graph:
        theirs, ours = await graph.side(), await here.side()
        assert await theirs.policies.me() == await ours.policies.me()
        keys = [page async for page in theirs.escrow.all_keys()]
        assert keys == [page async for page in ours.escrow.all_keys()]
        device = keys[0][0].device_id
        assert await theirs.directory.device(device) == await ours.directory.device(device)
        assert await theirs.escrow.keys_of_device(device) == await ours.escrow.keys_of_device(device)
        asked = [device, "00000000-0000-4000-8000-000000000000"]
        found, expected = await theirs.mass.devices(asked), await ours.mass.devices(asked)
        assert (found[0], str(found[1])) == (expected[0], str(expected[1]))
        assert await graph.token() == await here.token()
        with pytest.raises(Problem) as failed:
            await theirs.directory.device("00000000-0000-4000-8000-000000000000")
        assert (failed.value.kind, failed.value.status) == (ProblemKind.NOT_FOUND, 404)
    await here.close()
    assert {call.path.partition("?")[0] for call in calls} >= {"/v1.0/me", KEYS}


def test_every_method_of_every_port_is_there_and_is_called_as_it_is_declared() -> None:
    from tui.sources.graph.diagnostics import IntuneDiagnostics
    from tui.sources.graph.directory import EntraDirectory
    from tui.sources.graph.directory_log import EntraLog
    from tui.sources.graph.escrow import EntraEscrow
    from tui.sources.graph.intune import Intune
    from tui.sources.graph.mass import BatchedGraph
    from tui.sources.graph.pim import RoleActivations
    from tui.sources.graph.policies import TenantPolicies
    from tui.sources.graph.release_health import ReleaseHealth

    sources = {
        "directory": EntraDirectory,
        "intune": Intune,
        "escrow": EntraEscrow,
        "policies": TenantPolicies,
        "log": EntraLog,
        "mass": BatchedGraph,
        "ahead": BatchedGraph,
        "activations": RoleActivations,
        "diagnostics": IntuneDiagnostics,
        "health": ReleaseHealth,
    }
    assert set(sources) == set(get_type_hints(GraphSide))
    for port, protocol in get_type_hints(GraphSide).items():
        for name in {name for each in protocol.__mro__ for name in vars(each) if not name.startswith("_")}:
            declared, there = getattr(protocol, name), getattr(sources[port], name)
            assert iscoroutinefunction(declared) == iscoroutinefunction(there), (port, name)
            assert iscoroutinefunction(there) or isasyncgenfunction(there), (port, name)


async def test_a_stream_goes_no_further_than_its_reader(tenant: Running) -> None:
    calls: list[Call] = []
    async with apart(tenant, calls) as graph:
        side = await graph.side()
        pages = side.escrow.all_keys()
        assert await anext(aiter(pages))
        await side.policies.me()
        assert sum(call.path.startswith(KEYS) for call in calls) == 1


async def test_who_is_cancelled_takes_the_call_with_it(tenant: Running) -> None:
    calls: list[Call] = []
    async with apart(tenant, calls) as graph:
        side = await graph.side()
        await side.policies.me()
        tenant.fault("slow", "/v1.0/devices", seconds=60)
        asking = asyncio.create_task(side.directory.devices_named("DEMO-LT-0001"))
        await eventually(lambda: not tenant.hand("state")["faults"])
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        # The attempt has ended there, a minute before its answer.
        await eventually(lambda: any(call.path.startswith("/v1.0/devices") for call in calls))
        assert await side.policies.me()


async def test_functions_are_called_back(tenant: Running) -> None:
    async with apart(tenant) as graph:
        side = await graph.side()
        [record, *_] = await anext(aiter(side.intune.inventory()))
        told: list[Progress] = []
        tenant.fault("500", "logCollectionRequests")
        with pytest.raises(Problem, match="diagnostics"):
            await side.diagnostics.collect(
                Target(record.name, record.entra_device_id, record.id), "consent", told.append
            )
        assert told == [Progress("asking Intune for requests that are under way")]


async def test_one_that_dies_fails_who_waits_and_is_followed_by_another(tenant: Running) -> None:
    async with apart(tenant) as graph:
        side = await graph.side()
        await side.policies.me()
        first = graph.courier.pid
        assert first is not None
        tenant.fault("slow", "/v1.0/devices", seconds=60)
        pages = aiter(side.escrow.all_keys())
        await anext(pages)
        asking = asyncio.create_task(side.directory.devices_named("DEMO-LT-0001"))
        await eventually(lambda: not tenant.hand("state")["faults"])
        os.kill(first, signal.SIGKILL)
        with pytest.raises(Problem, match="has ended") as failed:
            await asking
        assert (failed.value.kind, failed.value.status) == (ProblemKind.UNREACHABLE, 0)
        with pytest.raises(Problem, match="has ended"):
            await anext(pages)
        assert (await side.policies.me()).upn == "engineer@demo.example"
        assert graph.courier.pid != first
        assert not alive(first)


NONSENSE = """#!{python}
import socket, sys, time
socket.socket(fileno=int(sys.argv[-1])).send({said})
time.sleep(60)
"""


SAID = {
    "no pickle": b"\0\0\0\1x",
    "too long": b"\xff" * 9,
    "half a frame": frame(Ended(1))[:-3],
    "an order": frame(Next(1)),
    "a number that is none": frame(Ended([])),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
async def test_one_that_speaks_nonsense_is_ended(
    tenant: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    script = tmp_path / "python"
    script.write_text(NONSENSE.format(python=sys.executable, said=said), encoding="utf-8")
    script.chmod(0o700)
    async with apart(tenant) as graph:
        monkeypatch.setattr("tui.courier.process.sys.executable", str(script))
        asking = asyncio.create_task((await graph.side()).policies.me())
        if said == SAID["half a frame"]:
            await eventually(lambda: graph.courier.pid is not None or asking.done(), 20)
            if (pid := graph.courier.pid) is not None:
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(Problem, match="has ended"):
            await asking
        monkeypatch.undo()
        assert (await (await graph.side()).policies.me()).upn == "engineer@demo.example"


async def test_it_ends_with_its_console(tenant: Running) -> None:
    async with apart(tenant) as graph:
        await graph.begin()
        pid = graph.courier.pid
        assert pid is not None
        assert alive(pid)
    assert not alive(pid)


async def test_one_that_does_not_end_is_killed_and_the_console_ends(tenant: Running) -> None:
    async with apart(tenant) as graph:
        await (await graph.side()).policies.me()
        pid = graph.courier.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
    assert not alive(pid)


async def test_a_function_that_fails_ends_its_own_call_and_no_other(tenant: Running) -> None:
    class Gone(Exception):
        """What the function was for is not there any more."""

    def tell(progress: Progress) -> None:
        raise Gone

    async with apart(tenant) as graph:
        side = await graph.side()
        [record, *_] = await anext(aiter(side.intune.inventory()))
        first = graph.courier.pid
        with pytest.raises(Gone):
            await side.diagnostics.collect(Target(record.name, record.entra_device_id, record.id), "consent", tell)
        assert (await side.policies.me()).upn == "engineer@demo.example"
        assert graph.courier.pid == first


async def test_it_leaves_no_core(tenant: Running) -> None:
    async with apart(tenant) as graph:
        await (await graph.side()).policies.me()
        limits = Path(f"/proc/{graph.courier.pid}/limits").read_text(encoding="ascii")  # noqa: ASYNC240
        assert "Max core file size        0                    0" in limits


async def test_what_cannot_be_started_is_said(tenant: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async with apart(tenant) as graph:
        monkeypatch.setattr("tui.courier.process.sys.executable", "/nowhere/python")
        with pytest.raises(Problem, match="could not be started") as failed:
            await graph.begin()
        assert failed.value.kind is ProblemKind.LOCAL
        monkeypatch.undo()
        assert await graph.token()
