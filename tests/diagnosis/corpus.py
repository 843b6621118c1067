"""The corpus of real samples beside the project: where it is, what it expects, and how answers are compared."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tui.diagnosis.redact import MARKER, redact
from tui.diagnosis.report import is_digest

ROOT = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
REMARKS = frozenset({"notes", "note", "how_checked"})
"""Keys of an expected file that are a person's remarks and no facts."""

_SUFFIX = ".expected.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One expected file and the file or files (the two logs of a pair) that it is about."""

    files: tuple[Path, ...]
    expected: dict[str, Any]

    @property
    def path(self) -> Path:
        return self.files[0]

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


def needed() -> Path:
    """The corpus, or a skipped test that says why."""
    if not ROOT.is_dir():
        pytest.skip("the corpus of real samples is not beside the project (../shared/corpus)")
    return ROOT


def cases(folder: str) -> list[Case]:
    """Every case of one corpus folder, in the order of names."""
    found = []
    for expectation in sorted((needed() / folder).glob(f"*{_SUFFIX}")):
        stem = expectation.name.removesuffix(_SUFFIX)
        files = tuple(sorted(p for p in expectation.parent.glob(f"{stem}*") if _belongs(p, stem)))
        found.append(Case(files, json.loads(expectation.read_text(encoding="utf-8"))))
    return found


def _belongs(path: Path, stem: str) -> bool:
    extensions = path.name.removeprefix(stem)
    return not path.name.endswith(_SUFFIX) and extensions.count(".") <= 2 and extensions.startswith(".")


def disagreements(expected: Any, facts: Any, remarks: Iterable[str] = REMARKS, at: str = "facts") -> list[str]:
    """Where facts differ from an expectation, as sentences; empty when every expected field agrees.

    Null and absent are the same; keys that nobody expects are allowed; a recovery password counts as its marker.
    Digests are compared as they are: a run of zeros in one is no password.
    """
    if isinstance(expected, dict) and isinstance(facts, dict):
        kept = {key: value for key, value in expected.items() if key not in set(remarks)}
        pairs = [(f"{at}.{key}", value, facts.get(key)) for key, value in kept.items()]
        return [line for place, want, got in pairs for line in disagreements(want, got, remarks, place)]
    if isinstance(expected, list) and isinstance(facts, list) and len(expected) == len(facts):
        places = zip(expected, facts, strict=True)
        return [
            line for n, (want, got) in enumerate(places) for line in disagreements(want, got, remarks, f"{at}[{n}]")
        ]
    if isinstance(expected, str) and not is_digest(expected):
        hidden, removed = redact(expected)
        expected = MARKER if removed and hidden == MARKER else hidden
    return [] if expected == facts else [f"{at}: expected {expected!r}, got {facts!r}"]


def fields(expected: Any, remarks: Iterable[str] = REMARKS) -> int:
    """How many single values an expectation holds."""
    if isinstance(expected, dict):
        return sum(fields(value, remarks) for key, value in expected.items() if key not in set(remarks))
    if isinstance(expected, list) and expected:
        return sum(fields(value, remarks) for value in expected)
    return 1


def agreement(folder: str, parse: Callable[[str, bytes], dict[str, Any]]) -> list[str]:
    """Disagreements of a parser with every case of a folder; `parse` gets a name and bytes and gives facts."""
    return [
        f"{case.path.name}: {line}"
        for case in cases(folder)
        for line in disagreements(case.expected, parse(case.path.name, case.data))
    ]


def invented_password(seed: int) -> str:
    """A recovery password that is valid and belongs to nobody, built from eight 16-bit words."""
    words = random.Random(seed)
    return "-".join(f"{words.randrange(1 << 16) * 11:06}" for _ in range(8))


def disguises(text: str, code_page: str | None = None) -> dict[str, bytes]:
    """The same text as people and consoles hand it on: other encodings, line ends, indentation, quotes."""
    crlf = text.replace("\n", "\r\n")
    found = {
        "plain": text.encode(),
        "crlf": crlf.encode(),
        "old mac line ends": text.replace("\n", "\r").encode(),
        "utf-8 with mark": b"\xef\xbb\xbf" + crlf.encode(),
        "utf-16-le with mark": b"\xff\xfe" + crlf.encode("utf-16-le"),
        "utf-16-be with mark": b"\xfe\xff" + crlf.encode("utf-16-be"),
        "utf-16-le without mark": crlf.encode("utf-16-le"),
        "indented": "\n".join(f"   {line}" for line in text.split("\n")).encode(),
        "quoted": "\n".join(f"> {line}" for line in text.split("\n")).encode(),
        "double spaced": text.replace("\n", "\n\n").encode(),
        "blanks at the ends": text.replace("\n", "   \n").encode(),
    }
    return found if code_page is None else {**found, code_page: crlf.encode(code_page)}
