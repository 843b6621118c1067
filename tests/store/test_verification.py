"""A file that was changed, replaced, or rots, and what the check says to each."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import entry, written
from tui.errors import Problem
from tui.model.audit import AuditEvent
from tui.store.audit import open_audit
from tui.store.verification import _Walk, verify

ROWS = 30


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("original") / "state"
    asyncio.run(written(state, ROWS))
    return state


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


@pytest.mark.parametrize("row", [(None, b"", b""), (1, None, b""), (1, b"", None), ("1", b"", b"")])
def test_a_value_of_another_type_is_damage(row: tuple[object, object, object]) -> None:
    assert "row 1 is damaged" in _Walk(b"key").step(*row)


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
