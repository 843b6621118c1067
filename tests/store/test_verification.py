"""Seven ways to tamper with the file, and what the check says to each."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import SetClock, entry, written
from tui.errors import Problem
from tui.model.audit import AuditEvent
from tui.store.audit import open_audit
from tui.store.audit_schema import TRIGGERS
from tui.store.chain import canonical, mac_of, read_row
from tui.store.verification import Verification, verify

ROWS = 30
Mutator = Callable[[sqlite3.Connection, int], int]
"""Tampers at a row, and gives the first row that is then wrong."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("original") / "state"
    asyncio.run(written(state, ROWS))
    return state


def tampered(original: Path, change: Callable[[sqlite3.Connection], None]) -> Verification:
    """The check of a copy that somebody with SQLite and without the key has changed, triggers put back after it."""
    copy = original.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original, copy)
    connection = sqlite3.connect(copy / "audit.db", isolation_level=None)
    for name in TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    change(connection)
    for trigger in TRIGGERS.values():
        connection.execute(trigger)
    connection.close()
    return verify(copy)


def edit(connection: sqlite3.Connection, seq: int) -> int:
    connection.execute("UPDATE audit SET body = replace(body, 'INC0001', 'INC0002') WHERE seq = ?", (seq,))
    return seq


def edit_mac(connection: sqlite3.Connection, seq: int) -> int:
    connection.execute("UPDATE audit SET mac = ? WHERE seq = ?", ("0" * 64, seq))
    return seq


def delete(connection: sqlite3.Connection, seq: int) -> int:
    connection.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    return seq


def delete_and_renumber(connection: sqlite3.Connection, seq: int) -> int:
    connection.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    for later in range(seq + 1, ROWS + 1):
        connection.execute("UPDATE audit SET seq = ? WHERE seq = ?", (later - 1, later))
    return seq


def swap(connection: sqlite3.Connection, seq: int) -> int:
    for before, after in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
        connection.execute("UPDATE audit SET seq = ? WHERE seq = ?", (after, before))
    return seq


def duplicate(connection: sqlite3.Connection, seq: int) -> int:
    connection.execute(
        "INSERT INTO audit (seq, mac, body) SELECT ?, mac, body FROM audit WHERE seq = ?", (ROWS + 1, seq)
    )
    return ROWS + 1


def replace(connection: sqlite3.Connection, seq: int) -> int:
    (body,) = connection.execute("SELECT body FROM audit WHERE seq = ?", (seq,)).fetchone()
    forged = mac_of(b"a key of one's own" * 2, "0" * 64, body.encode())
    connection.execute("INSERT OR REPLACE INTO audit (seq, mac, body) VALUES (?, ?, ?)", (seq, forged, body))
    return seq


def smear(connection: sqlite3.Connection, seq: int) -> int:
    connection.execute("UPDATE audit SET mac = CAST(x'ff00fe' AS TEXT) WHERE seq = ?", (seq,))
    return seq


MUTATORS = (edit, edit_mac, delete, delete_and_renumber, swap, duplicate, replace, smear)


def check_tampering(original: Path, mutator: Mutator, seq: int) -> None:
    first: list[int] = []
    found = tampered(original, lambda connection: first.append(mutator(connection, seq)))
    assert not found.ok
    assert (found.first_bad_seq, found.rows) == (first[0], first[0] - 1)
    assert str(first[0]) in found.why


