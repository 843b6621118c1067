"""The answer of `reseal triage`: what each ticket's text says, and which tickets tell of one cause. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from tui.diagnosis.redact import redact
from tui.diagnosis.report import cause_json
from tui.diagnosis.ticket_text import read_ticket
from tui.model.cause import CauseCode
from tui.model.incident import Recurrence, TicketReading

_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket as `triage` gets it."""

    id: str
    text: str


# A surge has tens of thousands of tickets: they hold nothing that the garbage collector would have to look through.
class TicketAnswer(msgspec.Struct, frozen=True, gc=False):
    """One ticket of the answer, in the order and the names of the JSON document; see `TicketReading`."""

    id: str
    key_id_prefixes: tuple[str, ...]
    kbs: tuple[str, ...]
    error_codes: tuple[str, ...]
    devices: tuple[str, ...]
    cause: dict[str, Any]
    """As `cause_json` says it; tickets of one cause share it."""
    bitlocker: bool | None
    recurrence: Recurrence
    passwords_removed: int


class TicketGroup(msgspec.Struct, frozen=True):
    """Tickets, by their IDs, of one cause, PCR and update; None for a PCR or an update that they do not tell."""

    cause: str
    pcr: int | None
    kb: str | None
    tickets: list[str]


class Triage(msgspec.Struct, frozen=True):
    """The whole answer: every ticket in the order given, then the groups, the largest first."""

    tickets: list[TicketAnswer]
    groups: list[TicketGroup]


def triage(lines: Iterable[TicketLine]) -> Triage:
    """Read the tickets and group them.

    What a text does not tell stays its own group: an unknown cause or update never joins a known one.
    """
    tickets: list[TicketAnswer] = []
    groups: dict[tuple[str, int, str], list[str]] = {}
    for line in lines:
        reading = read_ticket(line.text)
        ticket_id = redact(line.id[:_LONGEST_ID])[0]
        tickets.append(_answer(ticket_id, reading))
        groups.setdefault(_group(reading), []).append(ticket_id)
    found = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return Triage(
        tickets, [TicketGroup(code, None if pcr < 0 else pcr, kb or None, ids) for (code, pcr, kb), ids in found]
    )


_cause_json = lru_cache(maxsize=1_000)(cause_json)


def _answer(ticket_id: str, reading: TicketReading) -> TicketAnswer:
    return TicketAnswer(
        ticket_id,
        reading.key_id_prefixes,
        reading.kbs,
        reading.error_codes,
        reading.devices,
        _cause_json(reading.cause),
        reading.bitlocker,
        reading.recurrence,
        reading.passwords_removed,
    )


def _group(reading: TicketReading) -> tuple[str, int, str]:
    code = CauseCode.NOT_BITLOCKER if reading.bitlocker is False else reading.cause.code
    pcr = -1 if reading.cause.pcr is None else reading.cause.pcr
    return str(code), pcr, reading.kbs[0] if len(reading.kbs) == 1 else ""
