"""Word stems of manage-bde's output in many languages (`data/manage-bde-words.toml`).

Structure comes first; these stems name what structure cannot (on or off, encrypting or decrypting), check it, and tell
the language.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

_TABLES = tomllib.loads(files("tui.diagnosis").joinpath("data", "manage-bde-words.toml").read_text("utf-8"))


def _stems(alternatives: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


FIELDS: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (name, _stems(words)) for name, words in _TABLES["fields"].items()
)
"""Fields of a status block in the order in which a label is tried; a label of 'BitLocker' must lose that word first."""

BACKUPS: Sequence[tuple[str, re.Pattern[str]]] = tuple((name, _stems(w)) for name, w in _TABLES["backups"].items())
"""Backup types by what manage-bde of 24H2 prints in English; another language's wording is given back in English."""

LOCALES: Mapping[str, Sequence[str]] = _TABLES["locales"]
"""Fragments, in lower case, by which a language is told; the tag is the shortest that is unambiguous."""

CODE_PAGE_WORDS: Sequence[str] = _TABLES["code-pages"]["words"]
"""Further words that speak for a code page when one must be chosen."""

CENTRAL_EUROPEAN_WORDS: Sequence[str] = _TABLES["code-pages"]["central-european"]
"""Words that speak for the code pages 852 and 1250, of languages that are not told otherwise."""

_MEANINGS = {name: _stems(words) for name, words in _TABLES["meanings"].items()}

UNKNOWN = _MEANINGS["unknown"]
NONE = _MEANINGS["none"]
LABEL = _MEANINGS["label"]
OFF = _MEANINGS["off"]
"""Tried before ON, because many of these words hold the word for "on"."""
ON = _MEANINGS["on"]
UNLOCKED = _MEANINGS["unlocked"]
"""Tried before LOCKED, because many of these words hold the word for "locked"."""
LOCKED = _MEANINGS["locked"]
PAUSED = _MEANINGS["paused"]
IN_PROGRESS = _MEANINGS["in_progress"]
DECRYPT = _MEANINGS["decrypt"]
ENCRYPT = _MEANINGS["encrypt"]
USED_SPACE = _MEANINGS["used_space"]
OS_VOLUME = _MEANINGS["os_volume"]
DATA_VOLUME = _MEANINGS["data_volume"]
PIN = _MEANINGS["pin"]
STARTUP_KEY = _MEANINGS["startup_key"]
"""Only asked of a protector that has TPM in its name."""
NETWORK = _MEANINGS["network"]
CERTIFICATE = _MEANINGS["certificate"]
NUMERIC = _MEANINGS["numeric"]
EXTERNAL = _MEANINGS["external"]
PASSWORD = _MEANINGS["password"]
IDENTITY = _MEANINGS["identity"]
