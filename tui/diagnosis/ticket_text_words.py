"""Words of tickets in many languages, turned into concepts.

A text becomes a short string with one letter a concept, in the order of the words: `-` for a word without meaning
here, `.` for the end of a sentence. Rules then read that string, which is some thirty times cheaper than searching
the text for each of a thousand words, and the same for every language.
"""

import re
import string
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources
from operator import itemgetter
from sys import intern
from threading import Lock

FILLER, STOP, PAUSE, QUESTION, SHAPE, NUMBER, UPDATE_ID, SCREEN_CODE = "-", ".", ",", "?", "#", "0", "K", "V"
"""Letters with a fixed meaning: a word without concept, the end of a sentence, the end of a clause, a question (before
the end of its sentence), a token that may be an ID or a code, a number of three digits or more, a KB number, a code of
the recovery screen."""

# No letter lies above U+00FF, so that a concept string takes one byte a letter and is quick to search.
_LETTERS = [c for c in string.ascii_letters + string.digits[1:] if c not in (UPDATE_ID, SCREEN_CODE)]
_LETTERS += [chr(n) for n in range(0xA1, 0x100)]
_PARTS = re.compile(r"[^\W_]+")
_DENSE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff66-\uff9f]")
"""Scripts that put no blanks between words, or glue particles to them."""
_LONGEST_WORD, _LONGEST_NAME = 48, 28
_LONG_NUMBER = 5
_REMEMBERED = 60_000
_OFTEN = frozenset({UPDATE_ID, SCREEN_CODE})
_SUSPECT = _OFTEN | {SHAPE}

_UPDATE = re.compile(r"\W*kbs?[\W_]{0,3}[0-9o]{4,8}(?!\d)")
_CODE = re.compile(r"fve_|e_?fve|_pcrs?_|_locked|_mismatch")
_IDENTIFIER = re.compile(
    r"0x[0-9a-f]|\d{5}|[0-9a-f]{8}|[0-9a-f]{4}-[0-9a-f]|(?<![0-9a-z])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{4}(?![0-9a-z])|[a-z]-?\d{3}|[a-z]-[a-z0-9]{0,10}\d|\d_\d_"
)


_SPELLED_CODE = "fve"
"""Stands in every code of the recovery screen, also when its parts are written apart."""
_WORDY = re.compile(r"[^\W\d_]{3}-")
"""A word before a number (BIOS-1.15.0, TPM-2.0) keeps its meaning."""


