"""The answer of `reseal triage`: what each ticket's text says, and which tickets tell of one cause. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tui.diagnosis.redact import redact
from tui.diagnosis.report import cause_json
from tui.diagnosis.ticket_text import read_ticket
from tui.model.cause import CauseCode
from tui.model.incident import TicketReading

_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket as `triage` gets it."""

    id: str
    text: str


def triage(lines: Iterable[TicketLine]) -> dict[str, Any]:
    """The JSON document: every ticket in the order given, then the groups, the largest first.

    What a text does not tell stays its own group: an unknown cause or update never joins a known one.
    """
    tickets: list[dict[str, Any]] = []
    groups: dict[tuple[str, int, str], list[str]] = {}
    for line in lines:
        reading = read_ticket(line.text)
        ticket_id = redact(line.id[:_LONGEST_ID])[0]
        tickets.append(_ticket(ticket_id, reading))
        groups.setdefault(_group(reading), []).append(ticket_id)
    found = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {"tickets": tickets, "groups": [_group_json(*group) for group in found]}


def _ticket(ticket_id: str, reading: TicketReading) -> dict[str, Any]:
    return {
        "id": ticket_id,
        "key_id_prefixes": list(reading.key_id_prefixes),
        "kbs": list(reading.kbs),
        "error_codes": list(reading.error_codes),
        "devices": list(reading.devices),
        "cause": cause_json(reading.cause),
        "bitlocker": reading.bitlocker,
        "recurrence": reading.recurrence,
        "passwords_removed": reading.passwords_removed,
    }


def _group(reading: TicketReading) -> tuple[str, int, str]:
    code = CauseCode.NOT_BITLOCKER if reading.bitlocker is False else reading.cause.code
    pcr = -1 if reading.cause.pcr is None else reading.cause.pcr
    return str(code), pcr, reading.kbs[0] if len(reading.kbs) == 1 else ""


def _group_json(key: tuple[str, int, str], tickets: list[str]) -> dict[str, Any]:
    code, pcr, kb = key
    return {"cause": code, "pcr": None if pcr < 0 else pcr, "kb": kb or None, "tickets": tickets}
