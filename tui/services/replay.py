"""Rehearsals: a surge as JSON Lines, recorded without personal data or made up, for the demo tenant to play.

The first line is the header, each further one a ticket. A ticket tells when it came (seconds after the first), what the
text supported, and how much of the key ID was quoted: no name, no text, no number of a ticket, no ID of a key or of a
device, no date. Devices are counted, so that a second call about one device stays recognisable as one.
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.cause import CauseCode
from tui.model.ids import parse_key_term
from tui.model.incident import Incident

VERSION = 1
LARGEST = 100_000
_LONGEST = 64 * 1024 * 1024

T = TypeVar("T", bound=msgspec.Struct)
Quoting = Literal["full", "prefix", "none"]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=14 * 86_400)]
Kb = Annotated[str, msgspec.Meta(pattern=r"^(KB\d{6,7})?$")]


class ReplayHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line. `made` says where the tickets come from."""

    reseal_replay: int
    made: Literal["recorded", "synthetic"]
    tickets: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class ReplayTicket(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ticket, `at` seconds after the first; `tells_code` says that the screen's code was quoted."""

    at: Seconds
    device: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
    cause: CauseCode = CauseCode.UNKNOWN
    event: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{0,32}$")] = ""
    kb: Kb = ""
    priority: Annotated[int, msgspec.Meta(ge=1, le=5)] = 3
    quoting: Quoting = "none"
    tells_code: bool = False


class Replay(msgspec.Struct, frozen=True):
    """A surge, its tickets in the order of their arrival."""

    header: ReplayHeader
    tickets: tuple[ReplayTicket, ...]


def record(incidents: Iterable[Incident], since: datetime | None = None, until: datetime | None = None) -> Replay:
    """What came in a period, without anything that names a person, a device, a ticket or a day."""
    inside = sorted(
        (
            each
            for each in incidents
            if (since is None or each.ticket.opened_at >= since) and (until is None or each.ticket.opened_at <= until)
        ),
        key=lambda each: (each.ticket.opened_at, each.id),
    )[:LARGEST]
    if not inside:
        return Replay(ReplayHeader(VERSION, "recorded", 0), ())
    first, devices = inside[0].ticket.opened_at, dict[str, int]()
    tickets = tuple(_without_names(each, first, devices) for each in inside)
    return Replay(ReplayHeader(VERSION, "recorded", len(tickets)), tickets)


def _without_names(incident: Incident, first: datetime, devices: dict[str, int]) -> ReplayTicket:
    ticket, reading = incident.ticket, incident.reading
    name = ticket.device_name.lower() or incident.id
    quoted = [term for prefix in reading.key_id_prefixes if (term := parse_key_term(prefix)) is not None]
    code = CauseCode.NOT_BITLOCKER if reading.bitlocker is False else reading.cause.code
    return ReplayTicket(
        at=min(max(0.0, round((ticket.opened_at - first) / timedelta(seconds=1))), 14 * 86_400),
        device=devices.setdefault(name, len(devices)),
        cause=code,
        event=reading.cause.event or "",
        kb=reading.kbs[0] if len(reading.kbs) == 1 else "",
        priority=ticket.priority,
        quoting="none" if not quoted else "full" if quoted[0].is_full else "prefix",
        tells_code=any(error.startswith("E_") for error in reading.error_codes),
    )


def synthesise(seed: int, tickets: int, minutes: float, kb: str = "KB5083769") -> Replay:
    """A made-up wave: most of it one cause after one update, on a background of others."""
    rng = random.Random(seed)  # noqa: S311 - a rehearsal that repeats, not a secret
    others = (CauseCode.WRONG_PIN, CauseCode.USER_REQUESTED, CauseCode.TPM_CLEARED, CauseCode.UNKNOWN)
    found = []
    for number in range(min(tickets, LARGEST)):
        in_wave = rng.random() < 0.7
        moment = rng.triangular(0.1, 1, 0.4) if in_wave else rng.random()
        found.append(
            ReplayTicket(
                at=round(moment * minutes * 60, 1),
                device=number,
                cause=CauseCode.SECUREBOOT_CHANGED if in_wave else rng.choice(others),
                kb=kb if in_wave and rng.random() < 0.7 else "",
                quoting=rng.choice(("full", "prefix", "none")),
                tells_code=rng.random() < 0.6,
            )
        )
    found.sort(key=lambda ticket: ticket.at)
    return Replay(ReplayHeader(VERSION, "synthetic", len(found)), tuple(found))


def write_replay(replay: Replay) -> str:
    """The replay as JSON Lines."""
    return "".join(msgspec.json.encode(line).decode() + "\n" for line in (replay.header, *replay.tickets))


def read_replay(text: str) -> Replay:
    """Read a replay; raises `Problem(CONFIG)` that names the line."""
    if len(text) > _LONGEST:
        raise _bad(1, "the file is too long")
    lines = text.splitlines()
    header = _line(1, lines[0] if lines else "", ReplayHeader)
    if header.reseal_replay != VERSION:
        raise _bad(1, f"version {header.reseal_replay} is not known, only {VERSION}")
    tickets = [_line(number, line, ReplayTicket) for number, line in enumerate(lines[1:], 2) if line.strip()]
    if len(tickets) != header.tickets:
        raise _bad(len(lines), f"the header promises {header.tickets} tickets, there are {len(tickets)}")
    return Replay(header, tuple(sorted(tickets, key=lambda ticket: ticket.at)))


def _line(number: int, line: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _bad(number, str(error)) from error


def _bad(number: int, why: str) -> Problem:
    return Problem(
        ProblemKind.CONFIG,
        f"The replay cannot be read, line {number}",
        why,
        "Make one with `reseal audit export --replay`",
    )
