"""Test-NetConnection: lists, tables, warnings, JSON and the quiet form. PowerShell does not translate its names.

A TCP test that succeeds proves TCP and nothing of TLS.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.diagnosis.volumes_objects import json_values
from tui.diagnosis.volumes_text import dashes_in, rows_below
from tui.text import clean_line

KIND = "test-netconnection"

_NAMES = frozenset(
    {
        "computername", "remoteaddress", "remoteport", "nameresolutionresults", "allnameresolutionresults",
        "matchingipsecrules", "networkisolationcontext", "isadmin", "interfacealias", "interfaceindex",
        "interfacedescription", "sourceaddress", "netroute", "pingsucceeded", "pingreplydetails",
        "tcptestsucceeded", "traceroute", "selectedsourceaddress", "outgoinginterfaceindex", "selectednetroute",
        "routediagnosticssucceeded",
    }
)  # fmt: skip
_TELLING = _NAMES - {"computername"} | {"warnings"}
"""A record needs one of these: a computer's name alone is no result."""

_LINE = re.compile(r"^[\s>|│]*(?P<name>[A-Za-z]{5,32})(?:\s*\([A-Za-z ]{1,12}\))?\s*:(?:\s(?P<value>.*))?$")
_WARNING = re.compile(
    r"^[\s>|]*(?:WARNING|WARNUNG|AVERTISSEMENT|ADVERTENCIA|AVVISO|AVISO|WAARSCHUWING|OSTRZEŻENIE|UPOZORNĚNÍ|UYARI"
    r"|ПРЕДУПРЕЖДЕНИЕ|警告|경고)\s*[:：]\s?(?P<text>.+)$",
    re.IGNORECASE,
)
_TCP_FAILED = re.compile(r"\(\s*(?P<address>[0-9A-Fa-f.:]{2,45}?|[\w.-]{1,80})\s*:\s*(?P<port>\d{1,5})\s*\)")
_PING_FAILED = re.compile(r"\bping\b", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.%]{0,20}|\d{1,3}(?:\.\d{1,3}){3}")
_COMMAND = re.compile(r"\b(?:Test-NetConnection|tnc)\b(?P<arguments>[^\n|]{0,300})", re.IGNORECASE)
_TRUE = frozenset(
    ["true", "wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "prawda", "pravda", "doğru", "истина",
     "真", "참"]
)  # fmt: skip
_FALSE = frozenset(
    ["false", "falsch", "faux", "falso", "onwaar", "fałsz", "nepravda", "yanlış", "ложь", "假", "偽", "거짓"]
)
_MOST = 1_000_000

_Record = dict[str, Any]


def _records(text: str) -> list[_Record]:
    if re.match(r"\s*[\[{]", text):
        return [record for value in json_values(text) for record in _json_records(value)]
    lines = text.split("\n")
    tables = [row for number in dashes_in(lines) for row in rows_below(lines, number, _NAMES)]
    listed = [record for record in _list_records(lines) if record.keys() & _TELLING]
    return tables or listed or _quiet(text)


def _json_records(value: Any) -> Iterator[_Record]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield {str(name).casefold(): part for name, part in each.items() if str(name).casefold() in _NAMES}


def _list_records(lines: Sequence[str]) -> Iterator[_Record]:
    """Records of Format-List; a line that only continues holds a further address or the rest of a value."""
    record: _Record = {}
    last = ""
    for line in lines:
        found = _LINE.match(line) if len(line) < 1000 else None
        name = found["name"].casefold() if found else ""
        if found and name in _NAMES:
            if name in record:
                yield record
                record = {}
            record[name], last = (found["value"] or "").strip(), name
        elif warning := _WARNING.match(line[:1000]):
            if "tcptestsucceeded" in record or "pingsucceeded" in record:
                yield record
                record = {}
            record.setdefault("warnings", []).append(clean_line(warning["text"]))
            last = ""
        elif last and line.startswith(" ") and line.strip() and not found:
            record[last] = f"{record[last]} {line.strip()}"
        elif line.strip():
            last = ""
    if record:
        yield record


