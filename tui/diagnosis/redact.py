"""Takes recovery passwords out of a text before it is kept, shown or parsed.

A recovery password is 48 digits in eight groups of six; each group is a 16-bit word times 11
(Win32_EncryptableVolume, IsNumericalPasswordValid). People copy it with other separators, wrap it, number its groups,
mask a part of it, or mistype a group.
"""

import re
import string
from collections.abc import Callable, Iterator

import msgspec

MARKER = "[recovery password removed]"
"""Stands where a whole recovery password was."""
PART_MARKER = "[part of a recovery password removed]"
"""Stands where a masked, cut or mistyped recovery password was: it unlocks nothing as it was, and is secret still."""

GROUPS = 8
LEAST_PART = 4
"""Groups from which a fragment counts. Below four (at most 48 of 128 bits) a run of numbers is more likely a date, an
order or a telephone number, and what remains unknown keeps the drive shut."""

_NO_DIGITS = "-".join(["000000"] * GROUPS)
_NO_PART = "-".join(["000000"] * LEAST_PART)
_LARGEST = 720_896
_ESCAPE = r"\\u[0-9a-fA-F]{4}|\\[nrt]|&(?:\#\d{1,5}|[a-z]{2,6});|%[0-9A-Fa-f]{2}|<[^<>\n]{0,24}>|_x[0-9A-Fa-f]{4}_"
_MASK = "[xX*#?•●█■▇]"
_GAP = rf"(?:(?:{_ESCAPE}|[^\w]|_){{1,24}}+)"
_ATOM = rf"(?:\d++|{_MASK}{{3,8}}+)"
_RUN = re.compile(rf"(?<!\d)(?:{_ATOM}(?:(?:(?!{_MASK}{{3}}){_GAP})?+{_ATOM}){{3,}}+|\d{{24,}}+)")
_PIECE = re.compile(rf"(?:{_ESCAPE})|(?P<digits>\d+)|(?P<mask>{_MASK}{{3,8}})")
_DASHES = re.compile(r"[\s>|]*[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u30fc./][\s>|]*")
_NUMBER = re.compile(r"\d{3,}")
_FEWEST_DIGITS = 20
_ESCAPED = ("\\", "&", "%", "<", "_x")
# In UTF-8, digits of other scripts begin with one of the last of these bytes (Unicode, category Nd), and letters may.
_DIGIT_BYTES = b"0123456789\xd9\xdb\xdf\xe0\xe1\xea\xef\xf0"
_LETTER_BYTES = bytes(byte for byte in string.ascii_letters.encode() if byte not in b"xX")
_DIGITS = bytes(ord("0") if byte in _DIGIT_BYTES else byte for byte in range(256))
_PASSED_OVER = bytes(byte for byte in range(256) if byte not in _DIGIT_BYTES + _LETTER_BYTES)
_LEAST_ROW = b"0" * (6 * LEAST_PART)


class _Group(msgspec.Struct, frozen=True, gc=False):
    digits: str
    """Empty where the group is masked."""
    start: int
    end: int
    dashed: bool
    """A dash, dot or slash stands between this group and the one before."""
    whole: bool
    valid: bool


def _group(digits: str, start: int, end: int, dashed: bool) -> _Group:
    whole = len(digits) == 6
    return _Group(digits, start, end, dashed, whole, whole and _is_valid(digits))


def redact(text: str) -> tuple[str, int]:
    """The text with every recovery password, whole or in part, replaced by a marker, and how many there were.

    A text without one comes back unchanged. The time is linear in the length of the text.
    """
    if len(text) < _FEWEST_DIGITS or not _may_hold_part(text) or sum(map(len, _NUMBER.findall(text))) < _FEWEST_DIGITS:
        return text, 0
    kept, position, removed = [], 0, 0
    for start, end, marker in _secrets(text):
        kept += [text[position:start], marker]
        position, removed = end, removed + 1
    return ("".join([*kept, text[position:]]), removed) if removed else (text, 0)


def unmarked(text: str) -> str:
    """The text with groups of zeros for markers: for whoever reads its words, which those of a marker are not."""
    if "recovery password removed]" not in text:
        return text
    return text.replace(MARKER, _NO_DIGITS).replace(PART_MARKER, _NO_PART)


def _may_hold_part(text: str) -> bool:
    """False for nearly every text without a recovery password, at a tenth of the price of a pattern.

    The least part has 24 digits, and between two of them no letter, unless letters mask a group or spell a separator.
    """
    if any(map(text.__contains__, _ESCAPED)):
        return True
    return _LEAST_ROW in text.encode("utf-8", "surrogatepass").translate(_DIGITS, _PASSED_OVER)


def _secrets(text: str) -> Iterator[tuple[int, int, str]]:
    for run in _RUN.finditer(text):
        if run.end() - run.start() < 6 * LEAST_PART:
            continue
        groups = _rejoined(text, _groups(text, run.start(), run.end()))
        if sum(group.whole for group in groups) < LEAST_PART:
            continue
        position = 0
        while position < len(groups):
            taken, marker = _secret_at(groups, position)
            if taken:
                yield groups[position].start, groups[position + taken - 1].end, marker
            position += taken or 1


