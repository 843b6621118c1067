"""The one door for untrusted text: tickets, device and user names, error bodies, headers, files.

What comes out holds no control, escape, bidi or invisible character, is NFC, and is bounded. It is still data:
nothing may parse it as markup.
"""

import re
import unicodedata

MAX_LENGTH = 20_000
"""Characters kept of one text; a ticket body of megabytes is no help to anybody."""

_STRINGS = r"(?:\x1b[P\]X^_k]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,4096}(?:\x07|\x1b\\|\x9c)?"
_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?"
_ESCAPE = re.compile(f"{_STRINGS}|{_CSI}|\x1b[ -/]{{0,8}}[0-~]?")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_MANY_MARKS = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def clean(text: str, limit: int = MAX_LENGTH) -> str:
    """Make a text safe to show; line feeds and tabs stay."""
    cut = text[: limit * 2].replace("\r\n", "\n").replace("\r", "\n")
    visible = _INVISIBLE.sub("", _ESCAPE.sub("", cut))
    whole = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", visible))
    # Composition can bring a mark next to others, so the cap on stacked marks comes last.
    return _MANY_MARKS.sub(r"\1", whole)[:limit]


def clean_line(text: str, limit: int = 500) -> str:
    """Make a text safe to show on one line: blanks of every kind become one blank."""
    if text.isascii() and text.isprintable():
        return " ".join(text[: limit * 2].split())[:limit]
    return _BLANKS.sub(" ", clean(text, limit * 2)).strip()[:limit]


_WORDS = re.compile(r"\w+")
_ALIKE = ("LATIN", "CYRILLIC", "GREEK")
SEVERAL_SCRIPTS = "‼ letters of several scripts"


def with_script_marker(name: str) -> str:
    """A name, marked when one of its words mixes Latin, Cyrillic and Greek letters, which look alike."""
    if name.isascii():
        return name
    for word in _WORDS.findall(name):
        scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in word if letter.isalpha()}
        if len(scripts.intersection(_ALIKE)) > 1:
            return f"{name} {SEVERAL_SCRIPTS}"
    return name