def _quiet(text: str) -> list[_Record]:
    """The echo of a command with `-Port` and the bare True or False below it."""
    command = _COMMAND.search(text)
    answer = re.search(r"^\s*(True|False)\s*$", text[command.end() :], re.MULTILINE) if command else None
    port = re.search(r"-Port\s+(\d{1,5})", command["arguments"], re.IGNORECASE) if command else None
    if not command or not answer:
        return []
    key = "tcptestsucceeded" if port else "pingsucceeded"
    return [{key: answer[1]}]


def _recognise(sample: Sample) -> int:
    text = (sample.text or "")[:_MOST]
    folded = text.casefold()
    commanded = bool(_COMMAND.search(text))
    if not commanded and not any(
        name in folded for name in ("tcptestsucceeded", "pingsucceeded", "remoteaddress", "remoteport")
    ):
        return 0
    records = _records(text)
    known = max((len(record.keys() & _NAMES) for record in records), default=0)
    if known >= 3:
        return 92
    return 80 if records and (commanded or known == 2) else 0


def _parse(sample: Sample) -> Parsed:
    text = (sample.text or "")[:_MOST]
    targets = [_target(record) for record in _records(text)]
    for target in targets[:1]:
        _complete(target, text)
    facts: Facts = {"type": KIND, **(targets[0] if targets else {})}
    if len(targets) > 1:
        facts["targets"] = targets
    if sample.encoding not in {"", "utf-8"}:
        facts["encoding"] = sample.encoding
    return Parsed(KIND, facts, () if targets else ("No result could be read.",))


def _target(record: _Record) -> Facts:
    """One result: `tcp_test_succeeded` is null where no TCP test ran."""
    facts: Facts = {
        "computer_name": _text(record.get("computername")),
        "remote_address": _text(record.get("remoteaddress")),
        "remote_port": _port(record.get("remoteport")),
        "interface_alias": _text(record.get("interfacealias")),
        "source_address": _address(record.get("sourceaddress", record.get("selectedsourceaddress"))),
        "ping_succeeded": _bool(record.get("pingsucceeded")),
        "tcp_test_succeeded": _bool(record.get("tcptestsucceeded")),
    }
    resolved = record.get("nameresolutionresults", record.get("allnameresolutionresults"))
    if resolved is not None:
        facts["name_resolution"] = _ADDRESS.findall(str(resolved))
    if "isadmin" in record:
        facts["is_admin"] = _bool(record["isadmin"])
    if "netroute" in record:
        facts["next_hop"] = _address(record["netroute"])
    return facts | _warned(facts, record.get("warnings") or [])


def _warned(facts: Facts, warnings: Sequence[str]) -> Facts:
    """What the warnings add to a result that was cut to them."""
    added: Facts = {"warnings": list(warnings)} if warnings else {}
    for warning in warnings:
        if failed := _TCP_FAILED.search(warning):
            if facts["tcp_test_succeeded"] is None:
                added["tcp_test_succeeded"] = False
            added["remote_port"] = facts["remote_port"] or _port(failed["port"])
            added["remote_address"] = facts["remote_address"] or failed["address"]
        elif _PING_FAILED.search(warning) and facts["ping_succeeded"] is None:
            added["ping_succeeded"] = False
    return added


def _complete(target: Facts, text: str) -> None:
    """The target's name and port from the command where the result does not repeat them."""
    command = _COMMAND.search(text)
    if not command:
        return
    named = re.search(r"(?:-ComputerName\s+|^\s*)[\"']?([A-Za-z0-9][\w.-]{1,100})", command["arguments"], re.IGNORECASE)
    port = re.search(r"-Port\s+(\d{1,5})", command["arguments"], re.IGNORECASE)
    target["computer_name"] = target["computer_name"] or (named[1] if named else None)
    if target["tcp_test_succeeded"] is not None and port:
        target["remote_port"] = target["remote_port"] or _port(port[1])


def _text(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("IPAddressToString", "")
    return clean_line(str(value)) or None if value is not None else None


def _address(value: Any) -> str | None:
    printed = _text(value)
    found = _ADDRESS.search(printed or "")
    return found[0] if found else printed if printed and not printed.startswith("@{") else None


def _port(value: Any) -> int | None:
    found = re.fullmatch(r"\s*(\d{1,5})\s*", str(value))
    return int(found[1]) or None if found else None


def _bool(value: Any) -> bool | None:
    word = str(value).strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


FORMATS = (Format(KIND, _recognise, _parse),)
