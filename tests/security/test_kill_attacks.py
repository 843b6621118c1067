"""A01, A02: whatever kills the console or the disk, no acknowledged row is lost and nothing is drawn without one."""

import asyncio
import os
import random
import signal
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.discloser import ME, intake
from tests.security.watching import Tap, blocks_in, discloser, tapped
from tests.vault.conftest import StillToken, region
from tests.vault.graph_stub import GraphStub, key_answer
from tests.vault.keys import invented_password
from tests.vault.watching import eventually, runs
from tui.clock import SystemClock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent
from tui.services.disclosure import Disclosure
from tui.services.reveal import RevealPolicy, RevealService
from tui.store.audit import AuditStore, open_audit
from tui.store.verification import verify
from tui.vault.warden import Warden

POINTS = (3, 6, 2, 8, 0, 5, 1, 7, 4)
"""After how many words of a life it is ended: two whole disclosures have eight. The first six miss no phase."""


def password_of(key_id: str) -> str:
    """Every key has a password of its own, so that each drawing is told from all others."""
    return invented_password(uuid.UUID(key_id).int)


@pytest.fixture
def tap() -> Iterator[Tap]:
    with tapped() as found:
        yield found


@pytest.fixture
def keyed(graph: GraphStub) -> GraphStub:
    graph.answering = lambda key_id: key_answer({"id": key_id, "key": password_of(key_id)})
    return graph


def kill_at_random(state: Path, endpoint: str, tap: Tap, kills: int) -> dict[int, str]:
    """Kill disclosing consoles at any point of a reveal's life; the acknowledged rows."""
    acknowledged: dict[int, str] = {}
    with discloser("loop", state, endpoint, tap.path) as process:
        assert process.stdin and process.stdout
        for turn in range(kills):
            process.stdin.write("go\n")
            # By what was said, and not by the clock alone: a life has the same points on a slow machine.
            pid, points = 0, POINTS[turn % len(POINTS)]
            for line in process.stdout:
                word, *rest = line.split()
                if word == "row":
                    acknowledged[int(rest[0])] = rest[1]
                elif word == "pid":
                    pid = int(rest[0])
                elif word == "ended":
                    break
                if points == 0:
                    time.sleep(random.choice((0.0, random.uniform(0, 0.02), random.uniform(0, 0.2))))
                    os.kill(pid, signal.SIGKILL)
                points -= 1
    return acknowledged


async def check_after_kills(state: Path, graph: GraphStub, tap: Tap, kills: int) -> None:
    acknowledged = await asyncio.to_thread(kill_at_random, state, graph.endpoint, tap, kills)
    found = verify(state)
    assert found.ok, found
    async with await open_audit(state) as audit:
        rows = await audit.rows(limit=max(found.rows, 1))
        assert {seq: mac for seq, mac in acknowledged.items() if (seq, mac) not in {(r.seq, r.mac) for r in rows}} == {}
        keys = {event: {row.entry.key_id for row in rows if row.entry.event is event} for event in AuditEvent}
        asked = {request.path_params["key_id"] for request in graph.requests}
        assert asked <= keys[AuditEvent.INTENT], "Graph was asked without a row"
        on_screen = blocks_in(tap.written)
        drawn = {key_id for key_id in asked if on_screen & set(password_of(key_id).split("-"))}
        assert drawn <= keys[AuditEvent.DRAW], "digits were drawn without a row"
        left = await audit.recover()
        assert len(left) == found.open_intents
        told = await audit.rows(limit=len(left) or 1)
        assert {row.entry.ended_by for row in told[: len(left)]} <= {"unknown"}
    print(
        f"{kills} kills: {found.rows} rows, {len(acknowledged)} acknowledged, {len(drawn)} drawn, {len(left)} unknown"
    )
    assert drawn
    assert left


@pytest.mark.attack("A01")
async def test_kills_lose_no_row_and_nothing_is_drawn_without_one(tmp_path: Path, keyed: GraphStub, tap: Tap) -> None:
    await check_after_kills(tmp_path / "state", keyed, tap, 6)


@pytest.mark.attack("A01")
@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_a_thousand_kills_lose_no_row(tmp_path: Path, keyed: GraphStub, tap: Tap) -> None:
    await check_after_kills(tmp_path / "state", keyed, tap, 1000)


def service(audit: AuditStore, graph: GraphStub, tap: Tap) -> RevealService:
    warden = Warden(graph.endpoint, StillToken(), tty=tap.path)
    return RevealService(audit, warden, SystemClock(), RevealPolicy(60, 99, True), lambda: ME, recorder=lambda: "no")


async def read_only(audit: AuditStore) -> None:
    """From now on nothing can be written."""
    await audit._database.run(lambda connection: connection.execute("PRAGMA query_only=ON").close())


@pytest.mark.attack("A02")
async def test_without_a_row_graph_is_not_asked(tmp_path: Path, keyed: GraphStub, tap: Tap) -> None:
    async with await open_audit(tmp_path / "state") as audit:
        holder = sqlite3.connect(tmp_path / "state" / "audit.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(Problem, match="nothing was disclosed"):
            await service(audit, keyed, tap).begin(intake(1))
        assert time.monotonic() - began < 3
        holder.execute("ROLLBACK")
        holder.close()
    assert keyed.requests == []
    assert tap.written == b""


@pytest.mark.attack("A02")
async def test_without_the_second_row_nothing_is_drawn_and_the_vault_ends(
    tmp_path: Path, keyed: GraphStub, tap: Tap
) -> None:
    async with await open_audit(tmp_path / "state") as audit:
        disclosure: Disclosure = await service(audit, keyed, tap).begin(intake(1))
        vault = disclosure._vault
        assert vault is not None
        await read_only(audit)
        with pytest.raises(Problem) as caught:
            await disclosure.draw(region())
        assert caught.value.kind is ProblemKind.POLICY
        await eventually(lambda: not runs(vault.pid), 1)  # type: ignore[attr-defined]
    assert blocks_in(tap.written) == set()
    found = verify(tmp_path / "state")
    assert (found.ok, found.rows, found.open_intents) == (True, 1, 1), "whoever starts next is told of it"
