"""Where in the text of a config something stands; the TOML reader of the standard library does not tell."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from tui.errors import Problem, ProblemKind

Where = tuple[str | int, ...]
"""A place: table, key, and index where there are several."""


class Document(msgspec.Struct, frozen=True):
    """The text of a config file, for saying what is wrong in it, and on which line.

    `tenant` is the place of one `[[tenant]]` when it is read as if the file were its own, and `own` its tables.
    """

    path: Path
    text: str
    tenant: int | None = None
    own: frozenset[str] = frozenset()

    def problem(self, where: Where, what: str, why: str = "", next_step: str = "") -> Problem:
        """A mistake at a place, or in the nearest table around it."""
        lines = statement_lines(self.text)
        where = self._in_file(where)
        while where and where not in lines:
            where = where[:-1]
        return Problem(ProblemKind.CONFIG, f"{self.path}, line {lines.get(where, 1)}: {what}", why, next_step)

    def _in_file(self, where: Where) -> Where:
        if self.tenant is None or (where and where[0] != "tenant" and where[0] not in self.own):
            return where
        return ("tenant", self.tenant, *(where[1:] if where[:1] == ("tenant",) else where))

    def syntax_problem(self, message: str) -> Problem:
        """What `tomllib` could not read; its message ends in the place."""
        found = re.search(r"line (\d+), column (\d+)", message)
        last = self.text.rstrip("\n").split("\n")
        line, column = found.groups() if found else (len(last), len(last[-1]) + 1)
        said = re.sub(r" \(at .*\)$", "", message, flags=re.DOTALL)
        place = f"{self.path}, line {line}, column {column}"
        return Problem(ProblemKind.CONFIG, f"{place}: this is not TOML", said, "Correct the line; text needs quotes")

    def type_problem(self, message: str) -> Problem:
        """What `msgspec` could not convert; its message ends in a JSON path."""
        said, _, place = message.partition(" - at `$")
        where = tuple(int(index) if index else key for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", place))
        missing = re.search(r"missing required field `(\w+)`", said)
        if missing:
            what = f"{spoken((*where, missing[1]))} is missing"
            return self.problem(where, what, "", "Add it; `reseal init` writes an example")
        if said.endswith("of length >= 1"):
            return self.problem(where, f"{spoken(where)} is empty", "", "Fill it in")
        return self.problem(where, f"{spoken(where)}: {said[:1].lower()}{said[1:]}", "", "Correct the value")


def spoken(where: Where) -> str:
    """A place as an engineer would say it: `tickets.url`."""
    return "`" + ".".join(str(part) for part in where if isinstance(part, str)) + "`"


def statement_lines(text: str) -> dict[Where, int]:
    """First line of each statement, by place. A statement is the shortest run of lines that is TOML by itself."""
    found: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    pending: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        pending.append(line)
        try:
            where = _path_of(tomllib.loads("\n".join(pending)))
        except tomllib.TOMLDecodeError:
            continue
        opening, start = pending[0].lstrip(), number - len(pending) + 1
        pending = []
        if opening.startswith("["):
            where = _counted(where, counts)
        if opening.startswith("[["):
            counts[where] = counts.get(where, -1) + 1
            table = where = (*where, counts[where])
        elif opening.startswith("["):
            table = where
        elif where:
            where = (*table, *where)
        found.setdefault(where, start)
    return found


def _counted(where: Where, counts: dict[Where, int]) -> Where:
    """A table below an array of tables belongs to the array's last one (TOML v1.0.0, "Array of Tables")."""
    found: Where = ()
    for part in where[:-1]:
        found = (*found, part)
        if found in counts:
            found = (*found, counts[found])
    return (*found, *where[-1:])


def _path_of(statement: dict[str, Any]) -> Where:
    where: Where = ()
    value: object = statement
    while isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        where = (*where, name)
    return where
