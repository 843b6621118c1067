"""Exports in files: dialects, encodings, formulas, half-written files, deletions; and nothing is ever run."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.listed_cache import ListedCache
from tests.services.samples import SetClock
from tui.errors import Problem, ProblemKind
from tui.model.fact import SourceState
from tui.model.incident import IncidentState
from tui.services.queue import QueueService
from tui.sources.tickets.exports import Unfinished, decoded, plain, rows
from tui.sources.tickets.files import FileTickets
from tui.sources.tickets.profile import Columns, load_profile

HEAD = "Number,Short description,Caller,Device,State,Priority,Assigned to,Opened,Updated"
ONE = "INC1,Blue screen,ada@demo.example,LT-1,New,1 - Critical,,2026-04-15 07:00:00,2026-04-15 07:05:00"
TWO = "INC2,Other,bo@demo.example,LT-2,On Hold,3,cy,2026-04-15 08:00:00,2026-04-15 08:05:00"


def source(path: Path, profile: str = "file") -> FileTickets:
    columns = load_profile(profile)
    assert isinstance(columns, Columns)
    return FileTickets(columns, path)


def put(path: Path, text: str | bytes, age: float = 60) -> Path:
    """Write a file that has not changed for so long."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (time.time() - age, time.time() - age))
    return path


