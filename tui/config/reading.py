"""From the text of a config file to settings."""

import difflib
import tomllib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from tui.config.checks import settle
from tui.config.places import Document, Where, spoken
from tui.config.settings import Config
from tui.config.tenants import choose, refuse_doubles, split
from tui.errors import Problem, ProblemKind


def load(path: Path, tenant: str = "") -> Config:
    """Read one tenant's config, by name or ID where there are several; raises `Problem(CONFIG)`."""
    return choose(load_tenants(path), tenant, path)


def load_tenants(path: Path) -> tuple[Config, ...]:
    """Read a config file: the config of each tenant, in the file's order; raises `Problem(CONFIG)`."""
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        step = "Run `reseal init` to write one, or `reseal demo` to look around first"
        raise Problem(ProblemKind.CONFIG, f"There is no config file {path}", "", step) from None
    except OSError as error:
        step = "Make it readable for you, name another with --config, or write one with `reseal init`"
        raise Problem(ProblemKind.CONFIG, f"{path} cannot be read", error.strerror or "", step) from error
    except UnicodeDecodeError as error:
        step = "Save it as UTF-8"
        raise Problem(ProblemKind.CONFIG, f"{path} is not UTF-8", f"Byte {error.start} is wrong", step) from error
    return parse_tenants(text, path)


def parse(text: str, path: Path, tenant: str = "") -> Config:
    """As `load`, from a text; `path` is for messages and relative paths. Raises `Problem(CONFIG)`."""
    return choose(parse_tenants(text, path), tenant, path)


def parse_tenants(text: str, path: Path) -> tuple[Config, ...]:
    """As `load_tenants`, from a text."""
    document = Document(path, text)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise document.syntax_problem(str(error)) from None
    configs = tuple(_parse_one(part, own) for part, own in split(document, tables))
    refuse_doubles(document, configs)
    return configs


def _parse_one(document: Document, tables: dict[str, Any]) -> Config:
    _examine(document, Config, tables, ())
    try:
        config = msgspec.convert(tables, Config)
    except msgspec.ValidationError as error:
        raise document.type_problem(str(error)) from None
    return settle(document, config)


def _examine(document: Document, kind: type, table: dict[str, Any], where: Where) -> None:
    """Refuse unknown keys and unknown words, which deserve better than a type error: the nearest one that is known."""
    hints = get_type_hints(kind)
    for key, value in table.items():
        place = (*where, key)
        if key not in hints:
            inside = f" in [{spoken(where)[1:-1]}]" if where else ""
            what = f"unknown {'table' if isinstance(value, dict | list) else 'key'} `{key}`{inside}"
            raise document.problem(place, what, _known("It may hold", hints), _nearest(key, hints))
        hint = hints[key]
        for word, words in _words(hint, value):
            if word not in words:
                what = f"{spoken(place)} {'is' if word is value else 'holds'} {word!r}"
                raise document.problem(place, what, _known("It takes", words), _nearest(word, words))
        for index, (inner, part) in enumerate(_tables(hint, value)):
            _examine(document, inner, part, (*place, index) if isinstance(value, list) else place)


def _words(hint: Any, value: object) -> list[tuple[str, tuple[str, ...]]]:
    """The words in a value, each with the words that are known there."""
    if get_origin(hint) is Literal:
        return [(value, get_args(hint))] if isinstance(value, str) else []
    enums = [kind for kind in get_args(hint) if isinstance(kind, type) and issubclass(kind, StrEnum)]
    parts = value if isinstance(value, list) else []
    return [(part, tuple(enums[0])) for part in parts if enums and isinstance(part, str)]


def _tables(hint: Any, value: object) -> list[tuple[type, dict[str, Any]]]:
    """The tables in a value, each with the class that describes it."""
    kinds = [kind for kind in (hint, *get_args(hint)) if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    parts = value if isinstance(value, list) else [value]
    return [(kinds[0], part) for part in parts if kinds and isinstance(part, dict)]


def _known(verb: str, words: Iterable[str]) -> str:
    return f"{verb} {', '.join(words)}"


def _nearest(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else "Take it out"
