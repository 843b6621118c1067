"""`manage-bde -protectors -get` and `-add`, `-autounlock -enable`, `-on`: blocks of a type, an ID and details."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.diagnosis.manage_bde_text import (
    MOST_VOLUMES,
    command_of,
    drive_of,
    is_prompt,
    protector_type,
    volumes_in,
    without_remark,
)
from tui.diagnosis.manage_bde_words import BACKUPS
from tui.diagnosis.redact import MARKER, PART_MARKER
from tui.diagnosis.sample import Facts
from tui.text import clean_line

_ID = re.compile(
    r"^\s*(?P<label>[^\W\d_][^:{}<>]{0,30}?)?\s*:?\s*(?P<id>\{[^{}\n]{0,60}\}|<[^<>\n]{1,40}>"
    r"|[0-9A-Za-z*]{8}(?:-[0-9A-Za-z*]{4}){3}-[0-9A-Za-z*]{11,12})\s*$"
)
_SHAPE = re.compile(r"[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}")
_HEX_BLOCK = re.compile(r"(?:^|-)[0-9A-Fa-f]{4,}(?=-|$)")
_LABEL = re.compile(r"^\s*(?P<label>[^\W\d_][^:{}]{1,70}?)\s*:\s*$")
_BEK = re.compile(r"\{?(?P<stem>[0-9A-Za-z*][0-9A-Za-z*-]{6,50})\}?\.BEK\b", re.IGNORECASE)
_PCRS = re.compile(r"^\s*\d{1,2}(?:\s*[,;]\s*\d{1,2})*\s*,?\s*$")
_THUMBPRINT = re.compile(r"^\s*(?:[^:]{0,60}:)?\s*(?P<hex>(?:[0-9a-f]{2}[ :]?){20})\s*$", re.IGNORECASE)
_SALT = re.compile(r"^\s*salt[^:]{0,10}:\s*(?P<hex>(?:[0-9a-f]{2}\s?){8,64})\s*$", re.IGNORECASE)
_BACKUP_LABEL = re.compile(
    "backup|sicherung|sauvegarde|copia|cópia|archivi|back-up|kopii|zálo|yedek|резерв|архив|备份|備份|バックアップ|백업",
    re.I,
)
_BY_CONTENT = (
    ("pcrs", "Tpm"),
    ("password", "RecoveryPassword"),
    ("external_key_file", "ExternalKey"),
    ("thumbprint", "PublicKey"),
)
_MOST_PCR = 23


@dataclass(slots=True)
class _Reading:
    """Where the reader stands; `volumes` grows as lines come."""

    volumes: list[Facts] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    echo: str | None = None
    """The drive that the last command named."""
    open_volume: bool = False
    protector: Facts | None = None
    section: str = ""

    def start_volume(self, mount: str | None, label: str | None) -> None:
        self.volumes.append({"mount": mount, "label": label, "protectors": []})
        self.open_volume, self.protector, self.section = True, None, ""

    def start_protector(self, name: str, key_id: str | None) -> None:
        if not self.open_volume:
            self.start_volume(self.echo, None)
        self.protector = {"type": protector_type(name), "id": key_id}
        self.volumes[-1]["protectors"].append(self.protector)
        self.section = ""


def protector_volumes(lines: Sequence[str]) -> tuple[list[Facts], list[str]]:
    """The volumes of a listing with their key protectors, and sentences about what was masked or malformed."""
    headers = {volume.line: volume for volume in volumes_in(lines)}
    reading = _Reading()
    for number, line in enumerate(lines):
        if len(reading.volumes) > MOST_VOLUMES:
            break
        if header := headers.get(number):
            reading.start_volume(header.mount, header.label)
        elif is_prompt(line):
            reading.open_volume, reading.protector = False, None
            arguments = command_of(line)
            reading.echo = drive_of(arguments) if arguments else reading.echo
        elif len(line) < 300 and (key := _ID.match(line)) and (name := _type_name(lines, number, key)) is not None:
            reading.start_protector(name, _key_id(key["id"]))
        elif reading.protector is not None and line.strip():
            _read_detail(reading, reading.protector, line)
    volumes = [_finished(volume) for n, volume in enumerate(reading.volumes) if volume not in reading.volumes[:n]]
    return volumes, reading.problems


def count_ids(lines: Sequence[str]) -> int:
    """How many IDs stand under the name of a known protector type."""
    keys = ((n, key) for n, line in enumerate(lines) if len(line) < 300 and (key := _ID.match(line)))
    return sum(protector_type(_type_name(lines, number, key) or "") is not None for number, key in keys)


def _type_name(lines: Sequence[str], number: int, key: re.Match[str]) -> str | None:
    """The line above an ID that names the type; None where the match is no protector's ID."""
    above = [line for line in lines[max(number - 4, 0) : number] if line.strip()]
    if not key["label"]:
        # An ID on a line of its own belongs to a bare "ID:" above it.
        if not above or not re.match(r"^\s*\W?[^\W\d_][\w.]{0,12}\s*:\s*$", above[-1]) or protector_type(above[-1]):
            return None
        above = above[:-1]
    elif ":" not in key[0] or len(key["label"].split()) > 3 or re.search("name|schl|clé|key", key["label"], re.I):
        return None
    named = _LABEL.match(above[-1]) if above else None
    return named["label"] if named else ""


