"""The outbox: what was acknowledged goes out, whenever the process dies, and goes out once where that can be told."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.services.samples import SetClock, ticket
from tests.sources.loopback import loopback
from tests.sources.tickets.profiles import profile
from tests.sources.tickets.table import TableDesk
from tests.store.children import PROJECT
from tests.store.sender import KEY, ME, NOTE
from tests.support.values import replace
from tui.errors import Problem, ProblemKind
from tui.model.incident import IncidentState
from tui.services.incidents import incident_of
from tui.services.outbox import Write, WriteKind, WriteState
from tui.services.writes import WriteService
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets
from tui.store.outbox import open_outbox

AT = datetime(2026, 4, 15, 7, 0, tzinfo=UTC)


def write(number: int, **rest: object) -> Write:
    made = Write(
        id=f"{number:032x}",
        source="desk",
        key="1",
        incident_id="desk:1",
        kind=WriteKind.NOTE,
        value="text",
        actor=ME,
        seen_assignee="",
        seen_state=IncidentState.NEW,
        queued_at=AT,
        next_at=AT,
    )
    return replace(made, **rest)


async def test_writes_come_back_in_their_order_with_how_far_they_are(tmp_path: Path) -> None:
    first, second, done = write(2), write(1, kind=WriteKind.CLAIM), write(3)
    async with await open_outbox(tmp_path / "state") as outbox:
        for each in (first, second, done):
            await outbox.keep(each)
        sending = replace(first, state=WriteState.SENDING, attempts=2, detail="no answer")
        await outbox.keep(sending)
        await outbox.keep(replace(done, state=WriteState.CONFIRMED))
    async with await open_outbox(tmp_path / "state") as outbox:
        assert await outbox.unfinished() == (sending, second)
        await outbox.rebase("desk:1", ME, IncidentState.CLAIMED)
        await outbox.forget(sending.id)
        assert await outbox.unfinished() == (replace(second, seen_assignee=ME, seen_state=IncidentState.CLAIMED),)
    assert (tmp_path / "state" / "outbox.db").stat().st_mode & 0o777 == 0o600


async def test_what_was_confirmed_long_ago_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    old = AT - timedelta(days=4000)
    async with await open_outbox(tmp_path / "state") as outbox:
        await outbox.keep(write(1, state=WriteState.CONFIRMED, queued_at=old))
        await outbox.keep(write(2, state=WriteState.CONFLICT, queued_at=old))
    async with await open_outbox(tmp_path / "state") as outbox:
        assert [each.id for each in await outbox.unfinished()] == [write(2).id]
        assert outbox._database is not None
        [(rows,)] = await outbox._database.run(lambda each: each.execute("SELECT count(*) FROM writes").fetchall())
        assert rows == 1


async def test_an_outbox_that_cannot_be_written_says_that_nothing_was_sent(tmp_path: Path) -> None:
    outbox = await open_outbox(tmp_path / "state")
    await outbox.close()
    with pytest.raises(Problem, match="nothing was sent") as caught:
        await outbox.keep(write(1))
    assert caught.value.kind is ProblemKind.LOCAL


class Sender:
    """The process of `tests.store.sender`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, *words: object) -> tuple[list[str], int]:
        """One child to its end: what it kept, and its exit code."""
        await self.order(*words)
        kept: list[str] = []
        while not (line := await self.line()).startswith("ended"):
            kept.append(line)
        return kept, int(line.split()[1])

    async def order(self, *words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        await self._process.stdin.drain()

    async def line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            return (await self._process.stdout.readline()).decode().strip()


@asynccontextmanager
async def sender() -> AsyncIterator[Sender]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.sender", cwd=PROJECT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Sender(process)
    finally:
        process.kill()
        await process.wait()


async def die_and_resume(sending: Sender, folder: Path, die_at: int) -> bool:
    """Kill the process at a step, and have another one finish; whether it lived long enough not to be killed."""
    desk = TableDesk()
    desk.add(KEY)
    async with loopback(desk) as server:
        kept, code = await sending.run("begin", folder / "state", server.url, die_at)
        left, resumed = await sending.run("resume", folder / "state", server.url, 0)
    assert (left, resumed) == ([], 0)
    assert code in (0, -signal.SIGKILL)
    check(desk, kept)
    return code == 0


def check(desk: TableDesk, kept: Sequence[str]) -> None:
    record, kinds = desk.records[KEY], [line.split()[1] for line in kept]
    if "claim" in kinds:
        assert record["assigned_to"] == ME
    if "state" in kinds:
        assert record["state"] == "3"
    notes = [line.split(maxsplit=2)[2] for line in kept if line.split()[1] == "note"]
    for marker in notes:
        assert [NOTE in note for note in desk.notes[KEY] if marker in note] == [True]
    # A write that was kept and whose acknowledgement the process did not live to say goes out too, and once as well.
    assert len(desk.notes[KEY]) <= 1
    claims = [patch for patch in desk.patches if "assigned_to" in patch]
    states = [patch for patch in desk.patches if patch.get("state") == "3"]
    assert len(claims) <= 1
    assert len(states) <= 2


async def dying_everywhere(folder: Path, steps: Sequence[int]) -> int:
    killed = 0
    async with sender() as sending:
        for die_at in steps:
            if await die_and_resume(sending, folder / str(die_at), die_at):
                break
            killed += 1
    return killed


async def test_a_kill_between_steps_loses_nothing_and_repeats_no_note(tmp_path: Path) -> None:
    assert await dying_everywhere(tmp_path, range(1, 60, 4)) > 8


@pytest.mark.long
async def test_a_kill_between_any_two_steps_loses_nothing_and_repeats_no_note(tmp_path: Path) -> None:
    killed = await dying_everywhere(tmp_path, range(1, 400))
    assert 30 < killed < 399


async def test_one_process_sends_and_its_death_lets_another_one_send(tmp_path: Path) -> None:
    async with sender() as sending:
        await sending.order("hold", tmp_path / "state", "http://127.0.0.1:9", 0)
        said = {await sending.line(), await sending.line()}
        [pid] = [int(line.split()[1]) for line in said if line.startswith("pid")]
        assert "kept True" in said
        async with await open_outbox(tmp_path / "state") as outbox:
            assert not await outbox.may_send()
            os.kill(pid, signal.SIGKILL)
            assert (await sending.line()).startswith("ended")
            assert await outbox.may_send()
            assert await outbox.may_send()


async def test_two_consoles_on_one_state_send_each_write_once(tmp_path: Path) -> None:
    desk, clock = TableDesk(), SetClock()
    desk.add(KEY)
    async with (
        loopback(desk) as server,
        await open_outbox(tmp_path / "state") as one,
        await open_outbox(tmp_path / "state") as other,
    ):
        token = BearerFromEnvironment("T", {"T": "invented"})
        source = HttpTickets(profile("servicenow"), server.url, token)
        services = [
            WriteService({source.name: source}, outbox, clock, lambda *_: asyncio.sleep(0)) for outbox in (one, other)
        ]
        await services[0].drain()
        incident = incident_of("servicenow", replace(ticket("1"), key=KEY))
        write = await services[1].submit(incident, WriteKind.NOTE, NOTE, ME)
        assert (await services[1].deliver(write.id)).state is WriteState.QUEUED
        assert desk.notes[KEY] == []
        await services[0].drain()
        await services[1].drain()
        assert len(desk.notes[KEY]) == 1
        assert services[0].all_pending() == services[1].all_pending() == ()
        await source.close()
