"""Intune's "Collect diagnostics": the summary of its zip, and its results.xml.

Sources: Microsoft, "Collect diagnostics from a Windows device" and the DiagnosticLog CSP. A member is named
`(N) <type> <what>`, where N is the position of the item in results.xml and differs between versions: members are
matched on fragments of their names and on content, never on N.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.diagnosis.decode import decode
from tui.diagnosis.sample import Facts, Format, Parsed, Sample

KIND = "intune-zip"
RESULTS = "intune-results-xml"
_MOST_ITEMS = 2_000

_ZIP_NAME = re.compile(r"DiagLogs-(?P<computer>.+?)-(?P<collected>\d{8}T\d{6}Z)(?:[^/\\]{0,20})\.zip$", re.I)
_MEMBER = re.compile(r"^\((?P<number>\d{1,4})\) (?P<rest>.+)", re.S)
_FAILED = re.compile(r"No Results - Error \[(?P<code>0x[0-9A-Fa-f]{1,16})\]", re.I)
_ITEM = re.compile(
    r"<(RegistryKey|Command|Events|FoldersFiles)\s+HRESULT=\"(-?\d{1,12}|0x[0-9A-Fa-f]{1,16})\"\s*>([^<]{0,2000})</\1\s*>",
    re.I,
)
_TYPES = ("RegistryKey", "Command", "Events", "FoldersFiles")
_POSITIONS = (
    ("policies_registry", "RegistryKey", re.compile(r"hklm\\software\\policies\"?$")),
    ("dsregcmd", "Command", re.compile(r"dsregcmd(?:\.exe)?\s+/status")),
    ("msinfo32_command", "Command", re.compile(r"msinfo32")),
    ("bitlocker_events", "Events", re.compile(r"bitlocker")),
    ("setup_events", "Events", re.compile(r"^setup$")),
    ("system_events", "Events", re.compile(r"^system$")),
    ("msinfo32_file", "FoldersFiles", re.compile(r"msinfo32")),
    ("measuredboot", "FoldersFiles", re.compile(r"measuredboot")),
)

_SECTION = re.compile(r"^\[(?P<key>[^\]\n]{1,500})\]", re.M)
_DWORD = re.compile(r"^\"(?P<name>[^\"\n]{1,200})\"=dword:(?P<value>[0-9A-Fa-f]{1,8})", re.M)
_PROFILES = {
    "fve_platform_validation_uefi": "osplatformvalidation_uefi",
    "fve_platform_validation_bios": "osplatformvalidation_bios",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A member of the zip with what its parser said."""

    path: str
    head: bytes
    parsed: Parsed


def recognise_results(sample: Sample) -> int:
    """The list of collected items that lies in the zip."""
    text = (sample.text or "")[:20_000]
    return 95 if "<Collection" in text and _ITEM.search(text) else 0


def parse_results(sample: Sample) -> Parsed:
    """Facts of results.xml. Read by pattern, not by an XML parser: no entity is ever expanded."""
    text = sample.text or ""
    items = [
        (m[1], _hresult(m[2]), m[3].strip().strip('"'))
        for m, _ in zip(_ITEM.finditer(text), range(_MOST_ITEMS), strict=False)
    ]
    failed = Counter(kind for kind, code, _ in items if code)
    facts: Facts = {
        "type": RESULTS,
        "id": _element(text, "ID"),
        "output_format": _element(text, "OutputFileFormat"),
        "items": len(items),
        "failed": sum(failed.values()),
        "failed_by_type": {kind: failed[kind] for kind in _TYPES},
        "position": _positions(items),
        "failed_items": [
            {"number": str(n), "hresult": f"0x{code:08x}", "item": what}
            for n, (_, code, what) in enumerate(items, 1)
            if code
        ],
    }
    cut = () if "</Collection>" in text else ("results.xml is cut off",)
    return Parsed(KIND, facts, cut)


def _hresult(written: str) -> int:
    return int(written, 0) & 0xFFFFFFFF


def _element(text: str, name: str) -> str | None:
    found = re.search(rf"<{name}>\s*([^<]{{1,200}}?)\s*</{name}>", text)
    return found[1] if found else None


