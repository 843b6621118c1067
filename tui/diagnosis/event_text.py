"""Events as people paste them: Event Viewer's copy, Get-WinEvent as list or table, CSV and JSON exports, XML, prose.

Labels are localised (`data/events-labels.csv`); what is read from a message goes by its form (drive letters, GUIDs,
error codes), not by its words.
"""

import csv
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from tui.diagnosis.events import meanings
from tui.diagnosis.events.bitlocker import MISMATCH_IDS, mismatch_facts
from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.text import clean_line

KIND = "event-text"
MAX_EVENTS = 2_000
_MAX_LINES = 100_000
_MAX_LINE = 4_000
_MOST_LOOKED_AT = 200_000

_LABELLED = re.compile(r'^[\s"*>|-]{0,12}([^\W\d_][^:\uff1a="<>]{0,39}?)"?\s{0,24}[:\uff1a=]\s{0,4}"?(.*)$')
_LEADING_ID = re.compile(r"(\d{1,5})(?![\d./:-]*\d)")
_PROSE = re.compile(
    r"(?<!\w)(?:events?|ereignis(?:se)?|événements?|eventos?|eventi|gebeurtenis|zdarzeni[ea]|событи[ея]|イベント|事件|이벤트)"
    r"(?:[\s-]{0,2}id\.?s?)?[\s:#]{0,3}(\d{3,5})(?![\d.:/-]*\d)",
    re.IGNORECASE,
)
_TIME = r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}\.?,?[ T]{1,3}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_ROW = re.compile(rf"^[\s>|]{{0,8}}({_TIME})\s{{1,12}}(\d{{1,5}})(\s.*)$")
_TIME_CELL = re.compile(rf"{_TIME}Z?")
_CELLS = re.compile(r"[\t;,]")
_PROVIDER = re.compile(
    r"(?:Microsoft-Windows-)?(?:BitLocker|TPM|Kernel|WindowsUpdate|Servicing)[\w-]{0,40}|fvevol", re.I
)
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_MESSAGE = {
    "volume": re.compile(r"(?<![\w\\])([A-Z]:)(?![\w\\/])"),
    "trace_id": re.compile(rf"trace\s?id\s?:?\s?\{{?({_GUID})", re.IGNORECASE),
    "protector_id": re.compile(
        rf"(?:protector|schutzvorrichtung|protecteur|protezione|beveilig|защит|保護|保护|보호)[^{{}}]{{0,60}}\{{({_GUID})",
        re.IGNORECASE,
    ),
    "error": re.compile(r"(?<!\w)(0[xX][0-9a-fA-F]{8})(?!\w)"),
}
"""What a message tells by its form."""

_XML_START, _XML_END = "<Event", "</Event>"
_XML_ID = re.compile(r"<EventID[^>]{0,80}>\s{0,8}(\d{1,5})\s{0,8}</EventID>")
_XML_PROVIDER = re.compile(r"<Provider\s[^>]{0,300}?Name=['\"]([^'\"]{1,100})")
_XML_TIME = re.compile(r"<TimeCreated\s[^>]{0,80}?SystemTime=['\"]([^'\"]{1,40})")
_XML_DATA = re.compile(r"<Data\s+Name=['\"](\w{1,60})['\"]\s*>([^<]{0,40000})</Data>")
_DATA_KEYS = {
    "VolumeMountPoint": "volume",
    "TraceGUID": "trace_id",
    "ErrorCode": "error",
    "JsonErrorCode": "error",
    "ProtectorGUID": "protector_id",
    "OptionalGUID": "protector_id",
}


@dataclass(slots=True)
class _Entry:
    """An event being read: the fields that labels or columns gave, and the lines that belong to it."""

    fields: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    mentioned: bool = False
    """Only named in a sentence."""

    def facts(self) -> Facts:
        text = "\n".join(self.lines)
        found: Facts = {"id": int(self.fields["id"])}
        for name in ("provider", "time"):
            if self.fields.get(name):
                found[name] = clean_line(self.fields[name], 100)
        matches = {name: pattern.search(text) for name, pattern in _MESSAGE.items()}
        return found | {name: match[1] for name, match in matches.items() if match}


def recognise(sample: Sample) -> int:
    """Likely where an id stands behind a label, in a table or in XML, and the event or its provider is known."""
    text = (sample.text or "")[:_MOST_LOOKED_AT]
    if _XML_START in text and _XML_ID.search(text):
        return 88
    known = [entry for entry in _entries(text, prose=False) if _is_known(entry)]
    if not known:
        return 0
    return 75 if any(len(entry.fields) > 1 for entry in known) else 62


