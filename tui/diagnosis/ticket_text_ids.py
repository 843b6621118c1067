"""Identifiers in a ticket: recovery key IDs, updates, error codes, events and device names.

Called only for texts whose words look like one (`ticket_text_words`), so it may be thorough. Every pattern starts
with something rare and repeats nothing without a bound.
"""

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

import msgspec

from tui.diagnosis.recovery_screen_codes import ScreenCode, find_screen_code, find_screen_codes, nearest_code
from tui.diagnosis.ticket_text_updates import read_updates
from tui.model.ids import PREFIX_LENGTH, format_key_id

_T = TypeVar("_T")

_NEAREST, _NEXT = 44, 24
"""Characters before a token that may say what it is, and those that name another kind of number."""
_MOST = 500
"""Tokens looked at in one text."""
_READ = 20_000
"""Characters in which a code of the screen is looked for."""
_LONGEST = 120
"""Characters looked at of one token."""
_DASH = "[-\u2010-\u2015]"
_GUIDISH = re.compile(
    rf"(?<![0-9a-z_.:/\\-])[0-9a-f]{{8}}(?:{_DASH}[0-9a-f]{{1,4}}){{0,3}}(?:{_DASH}[0-9a-f]{{1,12}})?"
    rf"(?![0-9a-z_]|{_DASH}[0-9a-z]|[.:][0-9a-f]{{2}})"
)
_BARE = re.compile(r"(?<![0-9a-z_.:/\\-])[0-9a-f]{9,32}(?![0-9a-z_-])")
_HALF = re.compile(r"[0-9a-f]{4}(?![0-9a-z_-])")


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_KEY_WORDS = _listed(
    "key recovery recover protector bitlocker bl schlüssel wiederherstell clé cle clave chiave chave sleutel "
    "herstel ключ klucz klíč nyckel nøgle avain anahtar"
)
_ID_WORDS = _listed("id ident kennung bezeichner prefix präfix start begin commence empieza идент")
_OTHER_WORDS = _listed(
    "device object tenant trace correlation request volume client app user session entra intune activity azure "
    "asset serial s/n sn service tag ticket case order phone tel mac version build commit hash sha md5 gerät "
    "appareil"
)
_ERROR_WORDS = ("0x", "err", "code", "hresult", "status", "fehler", "stop")
_KEY_MARKS = re.compile(r"(?:キー|密钥|金鑰|密鑰|标识符?|识别码|키)[^。\n]{0,8}$")
_PUNCTUATION = ".,;:!?\"'()[]{}<>#=-*`"
_WORDS_BEFORE = 4
_HRESULT = re.compile(r"(?:80(?:07|03|04|07|09|0c|18|24|28|29|31|f0|0f|00)|c0(?:00|02|21))[0-9a-f]{4}$")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])$|(?:[0-2]\d|3[01])(?:0[1-9]|1[0-2])20\d\d$")

_HEX_CODE = re.compile(r"0x[0-9a-f]{2,16}(?![0-9a-z])")
# A word's boundary is looked at behind its first letter: patterns that begin with letters are searched for faster.
_EVENT_WORDS = (r"e(?<!\w.)(?:vent|reignis|vento|vent-?id)", r"é(?<!\w.)vénement", r"i(?<!\w.)d")
_EVENT_TAIL = r"s?[\s:#-]{0,4}(?:id[\s:#]{0,3})?(?:5[23]\d|82[34])(?!\d)"
_EVENT = re.compile(
    "|".join((r"2(?<![0-9.].)(?:46\d\d|470[5-8])(?![0-9])", *(word + _EVENT_TAIL for word in _EVENT_WORDS)))
)
_HOST_WORDS = _listed(
    "device host pc laptop notebook computer machine workstation tablet gerät rechner poste ordinateur portable equipo "
    "portátil ordenador computador máquina dispositivo komputer počítač ноутбук компьютер dator"
)
_HOST_WORD = "|".join(rf"{word[0]}(?<!\w.){word[1:]}" for word in _HOST_WORDS)
_HOST_BEFORE = re.compile(
    rf"(?:{_HOST_WORD})s?"
    r"[\s\-]?(?P<label>name[nd]?|id)?[\s:=#\"'(]{1,4}(?:(?:is|ist|called|named|est|es|nom)[\s:]{1,2})?$"
    r"|(?:端末|パソコン|设备|電腦|电脑|デバイス|コンピューター)(?P<dense>名)?[\s:：]{0,2}$"
)
_HOST = re.compile(r"[a-z][a-z0-9-]{2,14}(?![a-z0-9_-])")
_NO_HOSTS = ("kb", "win-1", "windows")
_DEFAULT_NAME = re.compile(r"(?<![a-z0-9-])(?:desktop|laptop|win|minint)-[0-9a-z]{5,11}(?![0-9a-z-])")
_WORD, _WORD_STARTS = re.compile(r"\w+"), re.compile(r"\w*[^\W_](?!\w)")
_LONGEST_CODE = 40
_LONGEST_UPDATE = 10
"""Of one token that has no room for anything else."""
_HEX_EIGHT = re.compile(r"[0-9a-f]{8}(?<![0-9a-z_.:/\\-][0-9a-f]{8})")
_NOT_HEX = re.compile("[^0-9a-f]")
_CANONICAL = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}(?:-[0-9a-f]{4}(?:-[0-9a-f]{4}(?:-[0-9a-f]{12})?)?)?)?")
"""A key ID, or a beginning of one that ends with one of its groups, as `format_key_id` writes it."""
_EVENT_NUMBER = re.compile(r"246\d\d|2470[5-8]|5[23]\d(?!\d)|82[34](?!\d)")
"""Without one of these there is no event to be looked for."""
_TAIL = re.compile(r"kb[\s-]?\d{6,7}|[0-9a-f]{8}-[0-9a-f]{4}[0-9a-f-]{0,24}|0x[0-9a-f]{4,8}|e_[a-z_]{6,40}")