def _positions(items: Sequence[tuple[str, int, str]]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for name, kind, words in _POSITIONS:
        for n, (item_kind, _, what) in enumerate(items, 1):
            if item_kind == kind and words.search(what.lower()):
                positions[name] = n
                break
    return positions


def is_intune(name: str, members: Iterable[str]) -> bool:
    """The zip is one of Intune's: by its members, or by its name where that is all."""
    listed = list(members)
    numbered = sum(_MEMBER.match(member) is not None for member in listed)
    has_results = any(member.lower().rsplit("/", 1)[-1] == "results.xml" for member in listed)
    return numbered > 1 or (numbered == 1 and has_results) or (has_results and _ZIP_NAME.search(name) is not None)


def summary(name: str, members: Sequence[str], parts: Sequence[Part], problems: Sequence[str]) -> Parsed:
    """Facts of the whole zip, from its members' names and from what their parsers said."""
    named = _ZIP_NAME.search(name.replace("\\", "/").rsplit("/", 1)[-1])
    computer = named["computer"] if named else None
    facts: Facts = {
        "type": KIND,
        "computer_from_name": computer,
        "collected": named["collected"] if named else None,
        "members": len(members),
        "path_separator": _separator(members),
        "found": _found(parts),
        "dsregcmd": _joined(parts),
        "failed_items": _failures(members),
        **{field: _profile(parts, key) for field, key in _PROFILES.items()},
        "pcr7": next((value for part in parts if (value := _fact(part, "msinfo32", "pcr7"))), None),
        "other_computer_names_inside": _other_names(computer, parts),
    }
    found = list(problems)
    if facts["other_computer_names_inside"]:
        found.append("members name other computers than the zip")
    return Parsed(KIND, facts, tuple(found))


def _separator(members: Sequence[str]) -> str | None:
    if any("\\" in member for member in members):
        return "backslash"
    return "slash" if any("/" in member for member in members) else None


def _fact(part: Part, kind: str, name: str) -> object:
    return part.parsed.facts.get(name) if part.parsed.kind == kind else None


def _found(parts: Sequence[Part]) -> Facts:
    kinds = Counter(part.parsed.kind for part in parts)
    logs = {log for part in parts if (log := _event_log(part))}
    return {
        "dsregcmd": bool(kinds["dsregcmd"]),
        "msinfo32": bool(kinds["msinfo32"]),
        "system_evtx": "system" in logs,
        "setup_evtx": "setup" in logs,
        "bitlocker_evtx": "bitlocker" in logs,
        "measuredboot_logs": kinds["tcg"],
        "policies_reg": any(_is_policies(part) for part in parts),
        "manage_bde": any(kind.startswith("manage-bde") for kind in kinds),
    }


def _event_log(part: Part) -> str | None:
    """Which event log a member is: by its channel, else by its name."""
    if not part.head.startswith(b"ElfFile\0"):
        return None
    channels = part.parsed.facts.get("channels") or []
    spoken = " ".join(map(str, channels)).lower() or re.sub(r"[_%\d]+", " ", part.path.rsplit("/", 1)[-1].lower())
    return next((log for log in ("bitlocker", "setup", "system") if re.search(rf"\b{log}\b|{log}/", spoken)), None)


def _is_policies(part: Part) -> bool:
    path = part.path.lower()
    return path.endswith(".reg") and "policies" in path


def _joined(parts: Sequence[Part]) -> Facts | None:
    for part in parts:
        if part.parsed.kind == "dsregcmd":
            return {
                name: part.parsed.facts.get(name)
                for name in ("join_state", "device_id", "tpm_protected", "device_auth_status")
            }
    return None


def _failures(members: Sequence[str]) -> list[Facts]:
    found = ((_MEMBER.match(member), _FAILED.search(member)) for member in members)
    return [{"number": number["number"], "hresult": code["code"].lower()} for number, code in found if number and code]


def _profile(parts: Sequence[Part], key: str) -> list[int] | None:
    """PCRs that a policy sets, from an exported registry key; None when it sets none."""
    for part in parts:
        if part.path.lower().endswith(".reg") and (values := _values(part.head, key)) and values.get("enabled", 1):
            return sorted(int(name) for name, value in values.items() if name.isdigit() and value and int(name) < 24)
    return None


def _values(data: bytes, key: str) -> dict[str, int]:
    decoded = decode(data)
    text = decoded.text if decoded else ""
    sections = list(_SECTION.finditer(text))
    for n, section in enumerate(sections):
        if section["key"].lower().endswith(f"\\fve\\{key}"):
            end = sections[n + 1].start() if n + 1 < len(sections) else len(text)
            return {m["name"].lower(): int(m["value"], 16) for m in _DWORD.finditer(text, section.end(), end)}
    return {}


def _other_names(computer: str | None, parts: Sequence[Part]) -> list[str]:
    """Computers named by the BitLocker and System logs and by msinfo32; Setup keeps those of the image's making."""
    names: list[str] = []
    for part in parts:
        if _event_log(part) in ("bitlocker", "system"):
            names += list(part.parsed.facts.get("computers") or {})
        if isinstance(system := _fact(part, "msinfo32", "system_name"), str):
            names.append(system)
    own = (computer or "").lower()
    return list(dict.fromkeys(name for name in names if name.lower().split(".")[0] != own)) if own else []


FORMATS = (Format(KIND, recognise_results, parse_results),)