def parse(sample: Sample) -> Parsed:
    """The events in the order of the text, each with what its own lines tell."""
    text = sample.text or ""
    fragments, rest = _fragments(text)
    plain = [entry.facts() for entry in _entries(rest, prose=not fragments)]
    events = _joined(plain, [facts for fragment in fragments if (facts := _xml_facts(fragment))])
    problems: tuple[str, ...] = () if events else ("No event id was found.",)
    if len(events) > MAX_EVENTS:
        problems = (f"Only the first {MAX_EVENTS} events were kept.",)
    return Parsed(KIND, {"type": KIND, "events": events[:MAX_EVENTS]}, problems)


@cache
def _labels() -> dict[str, str]:
    text = files("tui.diagnosis").joinpath("data", "events-labels.csv").read_text(encoding="utf-8")
    return {row["label"]: row["field"] for row in csv.DictReader(text.splitlines())}


def _fragments(text: str) -> tuple[list[str], str]:
    """The events written as XML, and the text without them."""
    found: list[str] = []
    rest: list[str] = []
    at = 0
    while (start := text.find(_XML_START, at)) >= 0 and (end := text.find(_XML_END, start)) >= 0:
        # An <Events> root opens before the first event and belongs to none.
        start = max(start, text.rfind("<Event ", start, end), text.rfind("<Event>", start, end))
        found.append(text[start:end])
        rest.append(text[at:start])
        at = end + len(_XML_END)
    return found, "\n".join((*rest, text[at:]))


def _is_known(entry: _Entry) -> bool:
    number = int(entry.fields["id"])
    return bool(_PROVIDER.search(entry.fields.get("provider", ""))) or any(known == number for _, known in meanings())


def _entries(text: str, *, prose: bool) -> list[_Entry]:
    found: list[_Entry] = []
    current, heading = _Entry(), ""
    for line in (raw[:_MAX_LINE] for raw in text.splitlines()[:_MAX_LINES]):
        name, value = _label(line)
        if name in current.fields:
            found.append(current)
            current = _Entry()
        if name:
            current.fields[name] = value
        elif row := _row(line):
            # A table's provider stands above its rows.
            heading = heading if "id" in current.fields else current.fields.get("provider", heading)
            found.append(current)
            current = row
            if heading:
                current.fields.setdefault("provider", heading)
        elif prose and ("id" not in current.fields or current.mentioned):
            for number in _PROSE.findall(line):
                found.append(current)
                current = _Entry({"id": number}, mentioned=True)
        current.lines.append(line)
    return [entry for entry in (*found, current) if "id" in entry.fields][: MAX_EVENTS + 1]


def _label(line: str) -> tuple[str, str]:
    match = _LABELLED.match(line)
    name = _labels().get(match[1].strip().casefold(), "") if match else ""
    if not match or not name or name == "message":
        return "", ""
    value = match[2].strip().rstrip('",').strip()
    if name == "id":
        number = _LEADING_ID.match(value)
        return ("id", number[1]) if number else ("", "")
    return name, value


def _row(line: str) -> _Entry | None:
    match = _ROW.match(line)
    if match:
        return _Entry({"time": match[1], "id": match[2]})
    cells = [cell.strip().strip('"') for cell in _CELLS.split(line)]
    times = [place for place, cell in enumerate(cells) if _TIME_CELL.fullmatch(cell)]
    for place in range(1, len(cells)) if times else ():
        if re.fullmatch(r"\d{1,5}", cells[place]) and re.search(r"[^\W\d]", cells[place - 1]):
            return _Entry({"time": cells[times[0]], "provider": cells[place - 1], "id": cells[place]})
    return None


def _xml_facts(fragment: str) -> Facts | None:
    number = _XML_ID.search(fragment)
    if number is None:
        return None
    found: Facts = {"id": int(number[1])}
    for name, pattern in (("provider", _XML_PROVIDER), ("time", _XML_TIME)):
        match = pattern.search(fragment)
        if match:
            found[name] = clean_line(match[1])
    data = _XML_DATA.findall(fragment)
    for name, value in data:
        if name in _DATA_KEYS and value.strip():
            found.setdefault(_DATA_KEYS[name], clean_line(value).strip("{}"))
    if found["id"] in MISMATCH_IDS:
        found |= mismatch_facts({name: clean_line(value) for name, value in data})
    return found


def _joined(plain: list[Facts], told_as_xml: list[Facts]) -> list[Facts]:
    """Event Viewer copies an event as text and again as XML: those two are one."""
    waiting = list(plain)
    for facts in told_as_xml:
        same = next((entry for entry in waiting if entry["id"] == facts["id"]), None)
        if same is None:
            plain.append(facts)
        else:
            waiting.remove(same)
            for name, value in facts.items():
                same.setdefault(name, value)
    return plain


FORMATS: tuple[Format, ...] = (Format(KIND, recognise, parse),)
