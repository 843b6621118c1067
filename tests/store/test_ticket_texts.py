"""Texts of tickets in the cache: apart from incidents, moved there from an older cache, searched where they lie."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import invented_password
from tests.store.samples import SetClock, incident, kept
from tests.support.values import replace
from tui.diagnosis.redact import MARKER
from tui.model.incident import Incident, IncidentState
from tui.model.incident_line import id_in, incident_in, line_of
from tui.store import ticket_texts
from tui.store.cache import CacheStore, open_cache
from tui.store.cache_schema import create_cache
from tui.store.chain import timestamp
from tui.store.first_rows import first_incidents

LETTERS = "aAkKiIsSıİK\u0307ſßẞäÄσςΣ%_!\\'\" 漢🔑\0"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
async def cache(state: Path) -> AsyncIterator[CacheStore]:
    async with await open_cache(state, SetClock()) as store:
        yield store


def direct(state: Path) -> sqlite3.Connection:
    return sqlite3.connect(state / "cache.db", isolation_level=None)


def told(number: int, text: str, **rest: object) -> Incident:
    found = incident(number)
    return replace(found, ticket=replace(found.ticket, body=text, **rest))


async def found_by(cache: CacheStore, *words: str) -> dict[str, frozenset[str]]:
    return {name: has async for part in cache.texts_with(words) for name, has in part if has}


async def test_texts_are_fetched_by_incident_and_stand_in_no_row(cache: CacheStore, state: Path) -> None:
    await cache.save("demo", [told(1, "one text"), told(2, "another"), told(3, "")], "")
    assert await cache.texts(["demo:k2", "demo:k1", "demo:k3", "demo:k9"]) == {
        "demo:k1": "one text",
        "demo:k2": "another",
    }
    (lines,) = direct(state).execute("SELECT group_concat(line) FROM incidents").fetchone()
    assert "text" not in lines


async def test_a_text_that_is_kept_stays_and_another_takes_its_place(cache: CacheStore) -> None:
    await cache.save("demo", [told(1, "one text")], "")
    (line,) = await cache.load()
    shelved = incident_in(line)
    closed = replace(shelved, ticket=replace(shelved.ticket, state=IncidentState.CLOSED))
    await cache.save("demo", [closed], "")
    assert await cache.texts(["demo:k1"]) == {"demo:k1": "one text"}
    await cache.save("demo", [told(1, "another")], "")
    assert await cache.texts(["demo:k1"]) == {"demo:k1": "another"}
    await cache.save("demo", [told(1, "")], "")
    assert await cache.texts(["demo:k1"]) == {}


async def test_the_text_of_what_was_closed_long_ago_goes_with_it_and_that_is_said(
    cache: CacheStore, state: Path
) -> None:
    old = incident(1, state=IncidentState.CLOSED, age=31 * 24 * 60)
    assert await cache.save("demo", [old, incident(2)], "") == {"demo:k1"}
    assert [id_in(line) for line in await cache.load()] == ["demo:k2"]
    assert direct(state).execute("SELECT id FROM texts").fetchall() == [("demo:k2",)]


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.sampled_from(LETTERS), max_size=12), max_size=12),
    words=st.lists(st.text(st.sampled_from(LETTERS.lower().replace(" ", "")), min_size=1, max_size=3), min_size=1),
)
def test_a_search_answers_what_python_would(texts: list[str], words: list[str]) -> None:
    words = list(dict.fromkeys(words))
    with sqlite3.connect(":memory:") as connection:
        ticket_texts.create_texts(connection)
        ticket_texts.save(connection, ((str(place), text) for place, text in enumerate(texts)))
        found = dict(ticket_texts.search(connection, words, 0))
    connection.close()
    expected = {str(n): {word for word in words if word in text.lower()} for n, text in enumerate(texts)}
    assert {name: has for name, has in found.items() if has} == {name: has for name, has in expected.items() if has}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        *(("ÄPFEL", "äpf"), ("Straẞe", "aße"), ("ΟΔΟΣ", "δος"), ("🔑 key", "🔑")),
        *(("a\u212ab", "akb"), ("\u0130x", "i\u0307x"), ("\u0130", "i"), ("a\0b", "b")),
        *(("100%", "0%"), ("a_b", "_"), ("a!b", "!b")),
    ],
)
def test_letters_of_every_script_are_found_in_any_case(text: str, word: str) -> None:
    assert word in text.lower()
    with sqlite3.connect(":memory:") as connection:
        ticket_texts.create_texts(connection)
        ticket_texts.save(connection, [("it", text), ("other", "quite another, of ASCII letters alone")])
        found = {name for name, has in ticket_texts.search(connection, [word], 0) if has}
    connection.close()
    assert found - {"other"} == {"it"}


async def test_a_search_goes_through_all_slices_and_takes_any_number_of_words(
    cache: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_texts, "SLICE", 3)
    await cache.save("demo", [told(n, f"text {n:03} with Äpfel") for n in range(20)], "")
    await cache.save("demo", [told(4, "")], "")
    assert len(await found_by(cache, "with")) == 19
    assert (await found_by(cache, "017", "äpf"))["demo:k17"] == {"017", "äpf"}
    many = [f"{n:03}" for n in range(200)]
    assert len(await found_by(cache, *many)) == 19
    assert await found_by(cache, "x" * 60_000) == {}


def of_schema_1(state: Path, incidents: list[Incident]) -> None:
    """A cache as it was before texts had a table of their own."""
    state.mkdir(mode=0o700)
    (state / "cache.db").touch(0o600)
    connection = direct(state)
    create_cache(connection)
    for each in incidents:
        ticket, fields = each.ticket, msgspec.to_builtins(each)
        del fields["ticket"]["kept_text"]
        row = (each.id, ticket.state == "closed", ticket.priority, timestamp(ticket.opened_at))
        body = msgspec.json.encode(fields)
        connection.execute(
            "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?)", (*row, timestamp(ticket.updated_at), body)
        )
    connection.execute("INSERT INTO watermarks VALUES ('demo', 'w', ?)", (timestamp(incidents[0].ticket.opened_at),))
    connection.execute("PRAGMA user_version=1")
    connection.close()


async def test_an_older_cache_loses_the_recovery_passwords_in_its_texts(state: Path) -> None:
    pasted = invented_password(5)
    of_schema_1(state, [told(1, f"the key is {pasted}", title=f"key {pasted}")])
    async with await open_cache(state) as cache:
        [line] = await cache.load()
        found = incident_in(line)
        assert found.ticket.title == f"key {MARKER}"
        assert await cache.texts([found.id]) == {found.id: f"the key is {MARKER}"}
    left = b"".join(path.read_bytes() for path in state.iterdir())  # noqa: ASYNC240
    assert not [block for block in pasted.split("-") if block.encode() in left]


async def test_an_older_cache_is_brought_up_to_date_with_everything_in_it(state: Path) -> None:
    due = incident(0).ticket.opened_at + timedelta(hours=3)
    incidents = [told(n, f"text {n} Größe" if n % 3 else "", priority=1 + n % 4, due_at=due) for n in range(2_500)]
    of_schema_1(state, incidents)
    assert first_incidents(state, 5) == (), "nothing rather than something of another shape"
    async with await open_cache(state) as cache:
        assert cache.notice == ""
        lines = await cache.load()
        assert sorted(lines) == sorted(kept(*incidents)) == list(lines)
        texts = await cache.texts([each.id for each in incidents])
        assert texts == {each.id: each.ticket.body for each in incidents if each.ticket.body}
        assert (await cache.watermark("demo"))[0] == "w"
        assert len(await found_by(cache, "größe")) == len(texts)
    assert [line_of(each) for each in first_incidents(state, 2)] == list(lines[:2])
    tables = direct(state).execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert ("whole_incidents",) not in tables


async def test_an_older_cache_of_another_shape_starts_anew(state: Path) -> None:
    of_schema_1(state, [incident(1), incident(2)])
    direct(state).execute("UPDATE incidents SET body = ? WHERE id = 'demo:k2'", (b'{"id": 5}',))
    async with await open_cache(state) as cache:
        assert "starts anew" in cache.notice
        assert list(await cache.load()) == []
        await cache.save("demo", [incident(1)], "")
        assert list(await cache.load()) == kept(incident(1))