class Identifiers(msgspec.Struct, frozen=True, gc=False):
    """What a ticket names, each once, in the order of the text. KBs that are only the cure are left out."""

    key_id_prefixes: tuple[str, ...] = ()
    kbs: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    events: tuple[int, ...] = ()
    screen_codes: tuple[ScreenCode, ...] = ()


def suspects_in(lowered: str) -> tuple[str, ...]:
    """Tokens of a long text's rest that may be an identifier."""
    return tuple(match[0] for match in itertools.islice(_TAIL.finditer(lowered), _MOST))


def read_identifiers(text: str, lowered: str, suspects: Iterable[str]) -> Identifiers:
    """Find every identifier in the suspects, which stand in the order of the text; `lowered` is it in lower case."""
    spans = _places(lowered, suspects)
    tokens = [lowered[start:end] for start, end in spans]
    joined = " ".join(tokens)
    others = [span for span, token in zip(spans, tokens, strict=True) if not _is_one_thing(token)]
    screens = _screen_codes(text[:_READ]) if "_" in joined or "fve" in joined else ()
    codes = [screen.name for screen in screens]
    if "0x" in joined:
        codes += [f"0x{code[2:].upper()}" for code in _HEX_CODE.findall(joined)]
    keys = [key for start, end in others for key in _key_ids(lowered, start, end)]
    names = _devices(text, lowered, others) if len(text) == len(lowered) else []
    events = _events(lowered) if _tells_of_events(lowered, joined) else []
    return Identifiers(
        _unique(keys), read_updates(lowered, spans), _unique(codes), _unique(names), _unique(events), screens
    )


def _is_one_thing(token: str) -> bool:
    """An update alone, or letters and low lines: no key ID and no device is in it. Most tickets name such."""
    if "_" in token:
        return token.isascii() and token.rstrip(".,;:!?)").replace("_", "a").isalpha()
    return len(token) <= _LONGEST_UPDATE and token.startswith("kb")


def _tells_of_events(lowered: str, joined: str) -> bool:
    named = "event" in lowered or "ereignis" in lowered or "246" in joined or "2470" in joined
    return named and _EVENT_NUMBER.search(lowered) is not None


def _events(lowered: str) -> list[int]:
    return [int(found if found[0] == "2" else found[-3:]) for found in _EVENT.findall(lowered)]


def _screen_codes(text: str) -> tuple[ScreenCode, ...]:
    """As `find_screen_codes`; a code that is the only word with low lines is known without a search of the text."""
    head, _, rest = text.partition("_")
    # What ends there begins a text that is read backwards.
    start, end = _WORD.match(head[: -_LONGEST_CODE - 1 : -1]), _WORD_STARTS.match(rest)
    if start and end and start[0][-1] in "eE" and len(start[0] + end[0]) < _LONGEST_CODE:
        word = f"{start[0][::-1]}_{end[0]}"
        if text.count("_") == word.count("_") and (code := _code_of(word)):
            return (code,)
    return find_screen_codes(text)


