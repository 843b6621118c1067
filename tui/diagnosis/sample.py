"""What goes into a parser and what comes out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]
"""JSON-shaped facts of one input, in the shape that the outside contract names for its kind."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One input: its name (a path or the member of a bundle), its bytes, and its text where it is text.

    `text` has recovery passwords already replaced (`tui.diagnosis.redact`) and line ends made `\\n`; it is None for
    binary inputs. `encoding` names the code page that was found.
    """

    name: str
    data: bytes
    text: str | None = None
    encoding: str = ""
    passwords_removed: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parser's answer. `problems` are short sentences about what was cut, damaged or not understood."""

    kind: str
    facts: Facts = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """A registered format. `recognise` answers 0 (not mine) to 100 (certain); `parse` never raises on bad input."""

    name: str
    recognise: Callable[[Sample], int]
    parse: Callable[[Sample], Parsed]
