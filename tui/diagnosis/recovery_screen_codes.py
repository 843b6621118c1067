"""The codes of the recovery screen and how they are recognised through typing and reading errors.

Names and meanings: Microsoft, "BitLocker preboot recovery screen". They are not the FVE_E_* results of programs.
"""

import re
from dataclasses import dataclass
from itertools import islice

from tui.model.cause import CauseCode

_C = CauseCode
CODES: dict[str, tuple[CauseCode, str]] = {
    "E_FVE_USER_REQUESTED_RECOVERY": (_C.USER_REQUESTED, "initiated by user"),
    "E_FVE_BOOT_DEBUG_ENABLED": (_C.BOOT_DEBUG, "initiated by user"),
    "E_FVE_CI_DISABLED": (_C.CI_DISABLED, "code integrity"),
    "E_FVE_DEVICE_LOCKEDOUT": (_C.DEVICE_LOCKOUT, "device lockout"),
    "E_FVE_DEVICE_LOCKOUT_MISMATCH": (_C.LOCKOUT_MISMATCH, "device lockout"),
    "E_FVE_BAD_CODE_ID": (_C.BOOT_APP_CHANGED, "boot configuration"),
    "E_FVE_BAD_CODE_OPTION": (_C.BCD_CHANGED, "boot configuration"),
    "E_FVE_TPM_DISABLED": (_C.TPM_DISABLED, "TPM"),
    "E_FVE_TPM_INVALIDATED": (_C.TPM_CLEARED, "TPM"),
    "E_FVE_BAD_SRK": (_C.TPM_SRK, "TPM"),
    "E_FVE_TPM_NOT_DETECTED": (_C.TPM_ABSENT, "TPM"),
    "E_MATCHING_PCRS_TPM_FAILURE": (_C.TPM_FAILURE, "TPM"),
    "E_FVE_TPM_FAILURE": (_C.TPM_FAILURE, "TPM"),
    "E_FVE_PCR_MISMATCH": (_C.PCR_MISMATCH, "protector"),
    "E_FVE_SECUREBOOT_DISABLED": (_C.SECUREBOOT_DISABLED, "protector"),
    "E_FVE_SECUREBOOT_CHANGED": (_C.SECUREBOOT_CHANGED, "protector"),
    "E_FVE_RECOVERY_ERROR_UNKNOWN": (_C.UNKNOWN, "unknown"),
}
"""Code to cause and category."""

_TOKENS = re.compile(r"\b[A-Za-z0-9]{1,20}+(?:_[A-Za-z0-9]{1,20}+){1,6}+(?!\w)")
_PARTED = re.compile(
    r"\bE[ \-.]{0,3}(?:F[VU]E|MATCHING)[ \-._]{1,3}[A-Z0-9]{2,14}(?:[ \-._]{1,3}[A-Z0-9]{2,14}){0,4}", re.I
)
_MOST_TOKENS = 40
_MISREAD = str.maketrans("015682", "OISGBZ")
_SHAPES = {name.replace("_", ""): name for name in CODES} | {
    name.removeprefix("E_FVE_").removeprefix("E_").replace("_", ""): name for name in CODES
}
"""Letters only, with and without the E_FVE in front."""
_NEAR = [(known, max(1, len(known) // 6), frozenset(known)) for known in _SHAPES if len(known) > 7]
"""Those that are long enough to be recognised with errors: how many errors, and the letters in it."""


@dataclass(frozen=True, slots=True)
class ScreenCode:
    """A code of the recovery screen; `typed` is how it stood in the text."""

    name: str
    typed: str

    @property
    def cause(self) -> CauseCode:
        return CODES[self.name][0]

    @property
    def category(self) -> str:
        return CODES[self.name][1]


def find_screen_code(text: str) -> ScreenCode | None:
    """The one code that a text names; None when it names none, or several."""
    found = find_screen_codes(text)
    return found[0] if len(found) == 1 else None


def find_screen_codes(text: str) -> tuple[ScreenCode, ...]:
    """The codes in a text, each once, with up to one wrong letter in six; a word that is near to two is none."""
    tokens = (match[0] for match in islice(_TOKENS.finditer(text), _MOST_TOKENS))
    found: dict[str, ScreenCode] = {}
    for token in tokens:
        if name := nearest_code(token):
            found.setdefault(name, ScreenCode(name, token))
    if not found and (parted := _PARTED.search(text)) and (name := _nearest_beginning(parted[0])):
        return (ScreenCode(name, parted[0]),)
    return tuple(found.values())


def nearest_code(token: str) -> str | None:
    """The one code that a token can be read as."""
    shape = re.sub(r"[^A-Z0-9]", "", token.upper())
    if shape in _SHAPES:
        return _SHAPES[shape]
    shape = shape.translate(_MISREAD)
    if not 5 <= len(shape) <= 40:
        return None
    letters = set(shape)
    # One error takes at most one letter away and brings at most one.
    may_be = [(known, bound) for known, bound, has in _NEAR if len(letters ^ has) <= 2 * bound]
    near = [(distance(shape, known, bound), bound, _SHAPES[known]) for known, bound in may_be]
    close = sorted((d, name) for d, bound, name in near if d <= bound)
    names = {name for d, name in close if d == close[0][0]}
    return names.pop() if len(names) == 1 else None


def _nearest_beginning(words: str) -> str | None:
    """A code written with blanks may be followed by other words: the longest beginning that is a code counts."""
    parts = re.split(r"[ \-._]+", words)
    tries = ("".join(parts[:n]) for n in range(len(parts), 1, -1))
    return next((name for attempt in tries if (name := nearest_code(attempt))), None)


def distance(a: str, b: str, bound: int) -> int:
    """Edit distance with swapped neighbours as one edit; any number above `bound` means farther than that."""
    if abs(len(a) - len(b)) > bound:
        return bound + 1
    older: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row = row, [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if older and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        older = last
        if min(row) > bound:
            return bound + 1
    return row[-1]
