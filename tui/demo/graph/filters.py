"""`$filter`: the part of OData's grammar that Graph documents for what the console asks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tui.demo.graph.answers import bad_request

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<value>\d[\w:.+-]*)|(?P<word>[A-Za-z_][\w/]*)|(?P<sign>[(),:]))"
)
_COMPARISONS = frozenset({"eq", "ge", "le", "gt", "lt"})

Read = Callable[[str], Any]
"""Property path -> value of the item that is tested."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path op 'value'`; op is eq, ge, le, gt, lt or startswith."""

    path: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`path/any(x:clause)`; the clause's paths have lost the variable."""

    path: str
    clause: "Clause"


@dataclass(frozen=True, slots=True)
class Joined:
    """Clauses joined by `and` or `or`."""

    word: str
    clauses: tuple["Clause", ...]


Clause = Comparison | AnyOf | Joined


def parse_filter(text: str) -> Clause:
    """Read a `$filter`; refuses with 400 what is malformed or needs advanced query support."""
    parser = _Parser(_tokens(text))
    clause = parser.joined("or")
    if parser.rest:
        raise _invalid()
    return clause


def holds(clause: Clause, read: Read) -> bool:
    """Whether an item passes."""
    match clause:
        case Joined("and", clauses):
            return all(holds(one, read) for one in clauses)
        case Joined(_, clauses):
            return any(holds(one, read) for one in clauses)
        case AnyOf(path, inner):
            return any(holds(inner, partial(read_path, item)) for item in read(path) or ())
        case Comparison(path, op, value):
            return _compares(read(path), op, value)


def paths(clause: Clause) -> set[str]:
    """Property paths that a filter names."""
    if isinstance(clause, Joined):
        return set().union(*map(paths, clause.clauses))
    return {clause.path}


def read_path(item: dict[str, Any], path: str) -> Any:
    """Follow a path such as `initiatedBy/user/id`; None where it leads nowhere."""
    value: Any = item
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _compares(found: Any, op: str, value: str) -> bool:
    if found is None:
        return False
    have: Any = str(found).lower()
    want: Any = value.lower()
    if op == "startswith":
        return bool(have.startswith(want))
    if op == "eq":
        return bool(have == want)
    have, want = _moment(have), _moment(want)
    return bool({"ge": have >= want, "le": have <= want, "gt": have > want, "lt": have < want}[op])


def _moment(text: str) -> datetime:
    cut = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        return datetime.fromisoformat(cut.replace("z", "+00:00"))
    except ValueError:
        raise bad_request(f"Invalid date time value '{text}'.") from None


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _invalid()
        tokens.append(found.group().strip())
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def joined(self, word: str) -> Clause:
        clauses = [self._part(word)]
        while self.rest and self.rest[0].lower() == word:
            self._take()
            clauses.append(self._part(word))
        return clauses[0] if len(clauses) == 1 else Joined(word, tuple(clauses))

    def _part(self, word: str) -> Clause:
        return self.joined("and") if word == "or" else self._single()

    def _single(self) -> Clause:
        first = self._take()
        if first == "(":
            inner = self.joined("or")
            self._expect(")")
            return inner
        if first.lower() == "startswith":
            return self._starts_with()
        if first.endswith("/any"):
            return self._any(first.removesuffix("/any"))
        op = self._take().lower()
        if op not in _COMPARISONS:
            raise unsupported(first)
        return Comparison(first, op, _literal(self._take()))

    def _starts_with(self) -> Clause:
        self._expect("(")
        path = self._take()
        self._expect(",")
        value = _literal(self._take())
        self._expect(")")
        return Comparison(path, "startswith", value)

    def _any(self, path: str) -> Clause:
        self._expect("(")
        variable = self._take()
        self._expect(":")
        clause = _without(self.joined("or"), f"{variable}/")
        self._expect(")")
        return AnyOf(path, clause)

    def _take(self) -> str:
        if not self.rest:
            raise _invalid()
        return self.rest.pop(0)

    def _expect(self, sign: str) -> None:
        if self._take() != sign:
            raise _invalid()


def _without(clause: Clause, prefix: str) -> Clause:
    match clause:
        case Comparison(path, op, value):
            return Comparison(path.removeprefix(prefix), op, value)
        case Joined(word, clauses):
            return Joined(word, tuple(_without(one, prefix) for one in clauses))
        case _:
            raise _invalid()


def _literal(token: str) -> str:
    return token[1:-1].replace("''", "'") if token.startswith("'") else token


def _invalid() -> Exception:
    return bad_request("Invalid filter clause", "Request_BadRequest")


def unsupported(path: str) -> Exception:
    """400 for a property or operator that cannot be filtered without advanced query support."""
    message = f"Unsupported or invalid query filter clause specified for property '{path}'."
    return bad_request(message, "Request_UnsupportedQuery")