def _groups(text: str, start: int, end: int) -> list[_Group]:
    """The digit groups of a run; 48 digits (or 24 and more valid ones) without a separator are parted."""
    found: list[_Group] = []
    before = start
    for piece in _PIECE.finditer(text, start, end):
        if piece.lastgroup is None:
            continue
        between = text[before : piece.start()]
        # A blank is what most numbers stand apart by, and asking the pattern costs as much as all the rest.
        dashed = bool(found) and between != " " and _DASHES.fullmatch(between) is not None
        digits = piece["digits"] or ""
        if len(digits) >= 6 * LEAST_PART and (parted := _parted(digits, piece.start(), dashed)):
            found += parted
        else:
            found.append(_group(digits, piece.start(), piece.end(), dashed))
        before = piece.end()
    return found


def _parted(digits: str, start: int, dashed: bool) -> list[_Group]:
    shift = next((n for n in range(6) if _glued(digits, n)), None)
    if shift is None:
        return []
    pieces = [(n, n + 6) for n in range(shift, len(digits) - 5, 6)]
    return [_group(digits[a:b], start + a, start + b, dashed if n == 0 else True) for n, (a, b) in enumerate(pieces)]


def _glued(digits: str, shift: int) -> bool:
    if shift == 0 and len(digits) == 6 * GROUPS:
        return True
    run = 0
    for n in range(shift, len(digits) - 5, 6):
        run = run + 1 if _is_valid(digits[n : n + 6]) else 0
        if run >= LEAST_PART:
            return True
    return False


def _rejoined(text: str, groups: list[_Group]) -> list[_Group]:
    """Groups that a line break or a dictated blank has cut in two are made one."""
    joined: list[_Group] = []
    for group in groups:
        last = joined[-1] if joined else None
        fits = last and group.digits and last.digits and len(last.digits + group.digits) == 6 and not group.dashed
        if last and fits and ("\n" in text[last.end : group.start] or len(group.digits) == 3):
            joined[-1] = _group(last.digits + group.digits, last.start, group.end, last.dashed)
        else:
            joined.append(group)
    return joined


def _secret_at(groups: list[_Group], position: int) -> tuple[int, str]:
    """How many groups from here are a secret, and its marker; 0 for none."""
    window = groups[position : position + GROUPS]
    if not _may_start(window):
        return 0, ""
    if _is_password(window):
        return GROUPS, MARKER
    if (numbered := _numbered(groups, position)) > 0:
        return numbered, MARKER
    if len(window) == GROUPS and all(g.whole for g in window) and _stands_alone(groups, position, window):
        found = GROUPS, MARKER
    else:
        found = _part(groups, position)
    later = range(position + 1, position + found[0])
    start = next((n for n in later if _is_password(groups[n : n + GROUPS])), None)
    # A valid password that begins a few groups later must not lose its first groups to this one; what stands before
    # it may still be a part of another.
    return found if start is None else _part(groups[:start], position)


def _may_start(window: list[_Group]) -> bool:
    """A secret starts with a valid group, with a dashed row, or with eight groups of which many are valid."""
    if window[0].valid or (len(window) > 1 and window[1].dashed):
        return True
    return window[0].whole and sum(group.valid for group in window) >= LEAST_PART


def _is_password(window: list[_Group]) -> bool:
    return len(window) == GROUPS and all(g.valid for g in window)


def _stands_alone(groups: list[_Group], position: int, window: list[_Group]) -> bool:
    """Eight groups of six that are dashed throughout, or mostly valid and no stretch of a longer row."""
    if all(g.dashed for g in window[1:]):
        return True
    if sum(g.valid for g in window) < LEAST_PART:
        return False
    neighbours = groups[max(position - 1, 0) : position] + groups[position + GROUPS : position + GROUPS + 1]
    return not any(g.whole for g in neighbours)


def _numbered(groups: list[_Group], position: int) -> int:
    """Length of eight valid groups with their numbers between them (1) 216062 2) ...), or 0."""
    if not groups[position].valid:
        return 0
    seen = 0
    for n, group in enumerate(groups[position : position + 2 * GROUPS]):
        if group.valid:
            seen += 1
        elif group.digits and len(group.digits) > 2:
            return 0
        if seen == GROUPS:
            return n + 1
    return 0


def _part(groups: list[_Group], position: int) -> tuple[int, str]:
    """A fragment: at least four whole groups in a dashed row of groups and masks, or four valid ones in any row."""
    first = groups[position]
    if not first.digits and not first.dashed and not _mask_starts(groups, position):
        return 0, ""
    dashed = _row(groups, position, lambda g: g.dashed and (not g.digits or 4 <= len(g.digits) <= 8))
    if (
        4 <= len(first.digits or "0000") <= 8
        and sum(g.whole for g in groups[position : position + dashed]) >= LEAST_PART
    ):
        return min(dashed, GROUPS), PART_MARKER
    valid = _row(groups, position, lambda g: g.valid) if first.valid else 0
    return (valid, PART_MARKER) if valid >= LEAST_PART else (0, "")


def _mask_starts(groups: list[_Group], position: int) -> bool:
    return position + 1 < len(groups) and groups[position + 1].dashed


def _row(groups: list[_Group], position: int, belongs: Callable[[_Group], bool]) -> int:
    length = 1
    while length < GROUPS and position + length < len(groups) and belongs(groups[position + length]):
        length += 1
    return length


def _is_valid(digits: str) -> bool:
    number = int(digits)
    return number % 11 == 0 and number < _LARGEST
