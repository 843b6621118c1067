import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.children import writer
from tests.store.samples import entry
from tui.model.audit import AuditEvent, Session
from tui.store.audit import open_audit
from tui.store.audit_writing import AuditContext
from tui.store.process import boot_id, is_alive, started, this_session
from tui.store.verification import verify


def wait_until_ended(pid: int) -> None:
    deadline = time.monotonic() + 10
    while started(pid):
        assert time.monotonic() < deadline


async def test_an_intent_of_a_dead_console_is_closed_and_one_of_a_living_is_not(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with writer("intent", state) as dead:
        assert dead.stdout
        await asyncio.to_thread(dead.stdout.readline)
        dead.kill()
        await asyncio.to_thread(dead.wait)
    with writer("intent", state) as living:
        assert living.stdout
        await asyncio.to_thread(living.stdout.readline)
        async with await open_audit(state) as audit:
            await audit.append(entry(AuditEvent.INTENT, "mine"))
            assert [flow.alive for flow in await audit.open_flows()] == [False, True, True]
            (left,) = await audit.recover()
            assert (left.intent.entry.flow, left.drawn) == (f"of-{dead.pid}", False)
            outcome = (await audit.rows_of([AuditEvent.OUTCOME]))[-1]
            assert outcome.entry.event is AuditEvent.OUTCOME
            assert (outcome.entry.ended_by, outcome.entry.note) == ("unknown", "found-at-start")
            assert outcome.entry.ticket == "INC0001"
            assert outcome.session.pid == os.getpid()
            assert list(await audit.recover()) == []
            assert len(await audit.open_flows()) == 2
    assert verify(state).ok


async def test_a_zombie_is_dead(tmp_path: Path) -> None:
    with writer("intent", tmp_path / "state") as process:
        assert process.stdout
        await asyncio.to_thread(process.stdout.readline)
        process.kill()
        # The end of its output tells that it has ended; nobody has waited for it yet.
        await asyncio.to_thread(process.stdout.read)
        await asyncio.to_thread(wait_until_ended, process.pid)
        async with await open_audit(tmp_path / "state") as audit:
            assert len(await audit.recover()) == 1


async def test_what_was_drawn_is_told(tmp_path: Path) -> None:
    gone = Session(pid=2**22 + 1, started="1")
    assert not is_alive(gone, boot_id())
    async with await open_audit(tmp_path / "state") as audit:
        for flow, events in {
            "a": "intent",
            "b": "intent draw",
            "c": "intent draw outcome",
            "d": "intent deliver",
        }.items():
            for event in events.split():
                await audit.append(entry(AuditEvent(event), flow))
        assert [(f.intent.entry.flow, f.drawn) for f in await audit.open_flows()] == [
            ("a", False),
            ("b", True),
            ("d", True),
        ]


async def test_two_consoles_that_start_at_once_close_an_intent_once(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for _ in range(2):
        with writer("intent", state) as dead:
            assert dead.stdout
            await asyncio.to_thread(dead.stdout.readline)
    async with await open_audit(state) as one, await open_audit(state) as two:
        closed = await asyncio.gather(one.recover(), two.recover())
    assert sorted(map(len, closed)) == [0, 2]
    assert verify(state).rows == 4


def test_a_run_is_known_by_boot_id_and_start() -> None:
    me = this_session()
    assert me.pid == os.getpid()
    assert is_alive(me, boot_id())
    assert not is_alive(me, "another boot")
    assert not is_alive(Session(pid=me.pid, started="1"), boot_id())
    assert not is_alive(Session(), boot_id())
    assert is_alive(Session(pid=me.pid), boot_id())
    assert not is_alive(Session(pid=2**22 + 1), boot_id())


@pytest.mark.parametrize(
    ("environment", "client"),
    [({}, ""), ({"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22"}, "192.0.2.7"), ({"SSH_CLIENT": "::1 5 22"}, "::1")],
)
def test_a_session_names_where_it_comes_from(environment: dict[str, str], client: str) -> None:
    assert this_session("assumed", environment).ssh_client == client
    assert this_session("assumed", environment).recorded == "assumed"
    assert this_session().host


async def test_what_is_left_open_in_another_tenant_is_closed_under_that_tenant(tmp_path: Path) -> None:
    gone = Session(pid=2**22 + 1, started="1")
    async with await open_audit(tmp_path / "state", AuditContext(tenant="other")) as audit:
        audit._chain = replace(audit._chain, context=replace(audit._chain.context, session=gone))
        await audit.append(entry(AuditEvent.INTENT, "left"))
    async with await open_audit(tmp_path / "state", AuditContext(tenant="mine")) as audit:
        assert [flow.intent.tenant for flow in await audit.recover()] == ["other"]
        assert list(await audit.rows_of({AuditEvent.OUTCOME})) == []
    async with await open_audit(tmp_path / "state", AuditContext(tenant="other")) as audit:
        (outcome,) = await audit.rows_of({AuditEvent.OUTCOME})
        assert (outcome.entry.ended_by, outcome.tenant) == ("unknown", "other")
    assert verify(tmp_path / "state").ok
