"""Get-BitLockerVolume as the console prints it: a table, a list, or a list of key protectors."""

import re
from collections.abc import Iterator, Sequence, Set

from tui.diagnosis.volumes_facts import PROTECTOR_NAMES, VOLUME_NAMES, Properties, text_of

_NAMED = re.compile(r"^\s*(?P<name>[A-Za-z]{4,24})\s*:(?:\s(?P<value>.*)|(?P<tight>\S.*))?$")
_QUOTE = re.compile(r"^(?:\s{0,3}[>│|] ?)+")
_DASHES = re.compile(r"^\s*-{2,}(?:\s+-{2,})+\s*$")
_COMPUTER = re.compile(r"^\s*ComputerName\s*:\s*(?P<name>\S{1,63})\s*$", re.IGNORECASE)
_ROW = re.compile(
    r"""^\s*(?P<volumetype>OperatingSystem|Data)\s+(?P<mountpoint>[A-Za-z]:\S{0,200}|\\\\\?\\\S{1,80})
    (?:\s+(?P<capacitygb>\d+(?:[.,]\d+)?))?
    (?:\s+(?P<volumestatus>(?:Fully|Enc|Dec)[A-Za-z]{2,40}(?:\.\.\.|…)?))?
    (?:\s+(?P<encryptionpercentage>\d{1,3}(?:[.,]\d+)?))?
    \s+(?P<keyprotector>\{[^{}]{0,200}?(?:(?:\.\.\.|…)?\}|\.\.\.|…))
    (?:\s+(?P<autounlockenabled>True|False))?(?:\s+(?P<protectionstatus>On|Off|Unknown))?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)


def unquoted(text: str) -> str:
    """A text without the quote marks of mail, where nearly every line has one."""
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    if sum(line.lstrip().startswith((">", "│", "|")) for line in filled) * 5 < len(filled) * 4:
        return text
    return "\n".join(_QUOTE.sub("", line) for line in lines)


def rows_of_table(lines: Sequence[str]) -> list[Properties]:
    """The rows of a table, of all columns or of those that Select-Object or Format-Table left."""
    rows = [found.groupdict() for line in lines if len(line) < 600 and (found := _ROW.match(line))]
    if rows:
        return [{name: value for name, value in row.items() if name != "autounlockenabled"} for row in rows]
    return [row for number in dashes_in(lines) for row in rows_below(lines, number, VOLUME_NAMES)]


def dashes_in(lines: Sequence[str]) -> list[int]:
    """The lines of dashes under the headings of console tables."""
    return [number for number, line in enumerate(lines) if _DASHES.match(line[:400])]


def computer_of_table(lines: Sequence[str]) -> str | None:
    """The group heading `ComputerName: X` over a table."""
    return next((text_of(found["name"]) for line in lines if (found := _COMPUTER.match(line[:200]))), None)


def rows_below(lines: Sequence[str], dashes: int, known: Set[str]) -> Iterator[Properties]:
    """The rows of a table by the line of dashes that marks its columns; at least two columns must be known."""
    starts = [found.start() for found in re.finditer(r"-{2,}", lines[dashes])]
    spans = list(zip(starts, [*starts[1:], 10_000], strict=True))
    heads = [line for line in lines[max(dashes - 2, 0) : dashes] if line.strip() and ">" not in line]
    names = ["".join(head[a:b].strip() for head in heads).casefold() for a, b in spans]
    if len(set(names) & known) < 2:
        return
    for line in lines[dashes + 1 : dashes + 200]:
        if not line.strip():
            break
        cells = {name: line[a:b].strip() for name, (a, b) in zip(names, spans, strict=True) if name in known}
        if any(cells.values()):
            yield cells


def records_of_list(lines: Sequence[str]) -> list[Properties]:
    """The records of Format-List: volumes, with the protectors that follow one as its own; `{}` is a volume unnamed."""
    volumes: list[Properties] = []
    for record in _records(lines):
        if (record.keys() & PROTECTOR_NAMES and "keyprotectorid" in record) or "keyprotectortype" in record:
            if not volumes:
                volumes.append({})
            listed = volumes[-1].get("keyprotector")
            volumes[-1]["keyprotector"] = [*listed, record] if isinstance(listed, list) else [record]
        elif record.keys() & VOLUME_NAMES - {"computername"}:
            volumes.append(record)
    return volumes


def _records(lines: Sequence[str]) -> Iterator[Properties]:
    record: Properties = {}
    last = ""
    for line in lines:
        named = _NAMED.match(line) if len(line) < 2000 else None
        name = named["name"].casefold() if named else ""
        if named and name in VOLUME_NAMES | PROTECTOR_NAMES:
            if name in record or (name == "keyprotectorid" and not record.keys() & PROTECTOR_NAMES):
                yield record
                record = {}
            record[name] = (named["value"] or named["tight"] or "").strip()
            last = name
        elif last and line.startswith("   ") and line.strip() and not named:
            # A narrow window wraps a value below its beginning.
            record[last] = f"{record[last]} {line.strip()}".strip()
        elif line.strip():
            last = ""
    if record:
        yield record


def names_in(text: str) -> set[str]:
    """The property names that a text holds, in lower case."""
    return {word for word in re.findall("[a-z]{6,24}", text.casefold())} & (VOLUME_NAMES | PROTECTOR_NAMES)
