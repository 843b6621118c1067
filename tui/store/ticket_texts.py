"""The texts of tickets in the cache, each over a plain connection: kept, fetched, and searched where they lie.

A search is `LIKE` over all of them, slice by slice. At 100,000 texts of 780 characters it takes 30 to 180 ms without
Python's lock; an index of trigrams (FTS5) takes 3 to 70 ms, but 57 to 240 MB of disk and 5 to 12 s to build.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

SLICE = 1_000
"""Texts searched in one go: some milliseconds."""
_ODD = "\u0130\u212a\0"
"""What SQLite does not compare as `str.lower` does: the letters that become ASCII ones, and its end of a text."""
_MOST_WORDS = 50
_LONGEST = 1_000
"""Letters of a word that SQLite compares."""


def create_texts(connection: sqlite3.Connection) -> None:
    """The table of texts, by incident id."""
    connection.execute("CREATE TABLE texts (id TEXT PRIMARY KEY, odd INTEGER NOT NULL, text TEXT NOT NULL)")


def save(connection: sqlite3.Connection, texts: Iterable[tuple[str, str]]) -> None:
    """Keep texts by incident id; an empty one is taken away."""
    rows = [(name, any(letter in text for letter in _ODD), text) for name, text in texts]
    connection.executemany(
        "INSERT INTO texts VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET odd = excluded.odd, text = excluded.text "
        "WHERE text != excluded.text",
        [row for row in rows if row[2]],
    )
    forget(connection, [name for name, _, text in rows if not text])


def forget(connection: sqlite3.Connection, incident_ids: Iterable[str]) -> None:
    """Take texts away."""
    connection.executemany("DELETE FROM texts WHERE id = ?", [(name,) for name in incident_ids])


def fetch(connection: sqlite3.Connection, incident_ids: Sequence[str]) -> dict[str, str]:
    """Texts by incident id, of those that have one."""
    query = "SELECT text FROM texts WHERE id = ?"
    found = ((name, connection.execute(query, (name,)).fetchone()) for name in incident_ids)
    return {name: row[0] for name, row in found if row is not None}


def last_place(connection: sqlite3.Connection) -> int:
    """The highest place of a text; 0 when there is none."""
    (last,) = connection.execute("SELECT max(rowid) FROM texts").fetchone()
    return last or 0


def search(connection: sqlite3.Connection, words: Sequence[str], after: int) -> list[tuple[str, frozenset[str]]]:
    """Incident ids with those of the words that stand in their texts, of a slice of texts after a place.

    The words are lower case; letters beyond ASCII and odd texts are compared in Python, which knows their cases.
    """
    exact = len(words) <= _MOST_WORDS and all(map(_is_plain, words))
    patterns = [_pattern(word) for word in words] if len(words) <= _MOST_WORDS else []
    has = [f"has{number}" for number in range(len(patterns))]
    likes = "".join(f", text LIKE ? ESCAPE '!' AS {name}" for name in has)
    any_of = " OR ".join(("odd", *has)) if patterns else "1"
    # The limit keeps SQLite from comparing every text twice: for the column, and for the condition.
    query = (
        f"SELECT id, {'CASE WHEN odd THEN text END' if exact else 'text'}{''.join(f', {name}' for name in has)} FROM "  # noqa: S608
        f"(SELECT id, odd, text{likes} FROM texts WHERE rowid > ? AND rowid <= ? LIMIT -1) WHERE {any_of}"
    )
    rows = connection.execute(query, (*patterns, after, after + SLICE))
    if exact:
        return _as_sqlite_says(rows, words)
    whole = frozenset(words)
    return [(name, _standing_in(text, whole)) for name, text, *_ in rows]


def _as_sqlite_says(rows: Iterable[Sequence[Any]], words: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
    whole, known = frozenset(words), dict[tuple[int, ...], frozenset[str]]()
    found: list[tuple[str, frozenset[str]]] = []
    for name, text, *has in rows:
        if text is not None:
            found.append((name, _standing_in(text, whole)))
            continue
        key = tuple(has)
        if key not in known:
            known[key] = frozenset(word for word, is_there in zip(words, key, strict=True) if is_there)
        found.append((name, known[key]))
    return found


def _standing_in(text: str, words: frozenset[str]) -> frozenset[str]:
    # As it is first: that is much quicker than making the whole text lower case.
    left = [word for word in words if word not in text]
    if not left:
        return words
    lower = text.lower()
    return words.difference([word for word in left if word not in lower])


def _is_plain(word: str) -> bool:
    return word.isascii() and "\0" not in word and len(word) <= _LONGEST


def _pattern(word: str) -> str:
    """Whatever holds the word holds this pattern: a letter beyond ASCII stands for any."""
    letters = ("_" if not each.isascii() or each == "\0" else f"!{each}" if each in "!%_" else each for each in word)
    return f"%{''.join(islice(letters, _LONGEST))}%"