@lru_cache(maxsize=1_000)
def _code_of(word: str) -> ScreenCode | None:
    """The code that a whole word is; words that are one only in part, or by their beginning, are left to the search."""
    code = find_screen_code(word)
    return code if code and "__" not in word and nearest_code(word) == code.name else None


def _places(lowered: str, suspects: Iterable[str]) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    end = 0
    for token in itertools.islice(suspects, _MOST):
        start = lowered.find(token, end)
        if start >= 0:
            end = start + len(token)
            places.append((start, end))
    return places


def _unique(items: list[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items)) if len(items) > 1 else tuple(items)


def _key_ids(text: str, start: int, end: int) -> list[str]:
    limit = min(end, start + _LONGEST)
    if end - start == 4:
        return _halved_key_id(text, start, end)
    if not (first := _HEX_EIGHT.search(text, start, limit)):
        return []
    start = first.start()
    whole = _GUIDISH.match(text, start, limit)
    if whole and limit - whole.end() < PREFIX_LENGTH and whole[0].isascii():
        # Nothing else has room beside it.
        return [_canonical(whole[0])] if _is_key_id(text, start, whole[0]) else []
    found = [match[0] for match in _GUIDISH.finditer(text, start, limit) if _is_key_id(text, match.start(), match[0])]
    found += [match[0] for match in _BARE.finditer(text, start, limit) if _is_called_key(text, match.start())]
    return [_canonical(item) for item in found]


def _halved_key_id(text: str, start: int, end: int) -> list[str]:
    half = _HALF.match(text, end + 1)
    if half and text[end] in " -" and _mixed(joined := text[start:end] + half[0]) and _is_called_key(text, start):
        return [format_key_id(joined)]
    return []


def _canonical(item: str) -> str:
    return item if _CANONICAL.fullmatch(item) else format_key_id(_hex(item))


def _hex(item: str) -> str:
    return _NOT_HEX.sub("", item)


def _mixed(item: str) -> bool:
    digits = _hex(item)
    return not digits.isdigit() and not digits.isalpha()


def _is_key_id(text: str, start: int, item: str) -> bool:
    """With words such as `key ID` before it any eight hex digits count; alone only what cannot be much else."""
    named = _is_called_key(text, start)
    if named is not None:
        return named and not (len(item) == PREFIX_LENGTH and _DATE.match(item))
    digits = _hex(item)
    if "-" in item and len(digits) > PREFIX_LENGTH + 4:
        return True
    return len(item) == PREFIX_LENGTH and _mixed(item) and not _HRESULT.match(digits)


def _is_called_key(text: str, start: int) -> bool | None:
    """Whether the words before call it a key's ID; False for another kind of number, None when they say nothing."""
    before = text[max(0, start - _NEAREST) : start]
    has_id = False
    for n, word in enumerate(reversed(before.split()[-_WORDS_BEFORE:])):
        names = _names(word)
        if names == "key":
            return True
        if names == "other" or (n < 2 and names == "error"):
            return False
        has_id = has_id or names == "id"
    return True if has_id or (not before.isascii() and _KEY_MARKS.search(before)) else None


@lru_cache(maxsize=4_000)
def _names(word: str) -> str:
    """What kind of number a word announces: `key`, `other`, `error`, `id` of something, or nothing."""
    bare = word.strip(_PUNCTUATION)
    kinds = (("key", _KEY_WORDS), ("other", _OTHER_WORDS), ("error", _ERROR_WORDS), ("id", _ID_WORDS))
    return next((kind for kind, words in kinds if bare.startswith(words)), "")


def _devices(text: str, lowered: str, spans: list[tuple[int, int]]) -> list[str]:
    found: list[str] = []
    for start, end in spans:
        if lowered[start].isdigit() or not (match := _HOST.search(lowered, start, min(end, start + _LONGEST))):
            continue
        name, at = match[0], match.start()
        if not name.isalpha() and not name.startswith(_NO_HOSTS) and _is_device(name, lowered, at):
            found.append(text[at : at + len(name)].upper())
    return found


def _is_device(name: str, lowered: str, at: int) -> bool:
    if _DEFAULT_NAME.fullmatch(name) and any(map(str.isdigit, name)):
        return True
    before = _HOST_BEFORE.search(lowered[max(0, at - _NEXT) : at])
    return before is not None and bool(before["label"] or before["dense"] or "-" in name[1:-1])
