import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.samples import NOON, SetClock, entry, modes
from tui.errors import Problem, ProblemKind
from tui.model.audit import AppRef, AuditEvent, AuditRow
from tui.store.audit import AuditStore, open_audit
from tui.store.audit_writing import AuditContext
from tui.store.chain import FIRST_PREV
from tui.store.process import this_session
from tui.store.verification import verify


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
async def audit(state: Path, clock: SetClock) -> AsyncIterator[AuditStore]:
    context = AuditContext(
        session=this_session("no"), app=AppRef("app", "device-code"), tenant="t", version="9", config_hash="c0"
    )
    async with await open_audit(state, context, clock) as store:
        yield store


def direct(state: Path) -> sqlite3.Connection:
    return sqlite3.connect(state / "audit.db", isolation_level=None)


async def test_a_row_comes_back_as_it_was_written(audit: AuditStore, clock: SetClock) -> None:
    clock.go(0.000001)
    row = await audit.append(entry(AuditEvent.INTENT, key_id="k"))
    assert (row.seq, row.prev, row.epoch, row.at) == (1, FIRST_PREV, 1, clock.at)
    assert (row.tenant, row.version, row.config_hash, row.app.auth) == ("t", "9", "c0", "device-code")
    assert row.session.pid > 0
    assert row.boot_id
    assert row.entry == entry(AuditEvent.INTENT, key_id="k")
    second = await audit.append(entry(AuditEvent.DRAW))
    assert (second.seq, second.prev) == (2, row.mac)
    assert list(await audit.rows()) == [second, row]
    assert list(await audit.rows(limit=1)) == [second]
    assert list(await audit.rows(before=2)) == [row]


async def test_a_stored_row_is_the_contracts_json(audit: AuditStore, state: Path) -> None:
    await audit.append(entry(AuditEvent.VIEW))
    (body,) = direct(state).execute("SELECT body FROM audit").fetchone()
    fields = json.loads(body)
    contract = (
        "seq, prev, epoch, at, monotonic_ns, boot_id, event, operator, role, scope, ticket, requester, proof, reason, "
        "device, key_id, key_created, match, channel, session, client_request_id, request_id, graph_date, http_status, "
        "app, tenant, shown_ms, ended_by, version, config_hash"
    )
    assert set(contract.split(", ")) <= fields.keys()
    assert body == json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert fields["at"] == "2026-04-15T12:00:00.000000Z"
    assert fields["session"]["recorded"] == "no"


async def test_rows_are_found_by_event_and_time(audit: AuditStore, clock: SetClock) -> None:
    for flow in ("a", "b"):
        for event in (AuditEvent.INTENT, AuditEvent.DRAW, AuditEvent.OUTCOME):
            await audit.append(entry(event, flow))
        clock.go(60)
    assert [row.seq for row in await audit.rows_of({AuditEvent.DRAW, AuditEvent.INTENT})] == [1, 2, 4, 5]
    assert [row.seq for row in await audit.rows_of({AuditEvent.DRAW}, NOON + timedelta(seconds=60))] == [5]
    assert [row.seq for row in await audit.rows_of([])] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET body = replace(body, 'INC0001', 'INC0002') WHERE seq = 1",
        "UPDATE audit SET seq = 9 WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (seq, mac, body) VALUES (1, 'x', '{}')",
        "REPLACE INTO audit (seq, mac, body) VALUES (2, 'x', '{}')",
        "INSERT INTO audit (seq, mac, body) VALUES (9, 'x', '{}')",
        "INSERT INTO audit (seq, mac, body) VALUES (NULL, 'x', '{}')",
        "INSERT OR IGNORE INTO audit (seq, mac, body) VALUES (1, 'x', '{}')",
        "INSERT INTO audit (seq, mac, body) VALUES (1, 'x', '{}') ON CONFLICT DO UPDATE SET body = '{}'",
    ],
)
async def test_rows_can_only_be_added(audit: AuditStore, state: Path, statement: str) -> None:
    for event in (AuditEvent.INTENT, AuditEvent.OUTCOME):
        await audit.append(entry(event))
    before = list(await audit.rows())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        direct(state).execute(statement)
    assert list(await audit.rows()) == before


async def test_many_at_once_get_one_order_and_share_commits(audit: AuditStore, state: Path) -> None:
    rows = await asyncio.gather(*(audit.append(entry(AuditEvent.VIEW, note=str(n))) for n in range(500)))
    assert [row.seq for row in rows] == list(range(1, 501))
    assert [row.entry.note for row in rows] == [str(n) for n in range(500)]
    assert verify(state).ok


async def test_a_cancelled_append_is_written_once_and_whole(audit: AuditStore, state: Path) -> None:
    for delay in range(50):
        task = asyncio.create_task(audit.append(entry(AuditEvent.INTENT, f"flow-{delay}")))
        for _ in range(delay % 4):
            await asyncio.sleep(0)
        started = delay % 4 > 0
        task.cancel()
        answers = await asyncio.gather(task, return_exceptions=True)
        written = [row for row in await audit.rows() if row.entry.flow == f"flow-{delay}"]
        assert len(written) == int(started)
        assert isinstance(answers[0], asyncio.CancelledError) or answers[0] == written[0]
    assert verify(state).ok


