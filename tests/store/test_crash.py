"""Kills, full disks, locks: a row that was acknowledged is there, and one that could not be written was refused."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.children import output, writer
from tests.store.samples import entry, written
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent
from tui.store.audit import open_audit
from tui.store.verification import verify


def kill_at_random(state: Path, kills: int) -> dict[int, str]:
    """Kill appending children; the acknowledged rows."""
    acknowledged: dict[int, str] = {}
    with writer("loop", state) as process:
        assert process.stdin and process.stdout
        for _ in range(kills):
            process.stdin.write("go\n")
            # Before the child has opened the file, while it opens it, and after it has written for a while.
            pause = random.choice((0.0, random.uniform(0, 0.01), random.uniform(0, 0.1)))
            for line in process.stdout:
                word, *rest = line.split()
                if word == "row":
                    acknowledged[int(rest[0])] = rest[1]
                elif word == "pid":
                    time.sleep(pause)
                    os.kill(int(rest[0]), signal.SIGKILL)
                else:
                    break
    return acknowledged


async def check_after_kills(state: Path, kills: int) -> None:
    acknowledged = await asyncio.to_thread(kill_at_random, state, kills)
    assert len(acknowledged) > kills
    found = verify(state)
    assert found.ok, found
    async with await open_audit(state) as audit:
        rows = {row.seq: row.mac for row in await audit.rows(limit=found.rows)}
        assert {seq: rows.get(seq) for seq in acknowledged} == acknowledged
        left = await audit.recover()
        assert len(left) == found.open_intents
        assert list(await audit.open_flows()) == []
        assert list(await audit.recover()) == []
    after = verify(state)
    assert (after.ok, after.open_intents, after.rows) == (True, 0, found.rows + len(left))


async def test_a_hundred_kills_lose_no_acknowledged_row(tmp_path: Path) -> None:
    await check_after_kills(tmp_path / "state", 100)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_thousand_kills_lose_no_acknowledged_row(tmp_path: Path) -> None:
    await check_after_kills(tmp_path / "state", 1000)


def test_a_process_that_forgets_to_close_ends(tmp_path: Path) -> None:
    assert output("forget", tmp_path / "state") == []
    assert verify(tmp_path / "state").rows == 1


def test_a_file_that_may_not_grow_refuses_the_row(tmp_path: Path) -> None:
    *rows, problem = output("limit", tmp_path / "state", 200_000)
    assert rows
    assert problem.startswith("policy: The audit could not be written, so nothing was disclosed.")
    found = verify(tmp_path / "state")
    assert (found.why, found.rows) == ("", len(rows))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k,mode=0700", "none", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("a tmpfs cannot be mounted here; the limit on file size covers a part of it")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_refuses_and_goes_on_once_there_is_room(small_disk: Path) -> None:
    state = small_disk / "state"
    async with await open_audit(state) as audit:
        await audit.append(entry(AuditEvent.START))
        filler = small_disk / "filler"
        fill(filler)
        written_rows = 1
        with pytest.raises(Problem) as caught:
            while True:
                await audit.append(entry(AuditEvent.INTENT, f"f{written_rows}"))
                written_rows += 1
        assert caught.value.kind is ProblemKind.POLICY
        assert "nothing was disclosed" in caught.value.what
        assert "full" in caught.value.why
        assert "Free space" in caught.value.next_step
        with pytest.raises(Problem):
            await audit.append(entry(AuditEvent.INTENT))
        await asyncio.to_thread(filler.unlink)
        row = await audit.append(entry(AuditEvent.INTENT))
        assert row.seq == written_rows + 1
    assert verify(state).ok


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            pass


async def test_a_lock_held_too_long_refuses_the_row_and_the_loop_runs_on(tmp_path: Path) -> None:
    async with await open_audit(tmp_path / "state") as audit:
        holder = sqlite3.connect(tmp_path / "state" / "audit.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        task = asyncio.create_task(audit.append(entry(AuditEvent.INTENT)))
        longest, last = 0.0, began
        while not task.done():
            await asyncio.sleep(0)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        with pytest.raises(Problem, match="nothing was disclosed") as caught:
            await task
        assert "held" in caught.value.why
        assert 1.5 < time.monotonic() - began < 4
        assert longest < 0.5
        holder.execute("ROLLBACK")
        holder.close()
        assert (await audit.append(entry(AuditEvent.INTENT))).seq == 1


async def test_an_outcome_that_cannot_be_written_does_not_claim_that_nothing_was_disclosed(tmp_path: Path) -> None:
    audit = await open_audit(tmp_path / "state")
    await audit.close()
    with pytest.raises(Problem, match="the outcome of a disclosure is not recorded"):
        await audit.append(entry(AuditEvent.OUTCOME))


def test_a_file_that_may_not_be_written_refuses_the_row(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o711)
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    (problem,) = output("readonly", home / "state")
    assert problem.startswith(("policy: The audit could not be written", "local: The audit cannot be opened"))
    assert "cannot be" in problem


async def test_an_audit_on_a_read_only_connection_refuses_the_row(tmp_path: Path) -> None:
    async with await open_audit(tmp_path / "state") as audit:
        await audit._database.run(lambda connection: connection.execute("PRAGMA query_only=ON").close())
        with pytest.raises(Problem, match="nothing was disclosed") as caught:
            await audit.append(entry(AuditEvent.INTENT))
        assert "cannot be written" in caught.value.why


async def test_a_check_beside_a_running_console_reads_only(tmp_path: Path) -> None:
    await written(tmp_path / "state", 3)
    async with await open_audit(tmp_path / "state") as audit:
        await audit.append(entry(AuditEvent.VIEW))
        assert (await asyncio.to_thread(verify, tmp_path / "state")).rows == 4
        await audit.append(entry(AuditEvent.VIEW))
    assert verify(tmp_path / "state").rows == 5
