"""Get-BitLockerVolume in every shape that PowerShell gives it."""

import re
from collections.abc import Sequence

from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.diagnosis.volumes_facts import (
    PROTECTOR_NAMES,
    VOLUME_NAMES,
    Properties,
    malformed_passwords,
    text_of,
    volume_facts,
)
from tui.diagnosis.volumes_objects import is_clixml, volumes_of_clixml, volumes_of_json
from tui.diagnosis.volumes_text import computer_of_table, names_in, records_of_list, rows_of_table, unquoted

KIND = "get-bitlockervolume"

_MOST = 4_000_000
"""Characters that are read; the CLIXML of a server with fifty volumes has 300,000."""
_OBJECT = re.compile(r"^\s*(?:PS[^\n]{0,200}>[^\n]{0,200}\n\s*)?[\[{]")


def _recognise(sample: Sample) -> int:
    text = unquoted((sample.text or "")[:_MOST])
    names = names_in(text)
    if len(names) < 2 and not {"keyprotectorid", "keyprotectortype"} & names:
        return 0
    if is_clixml(text):
        return 95 if {"volumestatus", "protectionstatus", "keyprotectorid"} & names else 0
    if _OBJECT.match(text):
        return 92 if volumes_of_json(text) else 0
    lines = text.split("\n")
    if rows_of_table(lines):
        return 92
    records = records_of_list(lines)
    known = max((len(record.keys() & (VOLUME_NAMES | PROTECTOR_NAMES)) for record in records), default=0)
    return (
        92 if known >= 3 or any(isinstance(r.get("keyprotector"), list) for r in records) else 60 if known == 2 else 0
    )


def _parse(sample: Sample) -> Parsed:
    text = unquoted((sample.text or "")[:_MOST])
    shape, volumes, problems = _read(text)
    facts: Facts = {"type": KIND, "shape": shape}
    computers = [name for volume in volumes if (name := text_of(volume.get("computername")))]
    computer = computers[0] if computers else computer_of_table(text.split("\n")) if shape == "table" else None
    if computer:
        facts["computer"] = computer
    facts["volumes"] = [volume_facts(volume) for volume in volumes]
    problems += [sentence for volume in volumes for sentence in malformed_passwords(volume)]
    if not volumes:
        problems.append("No volume could be read.")
    if sample.encoding not in {"", "utf-8"}:
        facts["encoding"] = sample.encoding
    return Parsed(KIND, facts, tuple(problems))


def _read(text: str) -> tuple[str, Sequence[Properties], list[str]]:
    if is_clixml(text):
        try:
            return "clixml", volumes_of_clixml(text), []
        except ValueError as error:
            return "clixml", [], [f"The CLIXML was not read: {error}."]
    if _OBJECT.match(text):
        return "json", volumes_of_json(text), []
    lines = text.split("\n")
    if rows := rows_of_table(lines):
        return "table", rows, []
    records = records_of_list(lines)
    bare = len(records) == 1 and records[0].keys() == {"keyprotector"}
    return ("keyprotector-list" if bare else "list"), records, []


FORMATS = (Format(KIND, _recognise, _parse),)
