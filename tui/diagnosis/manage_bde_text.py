"""What every manage-bde output shares: lines as printed, volume headers, prompts, version, language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui.diagnosis import manage_bde_words as words
from tui.diagnosis.redact import MARKER
from tui.text import clean_line

MOST_VOLUMES = 500
_ODD_MARKS = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u3000": " ", "\uff1a": ":", "\uff08": "(", "\uff09": ")", "\uff05": "%"}
)
_QUOTE = re.compile(r"^(?:\s{0,3}[>│|](?!\s*$)\s?|\s{0,3}>\s*$)+")
_REMARK_SIGNS = ("#", "//", "*", ";", "'", "--", "REM ")
_HEADER = re.compile(
    r"""^[\W_]{0,6}?(?:[^\W\d_][\w. ]{0,30}\s)?["'„“«»]?
    (?P<mount>[A-Za-z]\s?:(?:\\[^\[\]:"<>|]{1,120}?)?|\\\\\?\\Volume\{[^}\s]{1,60}\}\\?)
    ["'“”«»]?\s?(?:[^\W\d_][\w. ]{0,20})?\s*\[(?P<label>.{0,80})\]\s*(?:(?:\#|//|<-|←|--).*)?$""",
    re.VERBOSE,
)
_PROMPT = re.compile(
    r"^\s*(?:PS\s*)?[A-Za-z]:\\?[^<>|\[\]]{0,200}>|^\s*PS[^>]{0,100}>|^\s*[>#$]\s*manage-bde|^\s*manage-bde",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"manage-bde(?:\.exe)?\b(?P<arguments>[^\n]{0,200})", re.IGNORECASE)
_DRIVE = re.compile(r"(?<![\w\\])([A-Za-z]:)(?!\\?[\w])")
_VERSION = re.compile(r"(?<![\d.])((?:6\.[0-3]|10\.0)\.\d{4,5})(?![\d])")
_REMARK = re.compile(r"\s+(?:#|//|<-|←|--)\s?.*$")


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume header: where it stands, its mount point, and its label ('' for none, None for unknown)."""

    line: int
    mount: str
    label: str | None


def lines_of(text: str) -> list[str]:
    """The lines without quote and comment marks, odd blanks and full-width punctuation."""
    plain = text.translate(_ODD_MARKS).replace("**", "").replace("`", "")
    lines = [_QUOTE.sub("", line).rstrip() for line in plain.split("\n")]
    lines = _unwrapped(lines)
    if _double_spaced(lines):
        lines = [line for line in lines if line.strip()]
    filled = [line.lstrip() for line in lines if line.strip()]
    for sign in _REMARK_SIGNS:
        if filled and sum(line.startswith(sign) for line in filled) * 10 >= len(filled) * 7:
            return [line.lstrip().removeprefix(sign) if line.lstrip().startswith(sign) else line for line in lines]
    return lines


def _unwrapped(lines: list[str]) -> list[str]:
    """Lines as they were before a narrow window broke them; a torn ID gives the width of the window away."""
    torn = {len(line) for line in lines if line.rfind("{") > line.rfind("}")}
    # A marker is longer than what it stands for, so it says nothing about the window.
    if len(torn) != 1 or max((len(line) for line in lines if MARKER not in line), default=0) > min(torn):
        return lines
    whole: list[str] = []
    joins = False
    for line in lines:
        if joins:
            whole[-1] += line
        else:
            whole.append(line)
        joins = len(line) in torn
    return whole


def _double_spaced(lines: Sequence[str]) -> bool:
    """True where mail or a web form has put a blank line after every line."""
    pairs = [(bool(a.strip()), bool(b.strip())) for a, b in pairwise(lines)]
    filled = sum(a for a, _ in pairs)
    return filled > 8 and sum(a and b for a, b in pairs) * 10 <= filled


def volumes_in(lines: Sequence[str]) -> list[Volume]:
    """The volume headers in their order, at most `MOST_VOLUMES`."""
    found: list[Volume] = []
    for number, line in enumerate(lines):
        if "[" in line and len(line) < 300 and (header := _HEADER.match(line)) and not is_prompt(line):
            mount = header["mount"].replace(" ", "")
            mount = mount.upper() if len(mount) == 2 else mount
            found.append(Volume(number, clean_line(mount), _label(header["label"])))
        if len(found) == MOST_VOLUMES:
            break
    return found


def _label(printed: str) -> str | None:
    return None if words.UNKNOWN.search(printed) and words.LABEL.search(printed) else clean_line(printed)


def is_prompt(line: str) -> bool:
    """True for the echo of a command and for a bare prompt."""
    return bool(_PROMPT.match(line))


def command_of(line: str) -> str | None:
    """The arguments of a manage-bde command in an echo, or None."""
    found = _COMMAND.search(line)
    return found["arguments"].strip() if found and is_prompt(line) else None


def drive_of(arguments: str) -> str | None:
    """The drive that a command names."""
    found = _DRIVE.search(arguments)
    return found[1].upper() if found else None


def tool_version(lines: Sequence[str]) -> str | None:
    """The version in the banner line, not the one that cmd prints of Windows."""
    for line in lines:
        if "bitlocker" in line.casefold() and (found := _VERSION.search(line)):
            return found[1]
    for line, following in pairwise(lines):
        if "Microsoft" in following and "[" not in line and (found := _VERSION.search(line)):
            return found[1]
    return None


def has_banner(lines: Sequence[str]) -> bool:
    """True where manage-bde's own first line stands."""
    return any("bitlocker" in line.casefold() and _VERSION.search(line) for line in lines)


def computer_name(lines: Sequence[str], volumes: Sequence[Volume]) -> str | None:
    """The computer that `-computername` asked, printed between banner and first volume."""
    end = volumes[0].line if volumes else 0
    for line in lines[:end]:
        label, colon, value = line.partition(":")
        named = re.search(
            "computer|ordinateur|equipo|コンピュータ|计算机|電腦|컴퓨터|компьютер|komput|počítač|bilgisayar",
            label,
            re.I,
        )
        if (
            colon
            and named
            and len(label) < 40
            and re.fullmatch(r"\s*[\w.-]{1,63}\s*", value)
            and not _VERSION.search(line)
        ):
            return clean_line(value)
    return None


def locale_of(text: str) -> str | None:
    """The language by its words: the one with most of them, at least two; English only where no other has as many."""
    folded = text.casefold()
    scores = {tag: sum(fragment in folded for fragment in known) for tag, known in words.LOCALES.items()}
    best = max(scores, key=lambda tag: (scores[tag], tag != "en"))
    return best if scores[best] > 1 else None


def without_remark(value: str) -> str:
    """A value without a person's `# remark` behind it."""
    return _REMARK.sub("", value).strip()


def field_of(label: str) -> str | None:
    """The field that a label names in any known language."""
    plain = re.sub(r"bit\s?locker", " ", label, flags=re.IGNORECASE).strip(" -")
    return next((name for name, stems in words.FIELDS if stems.search(plain)), None)


def protector_type(name: str) -> str | None:
    """The type of a key protector by its printed name, spelled as PowerShell does, or None."""
    rest, count = re.subn("tpm|доверенный платформенный модуль", " ", name, flags=re.IGNORECASE)
    if count:
        return _tpm_type(rest)
    ordered = (
        (words.CERTIFICATE, "PublicKey"),
        (words.NUMERIC, "RecoveryPassword"),
        (words.EXTERNAL, "ExternalKey"),
        (words.PASSWORD, "Password"),
        (words.IDENTITY, "AdAccountOrGroup"),
        (words.UNKNOWN, "Unknown"),
    )
    return next((kind for stems, kind in ordered if stems.search(name)), None)


def _tpm_type(rest: str) -> str:
    if words.NETWORK.search(rest) or words.CERTIFICATE.search(rest):
        return "TpmNetworkKey"
    pin = bool(words.PIN.search(rest))
    key = bool(words.STARTUP_KEY.search(words.PIN.sub(" ", rest)))
    return {(False, False): "Tpm", (True, False): "TpmPin", (False, True): "TpmStartupKey"}.get(
        (pin, key), "TpmPinStartupKey"
    )