def _table() -> dict[str, list[str]]:
    text = resources.files("tui.diagnosis").joinpath("data/ticket-words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


_TABLE = _table()
LETTER = dict(zip(_TABLE, _LETTERS, strict=False))
"""Concept name to its letter."""


class _Vocabulary:
    """Finds the concept of one word: exact, by its beginning, or inside a compound."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        words = [(word, LETTER[name]) for name, listed in table.items() for word in listed]
        dense = [(word.strip("*"), letter) for word, letter in words if _DENSE.search(word)]
        spaced = [(word, letter) for word, letter in words if not _DENSE.search(word)]
        self.exact = _joined((w, c) for w, c in spaced if "*" not in w)
        self.begins = _joined((w[:-1], c) for w, c in spaced if w[-1] == "*" and w[0] != "*")
        self.inside = _joined((w.strip("*"), c) for w, c in spaced if w[0] == "*")
        self.dense = _joined(dense)
        self.lengths = {
            first: sorted({len(w) for w in self.begins if w[0] == first}, reverse=True)
            for first in {w[0] for w in self.begins}
        }
        # A Latin name inside a text without blanks (BIOSを更新) counts as its word does.
        latin = r"[0-9a-zà-ÿ]+(?:-[0-9a-z]+)*"
        alternatives = "|".join(map(re.escape, sorted(self.dense, key=len, reverse=True)))
        self.scan = re.compile(f"{alternatives}|{latin}|[。！？!?.、，,;；]")

    def of(self, word: str) -> str:
        """The letters of a word without punctuation, or nothing. Parts of BIOS-Update count each for itself."""
        if found := self.exact.get(word):
            return found
        if word.isdigit():
            return ""
        if not word.isalpha() and len(parts := _PARTS.findall(word)) > 1:
            return "".join([self.of(part) if part.isdigit() else _part(part) for part in parts])
        for length in self.lengths.get(word[:1], ()):
            if length <= len(word) and (found := self.begins.get(word[:length])):
                return found
        for part, letter in self.inside.items():
            if part in word:
                return letter
        return ""


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A compound that the table lists under two concepts (biosupdate) has the letters of both, in its order."""
    joined: dict[str, str] = {}
    for word, letter in pairs:
        joined[word] = joined.get(word, "") + letter
    return joined


_VOCABULARY = _Vocabulary(_TABLE)


@lru_cache(maxsize=4_000)
def _part(word: str) -> str:
    """The letters of a part of a compound, most of which are in many: the PC of PC-0815. Digits are not remembered,
    since they may be a part of a recovery password."""
    return _VOCABULARY.of(word)


class _Memory(dict[str, str]):
    """The letters of tokens met before, as they were written, punctuation included; emptied when it grows too large.

    A token that is not remembered is read, and told as a suspect when it may be an ID, a code or an update. Updates
    and codes, which stand in many tickets of one morning, are remembered apart so that they are told each time. Other
    tokens that may identify something are met once, and might be secret: they are not remembered.
    """

    __slots__ = ("_named", "_once", "suspects")

    def __init__(self) -> None:
        super().__init__()
        self._named: dict[str, str] = {}
        self._once: dict[str, str] = {}
        self.suspects: list[str] = []

    def __missing__(self, written: str) -> str:
        token = written.lower()
        if letters := self._named.get(token) or self._once.get(token, ""):
            self.suspects.append(token)
            return letters
        letters = _letters(token)
        if letters[:1] in _SUSPECT or (SHAPE in letters and not token.isascii()):
            self.suspects.append(token)
            if letters[0] in _OFTEN and len(token) <= _LONGEST_NAME:
                _remember(self._named, token, letters)
            else:
                self._once[token] = letters
        elif len(token) <= _LONGEST_WORD:
            _remember(self, written, letters)
        return letters

    def take_suspects(self) -> tuple[str, ...]:
        """The suspects since they were last taken, in the order of the text."""
        taken = tuple(self.suspects)
        self.suspects, self._once = [], {}
        return taken


_MEMORY = _Memory()
_READING = Lock()
"""A queue's first poll is read in another thread than the tickets after it."""


def read_words(text: str) -> tuple[str, tuple[str, ...]]:
    """The concepts of a text, and in lower case those of its tokens that may be an ID, a code or an update, in its
    order."""
    tokens = text.replace("\n", " . ").split()
    if not tokens:
        return "", ()
    with _READING:
        # Of all ways to look many keys up, this is the fastest.
        code = "".join(itemgetter(*tokens)(_MEMORY))
        return code, _MEMORY.take_suspects() if _MEMORY.suspects else ()


def concepts(text: str) -> str:
    """The concept string alone."""
    return read_words(text)[0]


def _remember(memory: dict[str, str], token: str, letters: str) -> None:
    if len(memory) > _REMEMBERED:
        memory.clear()
    # Many words share few letters: one object for all of them is found in the processor's cache.
    memory[token] = intern(letters)


def _letters(token: str) -> str:
    if token.isdecimal() and len(token) >= _LONG_NUMBER:
        return SHAPE
    if not token.isascii() and _DENSE.search(token):
        return "".join(_dense_letters(token))
    stop = _stop(token)
    shape = "" if token.isalpha() and token != _SPELLED_CODE and not _hex_word(token) else _shape(token)
    if shape in _SUSPECT and not ("-" in token and _WORDY.search(token[:_LONGEST_WORD])):
        return shape + stop
    word = token.strip(".,;:!?\"'()[]{}<>*`´’‘“”„«»¿¡…")
    if len(word) > _LONGEST_WORD:
        return (shape or FILLER) + stop
    found = _VOCABULARY.of(word) if word else ""
    return (shape + found or (FILLER if word else "")) + stop


def _stop(token: str) -> str:
    if "?" in token[-2:]:
        return QUESTION + STOP
    if token[-1] in ".!…" or token[-2:-1] in (".", "!"):
        return STOP
    return PAUSE if token[-1] in ",;:" else ""


def _hex_word(token: str) -> bool:
    return len(token) == 8 and token.strip("abcdef") == ""


def _shape(token: str) -> str:
    if "kb" in token and _UPDATE.match(token):
        return UPDATE_ID
    if token == _SPELLED_CODE:
        return SCREEN_CODE
    if "_" in token and _CODE.search(token):
        return SCREEN_CODE
    head = token[:256]
    if _IDENTIFIER.search(head):
        return SHAPE
    return NUMBER if sum(map(str.isdigit, head)) >= 3 else ""


def _dense_letters(token: str) -> Iterator[str]:
    """Letters of a run of text without blanks; what lies between two known words counts as one filler."""
    end = 0
    for match in _VOCABULARY.scan.finditer(token):
        word = match[0]
        if match.start() > end:
            yield FILLER
        end = match.end()
        if word in "？?":
            yield QUESTION + STOP
        elif word in "。！!.":
            yield STOP
        elif word in "、，,;；":
            yield PAUSE
        elif word[0] > "\u2fff" or word in _VOCABULARY.dense:
            yield _VOCABULARY.dense[word]
        else:
            yield _letters(word) if word.isascii() else FILLER
