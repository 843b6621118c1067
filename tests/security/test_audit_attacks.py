"""Attacks on the audit's rows: by who holds the file, by another clock, by a second console."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.children import writer
from tests.store.samples import SetClock, entry, written
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


@pytest.mark.attack("A03")
@pytest.mark.parametrize("mutator", MUTATORS)
@pytest.mark.parametrize("seq", [1, 2, ROWS // 2, ROWS - 1])
def test_tampering_is_found_at_its_first_row(original: Path, mutator: Mutator, seq: int) -> None:
    check_tampering(original, mutator, seq)


@pytest.mark.attack("A03")
@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_thousand_random_changes_of_each_kind_are_found(original: Path) -> None:
    for mutator in MUTATORS:
        for turn in range(1000):
            check_tampering(original, mutator, turn % (ROWS - 1) + 1)


@pytest.mark.attack("A03")
def test_what_a_chain_without_an_anchor_cannot_see(original: Path) -> None:
    """Rows cut off the end, and an older copy, leave a chain that holds. A head noted elsewhere shows both."""
    whole = verify(original)
    found = tampered(original, lambda connection: connection.execute("DELETE FROM audit WHERE seq > 20").close())
    assert found.ok
    assert (found.head_seq, whole.head_seq) == (20, ROWS)
    assert found.head_mac != whole.head_mac


@pytest.mark.attack("A04")
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


@pytest.mark.attack("A05")
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


def two_writers(state: Path, rows: int) -> None:
    with writer("count", state, rows) as one, writer("count", state, rows) as two:
        assert (one.wait(timeout=100), two.wait(timeout=100)) == (0, 0)
    found = verify(state)
    assert (found.why, found.rows) == ("", 2 * rows)
    connection = sqlite3.connect(state / "audit.db")
    by_process = connection.execute("SELECT count(*) FROM audit GROUP BY json_extract(body, '$.session.pid')")
    assert by_process.fetchall() == [(rows,), (rows,)]


@pytest.mark.attack("A06")
def test_two_processes_make_one_chain_from_the_first_start_on(tmp_path: Path) -> None:
    two_writers(tmp_path / "state", 500)


@pytest.mark.attack("A06")
@pytest.mark.long
def test_two_processes_make_one_long_chain(tmp_path: Path) -> None:
    two_writers(tmp_path / "state", 5000)
