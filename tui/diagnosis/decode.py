"""From bytes to text: byte order marks, UTF-8, UTF-16, and the code pages that Windows consoles write.

`>` in cmd writes the OEM code page of the display language without any mark, `>` in Windows PowerShell 5.1 UTF-16LE
with a mark, PowerShell 7 UTF-8 without one.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import chain

from tui.diagnosis.manage_bde_words import CENTRAL_EUROPEAN_WORDS, CODE_PAGE_WORDS, LOCALES
from tui.diagnosis.redact import redact
from tui.diagnosis.sample import Sample
from tui.text import clean

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
MARKED = " with byte order mark"
"""Ends the name of an encoding that a mark gave away."""

CODE_PAGES = (
    "cp850",
    "cp437",
    "cp1252",
    "cp936",
    "cp932",
    "cp949",
    "cp950",
    "cp866",
    "cp1251",
    "cp852",
    "cp1250",
    "cp857",
)
"""Candidates in the order in which the first of equals wins."""

_CENTRAL_EUROPEAN, _CENTRAL_EUROPEAN_PAGES = ("pl", "cs"), ("cp852", "cp1250")
"""Languages of which words are known, and the pages that Windows writes in these and in their neighbours."""

_WINDOW = 64 * 1024
_BINARY = (
    b"ElfFile\0",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"MSCF",
    b"\x1f\x8b",
    b"MZ",
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_READABLE = re.compile(r"[\t\n\r -~\u00a0-\u024f\u0370-\u052f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")
_HIGH = re.compile(r"[^\x00-\x7f]")
_ODD = re.compile(
    r"[\u2190-\u25ff\u0080-\u009f\ue000-\uf8ff\uff61-\uff9f\u00a4-\u00b8\u2018-\u2026\u00d7\u00f7\u0131\u0192]"
)
_TORN = re.compile(
    r"[a-z][\u3400-\u9fff\uac00-\ud7a3][a-z]|[a-z][\u00c0-\u00de\u0410-\u042f]|[a-z][\u0370-\u04ff]|[\u0370-\u04ff][a-z]"
)
_KNOWN = tuple(sorted({w for w in chain(CODE_PAGE_WORDS, *LOCALES.values()) if not w.isascii()}))


@dataclass(frozen=True, slots=True)
class Decoded:
    """`text` with `\\n` line ends and no byte order mark, and the name of the `encoding` it was in."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded | None:
    """The text of an input, or None where it is binary. A character cut off at the end is left out."""
    found = _decode(data)
    if found is None:
        return None
    return Decoded(found.text.replace("\r\n", "\n").replace("\r", "\n"), found.encoding)


def make_sample(name: str, data: bytes) -> Sample:
    """An input made ready for the parsers: decoded, made safe to show, and without recovery passwords."""
    decoded = decode(data)
    if decoded is None:
        return Sample(name, data)
    text, removed = redact(clean(decoded.text, len(decoded.text) + 1))
    return Sample(name, data, text, decoded.encoding, removed)


def _decode(data: bytes) -> Decoded | None:
    if data.startswith(_BINARY):
        return None
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], encoding)
            if text is not None:
                return Decoded(text, encoding + MARKED) if not _is_binary(text) else None
    if b"\0" in data[:_WINDOW]:
        return _unmarked_utf16(data)
    text = _strict(data, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8") if not _is_binary(text) else None
    return _code_page(data)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            return None
        return data[: error.start].decode(encoding)


def _is_binary(text: str) -> bool:
    head = text[:_WINDOW]
    return len(_CONTROLS.findall(head)) * 50 > len(head)


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """UTF-16 is told from binary by what it says: nearly every unit must be a readable character."""
    head = data[: _WINDOW - _WINDOW % 2]
    best: Decoded | None = None
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        opening = _strict(head, encoding)
        if not opening or zeros.count(0) * 5 < len(zeros) or "\0" in opening:
            continue
        if len(_READABLE.findall(opening)) * 100 < len(opening) * 97:
            continue
        text = _strict(data, encoding)
        if text is not None:
            best = Decoded(text, encoding)
            break
    return best


def _code_page(data: bytes) -> Decoded | None:
    head = data[:_WINDOW]
    mostly_utf8 = head.decode("utf-8", "replace")
    candidates = [("utf-8", mostly_utf8, _score(mostly_utf8) - 8 * mostly_utf8.count("\ufffd"))]
    for encoding in CODE_PAGES:
        text = _strict(head, encoding)
        if text is not None and not _is_binary(text):
            candidates.append((encoding, text, _score(text)))
    if _is_binary(mostly_utf8):
        return None
    encoding, best, _ = max(candidates, key=lambda candidate: candidate[2])
    if _is_central_european(best):
        same = {name for name, text, _ in candidates if text == best}
        encoding = next((page for page in _CENTRAL_EUROPEAN_PAGES if page in same), encoding)
    whole = _strict(data, encoding)
    return Decoded(data.decode(encoding, "replace") if whole is None else whole, encoding)


def _is_central_european(text: str) -> bool:
    """By the words: letters that Polish or Czech share with German stand at one place in two code pages."""
    folded = text.casefold()
    said = {tag: sum(word in folded for word in words) for tag, words in LOCALES.items()}
    central = max(*(said.pop(tag) for tag in _CENTRAL_EUROPEAN), sum(word in folded for word in CENTRAL_EUROPEAN_WORDS))
    return central > max(said.values())


def _score(text: str) -> float:
    """How plausible a text is: known words speak for it, symbols within words and torn scripts against."""
    high = _HIGH.findall(text)
    folded = text.casefold()
    known = sum(len(word) for word in _KNOWN if word in folded)
    scripts = {_script(character) for character in set(high[:2000])} - {""}
    letters = sum(1 for character in high[:2000] if unicodedata.category(character)[0] == "L")
    plain = letters / max(len(high[:2000]), 1)
    return 12 * known + 10 * plain - 6 * len(_TORN.findall(text)) - 3 * len(_ODD.findall(text)) - 8 * (len(scripts) - 1)


def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").split(" ", 1)[0]
    return {"CJK": "han", "HIRAGANA": "han", "KATAKANA": "han", "HANGUL": "hangul"}.get(name, name)
