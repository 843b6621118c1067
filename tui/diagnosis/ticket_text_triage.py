"""`reseal triage`: what each of many tickets says, and which of them belong together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tui.diagnosis.sample import Facts
from tui.diagnosis.ticket_text import read_ticket
from tui.model.cause import CauseCode
from tui.model.incident import TicketReading

_MOST_PROBLEMS = 100


class TicketLine(msgspec.Struct, gc=False):
    """One line of the input."""

    id: str | int
    text: str


_LINE = msgspec.json.Decoder(TicketLine)


def triage(lines: Iterable[str | bytes]) -> Facts:
    """Read JSON lines of `{"id", "text"}` and answer in the shape that the outside contract gives for `triage`.

    A line that is no such object is told in `problems` with its number; blank lines are skipped.
    """
    problems: list[Facts] = []
    tickets = [_ticket(line, read_ticket(line.text)) for line in _decoded(lines, problems)]
    return {"tickets": tickets, "groups": _groups(tickets), "problems": problems}


def _decoded(lines: Iterable[str | bytes], problems: list[Facts]) -> Iterator[TicketLine]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeError):
            if len(problems) < _MOST_PROBLEMS:
                problems.append({"line": number, "why": "not a JSON object with id and text"})


def _ticket(line: TicketLine, reading: TicketReading) -> Facts:
    return {"id": line.id if isinstance(line.id, str) else str(line.id), **reading_facts(reading)}


def reading_facts(reading: TicketReading) -> dict[str, Any]:
    """A reading in the words of the outside contract."""
    cause = reading.cause
    return {
        "key_id_prefixes": list(reading.key_id_prefixes),
        "kbs": list(reading.kbs),
        "error_codes": list(reading.error_codes),
        "devices": list(reading.devices),
        "cause": {
            "code": cause.code.value,
            "pcr": cause.pcr,
            "event": cause.event,
            "confidence": cause.confidence.value,
            "because": list(cause.because),
        },
        "bitlocker": reading.bitlocker,
        "recurrence": reading.recurrence,
        "passwords_removed": reading.passwords_removed,
    }


def _groups(tickets: list[Facts]) -> list[Facts]:
    """Tickets by cause, PCR and update; what names neither a cause nor an update is of no group. Largest first."""
    members: dict[tuple[str, int | None, str | None], list[str]] = defaultdict(list)
    for ticket in tickets:
        cause = ticket["cause"]
        update = ticket["kbs"][0] if ticket["kbs"] else None
        if cause["code"] != CauseCode.UNKNOWN.value or update:
            members[cause["code"], cause["pcr"], update].append(ticket["id"])
    groups = [{"cause": c, "pcr": p, "kb": kb, "tickets": ids} for (c, p, kb), ids in members.items()]
    return sorted(groups, key=lambda group: -len(group["tickets"]))