def _key_id(printed: str) -> str | None:
    """The ID without braces; None for a placeholder that names no key."""
    bare = printed.strip("{}<> ")
    if not _SHAPE.fullmatch(bare) or not _HEX_BLOCK.search(bare):
        return None
    return clean_line(bare)


def _read_detail(reading: _Reading, protector: Facts, line: str) -> None:
    value = without_remark(line)
    if MARKER in value:
        protector["password"] = MARKER
    elif PART_MARKER in value:
        reading.problems.append(
            f"The recovery password of {protector['id'] or 'a protector'} is malformed or incomplete."
        )
    elif found := _BEK.search(value):
        protector["external_key_file"] = f"{found['stem']}.BEK"
        reading.section = "file"
    elif found := _SALT.match(value):
        protector["salt"] = re.sub(r"\s", "", found["hex"]).lower()
    elif _PCRS.match(value) and (pcrs := [int(n) for n in re.findall(r"\d+", value)]) and max(pcrs) <= _MOST_PCR:
        protector["pcrs"] = protector.get("pcrs", []) + pcrs
        protector["uses_secure_boot"] = False
        reading.section = "pcrs"
    elif found := _THUMBPRINT.match(value):
        protector["thumbprint"] = re.sub("[ :]", "", found["hex"])
    else:
        _read_words(reading, protector, value)


def _read_words(reading: _Reading, protector: Facts, value: str) -> None:
    """Lines that only their place or their words explain."""
    if found := _LABEL.match(value):
        reading.section = "backup" if _BACKUP_LABEL.search(found["label"]) else "label"
    elif reading.section == "pcrs" and value.lstrip().startswith("("):
        # Windows binds to Secure Boot only through PCR 7; other remarks in brackets are a person's.
        protector["uses_secure_boot"] = 7 in protector["pcrs"]
    elif reading.section == "file":
        protector["automatic_unlock"] = True
        reading.section = ""
    elif reading.section in {"backup", "label"} and (kind := _backup(value, reading.section)):
        protector["backup_types"] = [*protector.get("backup_types", []), kind]


def _backup(value: str, section: str) -> str | None:
    known = next((kind for kind, stems in BACKUPS if stems.search(value)), None)
    return known or (clean_line(value) if section == "backup" and len(value.split()) <= 6 else None)


def _finished(volume: Facts) -> Facts:
    for protector in volume["protectors"]:
        if protector["type"] is None:
            protector["type"] = next((kind for key, kind in _BY_CONTENT if key in protector), "Unknown")
    return volume
