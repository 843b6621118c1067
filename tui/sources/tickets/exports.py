"""The rows of an export: CSV, JSON or JSON Lines, in the encodings and dialects in which tools write them. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
Row = Mapping[str, str]
"""A row's texts by folded column name."""

_FOLD = re.compile(r"[\s_\-]+")
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_LINK_FORMULA = re.compile(r'=HYPERLINK\("(?:[^"]|"")*"[,;]\s*"((?:[^"]|"")*)"\)', re.IGNORECASE)
_DELIMITERS = ",;\t|"
_CELL = 200_000
_DEPTH = 3
_ROWS = 1_000_000


class Unfinished(ValueError):
    """The file ends in the middle: it is being written, or was cut."""


def fold(name: str) -> str:
    """A column's name without case, blanks, dashes and underscores."""
    return _FOLD.sub("", name.strip().lstrip("\ufeff")).casefold()


def decoded(data: bytes) -> str:
    """The text: UTF-8 or UTF-16 by their marks, UTF-8 where it fits, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        if len(data) % 2:
            raise Unfinished("It ends in the middle of a character")
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end == len(data) and error.reason == "unexpected end of data":
            raise Unfinished("It ends in the middle of a character") from None
        return data.decode("cp1252", "replace")


def rows(data: bytes, suffix: str, *, settled: bool) -> list[Row]:
    """All rows. An unsettled file may still grow: its last line counts only when it is whole.

    Raises `Unfinished` when it cannot be read before it has grown, `ValueError` when it is no export at all.
    """
    if not data.strip():
        raise Unfinished("It is empty")
    text = decoded(data)
    if "\0" in text:
        # Disks and networks leave blocks of zeros where a write has not arrived.
        raise Unfinished("It holds blocks that are not written yet")
    if suffix in (".jsonl", ".ndjson"):
        return list(_lines(text, settled))
    if suffix == ".json":
        return list(_document(text))
    return list(_csv(text, settled))


def _csv(text: str, settled: bool) -> Iterator[Row]:
    if not settled and not text.endswith(("\n", "\r")):
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    first, _, rest = text.partition("\n")
    delimiter = ""
    if found := re.fullmatch(r"sep=(.)\r?", first.strip("\ufeff")):
        delimiter, text = found[1], rest
    csv.field_size_limit(_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text), strict=True)
    try:
        names = [fold(name) for name in next(reader, [])]
        if not any(names):
            raise Unfinished("It has no line of column names")
        for number, cells in enumerate(reader):
            if number >= _ROWS:
                raise ValueError(f"It has more than {_ROWS} rows")
            if any(cells):
                yield {name: plain(cell) for name, cell in zip(names, cells, strict=False) if name}
    except csv.Error as error:
        if "end of data" in str(error):
            raise Unfinished("It ends inside quotes") from None
        raise ValueError(f"It is no CSV: {error}") from None


def _delimiter(text: str) -> str:
    """What parts the line of column names best, outside quotes."""
    head = re.sub(r'"(?:[^"]|"")*"', "", text[:10_000].partition("\n")[0])
    return max(_DELIMITERS, key=lambda each: (head.count(each), -_DELIMITERS.index(each)))


def plain(cell: str) -> str:
    """A cell's text. Spreadsheets keep a number as text by a formula; no other formula is read, and none is run."""
    found = _TEXT_FORMULA.fullmatch(cell.strip()) or _LINK_FORMULA.fullmatch(cell.strip())
    return found[1].replace('""', '"') if found else cell


def _lines(text: str, settled: bool) -> Iterator[Row]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            if number == len(lines) - 1:
                if settled:
                    raise Unfinished("Its last line is cut") from None
                return
            raise ValueError(f"Line {number + 1} is no JSON: {error}") from None
        if isinstance(value, dict):
            yield flat(value)


def _document(text: str) -> Iterator[Row]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        if "truncated" in str(error):
            raise Unfinished("It ends in the middle") from None
        raise ValueError(f"It is no JSON: {error}") from None
    if isinstance(value, dict):
        lists = [each for each in value.values() if isinstance(each, list) and each and isinstance(each[0], dict)]
        empty = [each for each in value.values() if each == []]
        if len(lists) != 1 and not (not lists and empty):
            raise ValueError("It holds no single list of tickets")
        value = lists[0] if lists else []
    if not isinstance(value, list):
        raise ValueError("It holds no list of tickets")
    yield from (flat(each) for each in value if isinstance(each, dict))


def flat(value: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    """An object's texts; those of an object inside it under `outer.inner`."""
    found: dict[str, str] = {}
    for name, each in value.items():
        path = f"{before}.{fold(name)}" if before else fold(name)
        if isinstance(each, dict) and depth < _DEPTH:
            found |= flat(each, path, depth + 1)
        elif isinstance(each, bool):
            found[path] = str(each).lower()
        elif isinstance(each, str | int | float):
            found[path] = str(each)
    return found
