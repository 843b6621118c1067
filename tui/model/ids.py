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
