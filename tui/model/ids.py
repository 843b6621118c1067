"""Recovery key IDs: the GUID of a numerical-password protector, as Graph, AD DS and the recovery screen show it."""

import itertools
import re
from dataclasses import dataclass

PREFIX_LENGTH = 8
"""Hex digits that a recovery screen shows at the least, and that start a lookup."""

_FULL_LENGTH = 32
_HEX = re.compile(r"[0-9a-f]+")
_GROUPS = (8, 12, 16, 20)


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """What somebody typed or read out of a recovery key ID: 8 to 32 hex digits, lower case, without dashes."""

    digits: str

    @property
    def is_full(self) -> bool:
        """All 32 digits are there, so at most one key can match."""
        return len(self.digits) == _FULL_LENGTH

    def matches(self, key_id: str) -> bool:
        """The canonical key ID begins with these digits."""
        return key_id.replace("-", "").startswith(self.digits)

    def __str__(self) -> str:
        return format_key_id(self.digits).upper()


def parse_key_term(text: str) -> KeyTerm | None:
    """Read a key ID or its beginning; None when the text is not 8 to 32 hex digits.

    Braces, dashes, blanks and letter case do not count. Nothing is corrected: an O is not taken for a 0.
    """
    digits = re.sub(r"[\s{}\-\u2010-\u2015]", "", text).lower()
    if not PREFIX_LENGTH <= len(digits) <= _FULL_LENGTH or not _HEX.fullmatch(digits):
        return None
    return KeyTerm(digits)


def parse_guid(text: str) -> str | None:
    """Read a whole GUID into its canonical form (lower case, dashes); None when it is not one."""
    term = parse_key_term(text)
    return format_key_id(term.digits) if term is not None and term.is_full else None


def format_key_id(digits: str) -> str:
    """Put the dashes of a GUID between bare hex digits; a beginning of one is accepted."""
    cuts = [0, *(cut for cut in _GROUPS if cut < len(digits)), len(digits)]
    return "-".join(digits[a:b] for a, b in itertools.pairwise(cuts))


@dataclass(frozen=True, slots=True)
class Doubt:
    """A character that may be another one. `place` counts from zero, `readings` are the hex digits it may stand for."""

    place: int
    seen: str
    readings: tuple[str, ...]

    @property
    def is_hex(self) -> bool:
        """It may stand as it is (B and 8), so that the text is an ID all the same."""
        return self.seen.lower() in self.readings


@dataclass(frozen=True, slots=True)
class KeyReading:
    """What a text shows of a key ID: 8 to 32 characters without dashes, and which of them may be others."""

    characters: str
    doubts: tuple[Doubt, ...]

    @property
    def term(self) -> KeyTerm | None:
        """The ID as it stands; None while a character is no hex digit. Nothing is ever corrected."""
        digits = self.characters.lower()
        return KeyTerm(digits) if _HEX.fullmatch(digits) else None

    @property
    def blocking(self) -> tuple[Doubt, ...]:
        """Characters that are no hex digits, which somebody has to look at."""
        return tuple(doubt for doubt in self.doubts if not doubt.is_hex)

    def may_mean(self, key_id: str) -> bool:
        """The canonical key ID begins with these characters, each doubtful one read in any of its ways."""
        digits = key_id.replace("-", "")
        options: list[tuple[str, ...]] = [(digit,) for digit in self.characters.lower()]
        for doubt in self.doubts:
            options[doubt.place] = doubt.readings
        return len(digits) >= len(options) and all(digit in each for digit, each in zip(digits, options, strict=False))


_ALIKE = {
    "o": ("0",), "i": ("1",), "l": ("1",), "|": ("1",), "s": ("5",), "z": ("2",), "b": ("b", "8"), "8": ("8", "b"),
}  # fmt: skip
"""Characters that people and character recognition take for one another, and the hex digits that they may stand for."""

_NOT_AN_ID = re.compile(r"[\s{}\-\u2010-\u2015]")
_CHARACTER = r"[0-9A-Fa-fOoIilL|SsZz]"
_DASH = r"\s*[-\u2010-\u2015]\s*"
_IN_TEXT = re.compile(
    rf"(?<![\w|])(?:{_CHARACTER}{{8}}(?:{_DASH}{_CHARACTER}{{4}}){{3}}{_DASH}{_CHARACTER}{{12}}"
    rf"|{_CHARACTER}{{32}}|(?=[^\W\d]*\d){_CHARACTER}{{8}})(?![\w|])"
)


def read_key_ids(text: str) -> tuple[KeyReading, ...]:
    """Key IDs that a typed, pasted or photographed text may show, each once, in the order of the text.

    A text that is nothing but an ID may be of any length from 8 to 32 digits; amid other words only whole IDs and
    runs of 8 count, these with a decimal digit, so that a word is not taken for an ID.
    """
    whole = _reading(text)
    if whole is not None:
        return (whole,)
    found = (_reading(match.group()) for match in _IN_TEXT.finditer(text))
    return tuple(dict.fromkeys(reading for reading in found if reading is not None))


def _reading(text: str) -> KeyReading | None:
    characters = _NOT_AN_ID.sub("", text)
    if not PREFIX_LENGTH <= len(characters) <= _FULL_LENGTH or not re.fullmatch(f"{_CHARACTER}+", characters):
        return None
    doubts = (
        Doubt(place, seen, _ALIKE[seen.lower()]) for place, seen in enumerate(characters) if seen.lower() in _ALIKE
    )
    return KeyReading(characters.upper() if _HEX.fullmatch(characters.lower()) else characters, tuple(doubts))