async def test_a_folder_of_exports_is_one_queue(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", f"{HEAD}\n{ONE}\n")
    put(tmp_path / "b.json", '{"tickets": [{"id": 7, "subject": "J", "requester": {"email": "r@d.example"}}]}')
    put(tmp_path / "c.jsonl", '{"key": "K-1", "fields": {"summary": "L", "status": {"name": "Done"}}}\n')
    put(tmp_path / "notes.md", "not an export")
    put(tmp_path / ".hidden.csv", f"{HEAD}\n{TWO}\n")
    found = {each.key: each for each in (await source(tmp_path).changed_since("")).tickets}
    assert set(found) == {"INC1", "7", "K-1"}
    one = found["INC1"]
    assert (one.title, one.caller, one.device_name, one.priority) == ("Blue screen", "ada@demo.example", "LT-1", 1)
    assert (one.state, one.updated_at) == (IncidentState.NEW, datetime(2026, 4, 15, 7, 5, tzinfo=UTC))
    assert (found["7"].caller, found["K-1"].title, found["K-1"].state) == ("r@d.example", "L", IncidentState.CLOSED)


async def test_a_poll_brings_what_changed_and_the_newest_version_wins_over_all_files(tmp_path: Path) -> None:
    first = put(tmp_path / "a.csv", f"{HEAD}\n{ONE}\n{TWO}\n")
    desk = source(tmp_path)
    batch = await desk.changed_since("")
    assert len(batch.tickets) == 2
    assert (await desk.changed_since(batch.watermark)).tickets == ()
    put(tmp_path / "b.csv", f"{HEAD}\n{ONE.replace('Blue screen', 'Edited').replace('07:05', '09:00')}\n", age=30)
    put(tmp_path / "older.csv", f"{HEAD}\n{TWO.replace('Other', 'Stale').replace('08:05', '08:01')}\n", age=20)
    later = await desk.changed_since(batch.watermark)
    assert [(each.key, each.title) for each in later.tickets] == [("INC1", "Edited")]
    first.unlink()
    assert [each.title for each in (await desk.changed_since(later.watermark)).tickets] == ["Stale"]
    with pytest.raises(Problem) as caught:
        await desk.get("INC9")
    assert caught.value.kind is ProblemKind.NOT_FOUND


async def test_rows_without_times_are_as_old_as_their_first_export_and_change_only_when_they_do(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "id,title\n1,one\n2,two\n", age=500)
    desk = source(path)
    batch = await desk.changed_since("")
    assert {abs(time.time() - 500 - each.opened_at.timestamp()) < 5 for each in batch.tickets} == {True}
    put(path, "id,title\n1,one\n2,changed\n", age=300)
    [changed] = (await desk.changed_since(batch.watermark)).tickets
    assert (changed.key, changed.title) == ("2", "changed")
    assert changed.updated_at > changed.opened_at == batch.tickets[1].opened_at


async def test_a_ticket_that_left_the_exports_is_closed_and_a_half_written_file_closes_none(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", f"{HEAD}\n{ONE}\n{TWO}\n")
    clock = SetClock()
    queue = QueueService([source(tmp_path)], ListedCache(), clock)
    await queue.sync("file")
    for half in ("", f"{HEAD}\n", f"{HEAD}\n{ONE}\nINC2,Oth", f'{HEAD}\nINC1,"Blue'):
        put(path, half, age=0)
        await queue.sync("file")
        assert {each.ticket.state for each in queue.book.all()} == {IncidentState.NEW, IncidentState.WAITING}, half
    put(path, f"{HEAD}\n{ONE}\n")
    await queue.sync("file")
    assert {each.ticket.key: each.ticket.state for each in queue.book.all()} == {
        "INC1": IncidentState.NEW,
        "INC2": IncidentState.CLOSED,
    }
    put(path, f"{HEAD}\n{ONE}\n{TWO}\n", age=50)
    await queue.sync("file")
    assert {each.ticket.state for each in queue.book.all()} == {IncidentState.NEW, IncidentState.WAITING}


async def test_a_folder_that_is_gone_or_a_file_that_stays_cut_is_said_and_keeps_the_queue(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    path = put(folder / "a.json", '[{"id": "1"}]')
    queue = QueueService([source(folder)], ListedCache(), SetClock())
    await queue.sync("file")
    put(path, '[{"id": "1"}')
    await queue.sync("file")
    assert queue.health["file"].state is SourceState.UNREACHABLE
    assert "a.json is not whole" in queue.health["file"].detail
    path.unlink()
    folder.rmdir()
    await queue.sync("file")
    assert "cannot be reached" in queue.health["file"].detail
    assert [each.ticket.state for each in queue.book.all()] == [IncidentState.NEW]


@pytest.mark.parametrize(
    "data",
    [
        "Número;Título\nINC1;Gerät größer\n".encode("cp1252"),
        "Ticket;Title\r\nINC1;Gerät größer\r\n".encode("utf-16"),
        b"\xef\xbb\xbf" + "Ticket\tTitle\nINC1\tGerät größer\n".encode(),
        "sep=|\nTicket|Title\nINC1|Gerät größer\n".encode(),
        'Ticket,Title\nINC1,"Gerät größer"\n'.encode(),
    ],
)
async def test_encodings_and_dialects(tmp_path: Path, data: bytes) -> None:
    own = tmp_path / "own.toml"
    own.write_text('extends = "file"\n[columns]\nkey = ["Número", "ticket"]\ntitle = ["Título", "title"]\n')
    put(tmp_path / "a.csv", data)
    [found] = (await source(tmp_path / "a.csv", str(own)).changed_since("")).tickets
    assert (found.key, found.title) == ("INC1", "Gerät größer")


async def test_times_of_other_forms_and_zones(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('extends = "file"\nzone = "Europe/Berlin"\n')
    put(tmp_path / "a.csv", "id,updated\n1,15.04.2026 09:30\n2,2026-04-15T07:30:00Z\n3,15/04/2026 09:30:00\n4,soon\n")
    found = {
        each.key: each.updated_at for each in (await source(tmp_path / "a.csv", str(own)).changed_since("")).tickets
    }
    at = datetime(2026, 4, 15, 7, 30, tzinfo=UTC)
    assert (found["1"], found["2"], found["3"]) == (at, at, at)
    assert found["4"].year >= 2026


FORMULAS = {
    '="INC0001"': "INC0001",
    '="a ""b"" c"': 'a "b" c',
    '=HYPERLINK("https://x.example/1","INC1")': "INC1",
    "=1+1": "=1+1",
    "=cmd|' /C calc'!A0": "=cmd|' /C calc'!A0",
    "+44 20 7946 0000": "+44 20 7946 0000",
    "@SUM(A1)": "@SUM(A1)",
    "-5": "-5",
}


@pytest.mark.parametrize(("cell", "text"), FORMULAS.items())
def test_formulas_are_texts(cell: str, text: str) -> None:
    assert plain(cell) == text


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([".csv", ".json", ".jsonl"]), st.booleans())
def test_any_bytes_are_rows_or_a_reason(data: bytes, suffix: str, settled: bool) -> None:
    try:
        found = rows(data, suffix, settled=settled)
    except ValueError as error:
        assert str(error)
    else:
        assert all(isinstance(text, str) for row in found for text in row.values())


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), TEXTS), min_size=1, max_size=8), st.data())
def test_a_cut_export_gives_a_beginning_of_it_or_nothing(made: list[tuple[int, str]], data: st.DataObject) -> None:
    import json

    lines = [json.dumps({"id": str(number), "title": title}) for number, title in made]
    whole = ("\n".join(lines) + "\n").encode()
    cut = data.draw(st.integers(0, len(whole)))
    expected = rows(whole, ".jsonl", settled=True)
    try:
        found = rows(whole[:cut], ".jsonl", settled=False)
    except Unfinished:
        return
    assert found == expected[: len(found)]


def test_blocks_of_zeros_are_not_an_empty_queue() -> None:
    with pytest.raises(Unfinished):
        rows(b"id,title\n" + bytes(4096), ".csv", settled=True)
    assert decoded("ä".encode()) == "ä"


async def test_exports_are_not_written(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", f"{HEAD}\n{ONE}\n")
    desk = source(tmp_path)
    for attempt in (
        desk.assign("INC1", "me"),
        desk.add_note("INC1", "x"),
        desk.set_state("INC1", IncidentState.CLOSED),
    ):
        with pytest.raises(Problem) as caught:
            await attempt
        assert caught.value.kind is ProblemKind.POLICY