async def test_an_entry_that_is_no_text_fails_alone(audit: AuditStore) -> None:
    answers = await asyncio.gather(
        audit.append(entry(AuditEvent.VIEW)),
        audit.append(entry(AuditEvent.INTENT, note="\ud800")),
        audit.append(entry(AuditEvent.VIEW)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [AuditRow, Problem, AuditRow]


async def test_after_closing_nothing_is_disclosed(state: Path) -> None:
    audit = await open_audit(state)
    await audit.close()
    await audit.close()
    with pytest.raises(Problem, match="nothing was disclosed") as caught:
        await audit.append(entry(AuditEvent.INTENT))
    assert caught.value.kind is ProblemKind.POLICY


async def test_closing_waits_for_what_is_on_its_way(state: Path) -> None:
    audit = await open_audit(state)
    tasks = [asyncio.create_task(audit.append(entry(AuditEvent.VIEW))) for _ in range(20)]
    await asyncio.sleep(0)
    await audit.close()
    assert [row.seq for row in await asyncio.gather(*tasks)] == list(range(1, 21))


async def test_files_are_private_and_the_settings_hold(audit: AuditStore, state: Path) -> None:
    await audit.append(entry(AuditEvent.VIEW))
    files = dict.fromkeys(("audit.db", "audit.db-wal", "audit.db-shm", "audit.key"), 0o600)
    assert modes(state) == {**files, "state": 0o700}

    def settings(connection: sqlite3.Connection) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "secure_delete", "user_version")
        return tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)

    full = 2
    assert await audit._database.run(settings) == ("wal", full, 1, 1)


async def test_an_audit_of_a_newer_reseal_is_refused(state: Path) -> None:
    await (await open_audit(state)).close()
    connection = direct(state)
    connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(Problem, match="written by a newer Reseal") as caught:
        await open_audit(state)
    assert "7" in caught.value.why
    assert caught.value.exit_code == 4


async def test_a_lost_key_is_not_replaced(state: Path) -> None:
    async with await open_audit(state) as audit:
        await audit.append(entry(AuditEvent.VIEW))
    key = (state / "audit.key").read_bytes()
    (state / "audit.key").unlink()
    with pytest.raises(Problem, match=r"audit\.key is missing or damaged"):
        await open_audit(state)
    assert not (state / "audit.key").exists()
    (state / "audit.key").write_bytes(key[:-1])
    (state / "audit.key").chmod(0o600)
    with pytest.raises(Problem, match="missing or damaged"):
        await open_audit(state)
    (state / "audit.key").write_bytes(key)
    await (await open_audit(state)).close()


async def test_a_lost_file_is_not_replaced(state: Path) -> None:
    await (await open_audit(state)).close()
    (state / "audit.db").unlink()
    with pytest.raises(Problem, match=r"audit\.db is gone"):
        await open_audit(state)
    assert not (state / "audit.db").exists()


async def test_a_key_cut_short_at_the_first_start_is_made_again(state: Path) -> None:
    await (await open_audit(state)).close()
    (state / "audit.key").write_bytes(b"")
    async with await open_audit(state) as audit:
        await audit.append(entry(AuditEvent.VIEW))
    assert verify(state).ok


async def test_a_damaged_audit_is_refused_and_left_as_it_is(state: Path) -> None:
    await (await open_audit(state)).close()
    (state / "audit.db").write_bytes(b"not a database" * 500)
    with pytest.raises(Problem, match="cannot be opened") as caught:
        await open_audit(state)
    assert caught.value.kind is ProblemKind.LOCAL
    assert (state / "audit.db").read_bytes() == b"not a database" * 500


@pytest.mark.parametrize("name", ["audit.db", "audit.key", "audit.db-wal"])
async def test_files_that_others_can_read_are_refused(state: Path, name: str) -> None:
    async with await open_audit(state) as audit:
        await audit.append(entry(AuditEvent.VIEW))
        (state / name).chmod(0o644)
        with pytest.raises(Problem, match="open to other users"):
            await open_audit(state)
        (state / name).chmod(0o600)


@pytest.mark.parametrize("name", ["audit.db", "audit.key"])
async def test_links_are_refused(state: Path, tmp_path: Path, name: str) -> None:
    await (await open_audit(state)).close()
    (state / name).rename(tmp_path / name)
    (state / name).symlink_to(tmp_path / name)
    with pytest.raises(Problem):
        await open_audit(state)


async def test_the_chain_is_one_and_each_tenant_answers_only_of_itself(state: Path, clock: SetClock) -> None:
    async with (
        await open_audit(state, AuditContext(tenant="one"), clock) as one,
        await open_audit(state, AuditContext(tenant="two"), clock) as two,
        await open_audit(state) as every,
    ):
        first = await one.append(entry(AuditEvent.DRAW, "a"))
        second = await two.append(entry(AuditEvent.DRAW, "b"))
        third = await one.append(entry(AuditEvent.DRAW, "c"))
        assert (second.prev, third.prev) == (first.mac, second.mac)
        assert [list(await each.rows()) for each in (one, two)] == [[third, first], [second]]
        assert [row.entry.flow for row in await one.rows_of({AuditEvent.DRAW})] == ["a", "c"]
        assert [row.entry.flow for row in await two.rows_of({AuditEvent.DRAW})] == ["b"]
        assert list(await one.rows(limit=1, before=third.seq)) == [first]
        assert [row.tenant for row in await every.rows()] == ["one", "two", "one"]
        of_none = await every.append(entry(AuditEvent.CONFIG))
        assert [list(await each.rows_of({AuditEvent.CONFIG})) for each in (one, two)] == [[of_none], [of_none]]
    assert verify(state).ok