@pytest.mark.parametrize("mutator", MUTATORS)
@pytest.mark.parametrize("seq", [1, 2, ROWS // 2, ROWS - 1])
def test_tampering_is_found_at_its_first_row(original: Path, mutator: Mutator, seq: int) -> None:
    check_tampering(original, mutator, seq)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_thousand_random_changes_of_each_kind_are_found(original: Path) -> None:
    for mutator in MUTATORS:
        for turn in range(1000):
            check_tampering(original, mutator, turn % (ROWS - 1) + 1)


def test_what_a_chain_without_an_anchor_cannot_see(original: Path) -> None:
    """Rows cut off the end, and an older copy, leave a chain that holds. A head noted elsewhere shows both."""
    whole = verify(original)
    found = tampered(original, lambda connection: connection.execute("DELETE FROM audit WHERE seq > 20").close())
    assert found.ok
    assert (found.head_seq, whole.head_seq) == (20, ROWS)
    assert found.head_mac != whole.head_mac


def test_who_has_the_key_can_write_another_history(original: Path) -> None:
    """The key lies beside the file: against its owner stands only a head, or rows, kept elsewhere."""
    key = (original / "audit.key").read_bytes()

    def rewrite(connection: sqlite3.Connection) -> None:
        prev = "0" * 64
        for seq, body in connection.execute("SELECT seq, body FROM audit ORDER BY seq").fetchall():
            row = read_row(body.replace("INC0001", "INC0002").encode(), "")
            forged = canonical(row).replace(row.prev.encode(), prev.encode())
            prev = mac_of(key, prev, forged)
            connection.execute("UPDATE audit SET body = ?, mac = ? WHERE seq = ?", (forged.decode(), prev, seq))

    found = tampered(original, rewrite)
    assert found.ok
    assert found.head_mac != verify(original).head_mac


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DROP TRIGGER audit_no_update", "trigger audit_no_update is missing"),
        ("DROP INDEX audit_flow", "index audit_flow is missing"),
        ("CREATE TABLE more (x)", "table more was added"),
        ("ALTER TABLE audit ADD COLUMN x", "table audit was changed"),
        ("CREATE TRIGGER t AFTER INSERT ON audit BEGIN SELECT 1; END", "trigger t was added"),
        ("PRAGMA user_version = 5", "the schema is 5"),
    ],
)
def test_a_changed_schema_is_found(original: Path, tmp_path: Path, statement: str, why: str) -> None:
    shutil.copytree(original, tmp_path / "copy")
    connection = sqlite3.connect(tmp_path / "copy" / "audit.db", isolation_level=None)
    connection.execute(statement)
    connection.close()
    found = verify(tmp_path / "copy")
    assert why in found.why
    assert (found.first_bad_seq, found.rows) == (None, ROWS)


def test_a_key_that_is_another_or_gone_is_found(original: Path, tmp_path: Path) -> None:
    shutil.copytree(original, tmp_path / "copy")
    key = tmp_path / "copy" / "audit.key"
    key.write_bytes(b"k" * 32)
    assert verify(tmp_path / "copy").first_bad_seq == 1
    key.unlink()
    assert "audit.key is missing" in verify(tmp_path / "copy").why


def test_no_audit_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="There is no audit"):
        verify(tmp_path)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "audit.db").write_bytes(b"x" * 9000)
    with pytest.raises(Problem, match="cannot be opened"):
        verify(tmp_path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_byte_that_rots_breaks_nothing_but_the_proof(original: Path, data: st.DataObject) -> None:
    content = bytearray((original / "audit.db").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    folder = original.parent / "rotten"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    shutil.copy(original / "audit.key", folder)
    (folder / "audit.db").write_bytes(content)
    try:
        found = verify(folder)
    except Problem as problem:
        assert problem.next_step
    else:
        # A byte of no row, such as one of a free page or an index, may pass; a row that is wrong may not.
        assert not found.ok or (found.rows, found.head_mac) == (ROWS, verify(original).head_mac)


async def test_open_intents_and_the_head_are_counted(tmp_path: Path) -> None:
    async with await open_audit(tmp_path / "state") as audit:
        await audit.append(entry(AuditEvent.INTENT, "a"))
        await audit.append(entry(AuditEvent.OUTCOME, "a"))
        row = await audit.append(entry(AuditEvent.INTENT, "b"))
        found = verify(tmp_path / "state")
        assert (found.rows, found.open_intents, found.ok) == (3, 1, True)
        assert (found.head_seq, found.head_mac) == (3, row.mac)


async def test_an_empty_audit_holds(tmp_path: Path) -> None:
    await (await open_audit(tmp_path / "state")).close()
    found = verify(tmp_path / "state")
    assert (found.ok, found.rows, found.head_mac) == (True, 0, "")


async def test_a_clock_that_was_set_is_named_and_sleep_is_not(tmp_path: Path) -> None:
    clock = SetClock()
    async with await open_audit(tmp_path / "state", clock=clock) as audit:
        await audit.append(entry(AuditEvent.VIEW))
        clock.go(8 * 3600)
        await audit.append(entry(AuditEvent.VIEW))
        clock.at -= timedelta(seconds=6)
        await audit.append(entry(AuditEvent.VIEW))
        clock.at += timedelta(seconds=4)
        await audit.append(entry(AuditEvent.VIEW))
        clock.at += timedelta(hours=1)
        await audit.append(entry(AuditEvent.VIEW))
    found = verify(tmp_path / "state")
    assert (found.ok, found.clock_jumps) == (True, (3, 5))
