"""msinfo32: the system summary as text (`/report`, or copied) and as NFO, in any language.

Order and shape of the lines are the same in every language: the build stands in `Version`, the state of Secure Boot
directly before the line that names PCR7. Words are needed for what a value says.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.text import clean_line

KIND = "msinfo32"

_MOST = 400_000
"""Characters that are read: the summary stands at the beginning of a report of megabytes."""
_TABLES = tomllib.loads(files("tui.diagnosis").joinpath("data", "msinfo32-words.toml").read_text("utf-8"))
_LABELS = {name: re.compile("|".join(words), re.IGNORECASE) for name, words in _TABLES["labels"].items()}
_VALUES = {name: re.compile("|".join(words), re.IGNORECASE) for name, words in _TABLES["values"].items()}

_NFO = re.compile(
    r"<Data>\s*<[^<>]{1,60}>\s*(?:<!\[CDATA\[)?(?P<name>[^<>\]]{0,300})(?:\]\]>)?\s*</[^<>]{1,60}>"
    r"\s*<[^<>]{1,60}>\s*(?:<!\[CDATA\[)?(?P<value>[^<>\]]{0,4000})"
)
_QUOTE = re.compile(r"^(?:\s{0,3}[>|] ?)+")
_PARTED = re.compile(r"^\s*(?P<name>[^\t]{2,80}?)\s*(?:\t+|\s{2,}|:\s+|\s\|\s)\s*(?P<value>\S.*)$")
_BLANK = re.compile(
    r"^\s*(?P<name>OS Name|Version|OS Manufacturer|System Name|System Manufacturer|System Model|System Type|System SKU"
    r"|BIOS Version/Date|SMBIOS Version|BIOS Mode|Platform Role|Secure Boot State|PCR7 Configuration"
    r"|(?:Automatic )?Device Encryption Support)\s+(?P<value>\S.*)$",
    re.IGNORECASE,
)
_BUILD = re.compile(r"^(?P<build>(?:10\.0|6\.[0-3])\.\d{4,5})(?:\.\d+)?(?:\s+\D{0,20}\d{4,5}.{0,20})?$")
_PCR7 = re.compile(r"\bPCR\s?7", re.IGNORECASE)
_BIOS = re.compile(r"(?<!SM)BIOS", re.IGNORECASE)
_REASONS = re.compile(r"\s*[,;、，；]\s*")

_Pair = tuple[str, str]


def _pairs(text: str) -> list[_Pair]:
    if "<MsInfo" in text[:4000] or "<Category" in text[:4000]:
        return [(clean_line(found["name"]), clean_line(found["value"], 4000)) for found in _NFO.finditer(text)]
    return [pair for line in text.split("\n") if len(line) < 6000 and (pair := _pair(_QUOTE.sub("", line)))]


def _pair(line: str) -> _Pair | None:
    """A name and its value, parted by a tab, by several blanks, by a colon, or by one blank behind a known name."""
    if "\t" in line:
        name, _, value = line.strip(" ").partition("\t")
        return clean_line(name), clean_line(value, 4000)
    found = _BLANK.match(line) or _PARTED.match(line)
    return (
        (clean_line(found["name"].rstrip(":")), clean_line(found["value"].lstrip(": |").rstrip(" |"), 4000))
        if found
        else None
    )


def _place(pairs: Sequence[_Pair], label: re.Pattern[str]) -> int | None:
    return next((n for n, (name, _) in enumerate(pairs) if label.search(name)), None)


def _facts(text: str) -> Facts:
    pairs = _pairs(text)
    pcr7 = _place(pairs, _PCR7)
    build = next((n for n, (_, value) in enumerate(pairs) if _BUILD.match(value)), None)
    version = _BUILD.match(pairs[build][1]) if build is not None else None
    return {
        "system_name": _value(pairs, "system_name", build, 3),
        "model": _value(pairs, "model", build, 5),
        "build": version["build"] if version else None,
        "bios": next(_firmware(pairs), None),
        "bios_mode": _bios_mode(pairs),
        "secure_boot": _secure_boot(pairs, pcr7),
        "pcr7": _pcr7(pairs[pcr7][1]) if pcr7 is not None else None,
        "device_encryption_reasons": _reasons(pairs),
    }


def _value(pairs: Sequence[_Pair], name: str, build: int | None, after: int) -> str | None:
    """A value by its label, else by its distance from the version where the maker of Windows stands between."""
    place = _place(pairs, _LABELS[name])
    if (
        place is None
        and build is not None
        and len(pairs) > build + after
        and pairs[build + 2][1].startswith("Microsoft")
    ):
        place = build + after
    return pairs[place][1] or None if place is not None else None


def _firmware(pairs: Sequence[_Pair]) -> Iterator[str]:
    for name, value in pairs:
        if _BIOS.search(name) and not _LABELS["bios_mode"].search(name) and value.upper() not in {"UEFI", "LEGACY", ""}:
            yield value


def _bios_mode(pairs: Sequence[_Pair]) -> str | None:
    for name, value in pairs:
        if _BIOS.search(name) and (value.upper() == "UEFI" or _LABELS["bios_mode"].search(name)):
            return "UEFI" if "UEFI" in value.upper() else "Legacy" if _VALUES["legacy"].search(value) else None
    return None


def _secure_boot(pairs: Sequence[_Pair], pcr7: int | None) -> str | None:
    place = _place(pairs, _LABELS["secure_boot"])
    if place is None and pcr7:
        place = pcr7 - 1
    if place is None or len(pairs[place][1]) > 40:
        return None
    value = pairs[place][1]
    ordered = (("unsupported", "Unsupported"), ("off", "Off"), ("on", "On"))
    return next((state for name, state in ordered if _VALUES[name].search(value)), None)


def _pcr7(value: str) -> str | None:
    if _VALUES["elevation"].search(value):
        return "elevation_required"
    if _VALUES["negation"].search(value):
        return "binding_not_possible"
    if _VALUES["possible"].search(value):
        return "binding_possible"
    return "bound" if _VALUES["bound"].search(value) else None


def _reasons(pairs: Sequence[_Pair]) -> list[str] | None:
    """Why Windows did not encrypt by itself; [] where it could, null where the report was not run elevated."""
    place = _place(pairs, _LABELS["device_encryption"])
    value = pairs[place][1] if place is not None else ""
    if not value or (_VALUES["elevation"].search(value) and len(value) < 80):
        return None
    _, colon, listed = value.replace("\uff1a", ":").partition(":")
    if not colon and _VALUES["meets"].search(value):
        return []
    return [reason for reason in _REASONS.split(listed.strip() if colon else value) if reason]


def _recognise(sample: Sample) -> int:
    text = (sample.text or "")[:_MOST]
    if "<MsInfo" in text[:4000]:
        return 95
    folded = text.casefold()
    if "pcr7" not in folded and "pcr 7" not in folded and "bios" not in folded:
        return 0
    pairs = _pairs(text)
    named = {name for name, label in _LABELS.items() if _place(pairs, label) is not None}
    named |= {"build"} if any(_BUILD.match(value) for _, value in pairs) else set()
    named |= {"pcr7"} if _place(pairs, _PCR7) is not None else set()
    named |= {"bios"} if next(_firmware(pairs), None) else set()
    if "\t" in text and len(named) >= 3:
        return 93
    return 85 if len(named) >= 4 else 60 if len(named) == 3 else 40 if {"pcr7", "secure_boot"} <= named else 0


def _parse(sample: Sample) -> Parsed:
    text = (sample.text or "")[:_MOST]
    facts: Facts = {"type": KIND, **_facts(text)}
    if sample.encoding not in {"", "utf-8"}:
        facts["encoding"] = sample.encoding
    problems = []
    if facts["pcr7"] is None:
        problems.append("The line PCR7 Configuration is missing or its value is not known.")
    elif facts["pcr7"] == "elevation_required":
        problems.append("The report was run without elevation, so the PCR7 configuration is unknown.")
    return Parsed(KIND, facts, tuple(problems))


FORMATS = (Format(KIND, _recognise, _parse),)
