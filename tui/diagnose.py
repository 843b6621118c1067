"""`reseal diagnose` and `reseal triage`: what is read from disk and stdin, and what is printed.

Exit codes: 0 done; 1 done, and a finding warns, an input is of no known format, or a ticket line could not be read;
2 (a `Problem`) when a path does not exist or nothing was asked for.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from tui.diagnosis.collector import collector_script
from tui.diagnosis.events import read_evtx
from tui.diagnosis.events.reader import FILE_MAGIC
from tui.diagnosis.formats import Input, diagnose_folder, diagnose_inputs
from tui.diagnosis.redact import redact
from tui.diagnosis.report import UNKNOWN, Read, diagnose, report_json
from tui.diagnosis.report_text import report_text
from tui.diagnosis.report_triage import TicketLine, Triage, triage
from tui.diagnosis.sample import Parsed
from tui.errors import Problem, ProblemKind
from tui.paths import state_directory
from tui.store.additions import use_additions
from tui.text import clean_line

LARGEST_FILE = 1 << 30
"""Bytes of a file that is read as a whole; event logs stream and may be of any size."""

LARGEST_TEXT = 64 << 20
"""Bytes of a file that is no archive: more is neither output of a tool nor a measured-boot log."""

LONGEST_LINE = 4 << 20
"""Bytes of one line of tickets."""

_ZIP = b"PK"


def _use_additions() -> None:
    if wrong := use_additions(state_directory()):
        click.echo(f"reseal: {wrong}", err=True)


def run_diagnose(
    paths: tuple[Path, ...],
    as_json: bool,
    collector: bool,
    ticket: str = "",
    tenant_id: Callable[[], str] = lambda: "",
) -> int:
    """Read the paths and print cause, update and findings; with `collector` print the collector script instead.

    With `ticket` the evidence is remembered for that ticket's incident in the tenant whose ID `tenant_id` answers, so
    that it counts in the console's groups.
    """
    if collector:
        click.echo(collector_script(), nl=False)
        return 0
    if not paths:
        raise Problem(
            ProblemKind.CONFIG,
            "Nothing to diagnose",
            "no PATH was given",
            "Name files, zips or folders, or --collector.",
        )
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise Problem(
            ProblemKind.CONFIG,
            f"There is no {clean_line(redact(str(missing[0]))[0])}",
            "the path does not exist",
            "Check the spelling.",
        )
    _use_additions()
    report = diagnose(read_paths(paths))
    if ticket:
        from tui.joining import join_ticket

        asyncio.run(join_ticket(ticket, report, tenant_id()))
    if as_json:
        click.echo(msgspec.json.encode(report_json(report)).decode())
    else:
        click.echo(report_text(report))
    return 1 if report.wrong else 0


def read_paths(paths: Iterable[Path]) -> list[Read]:
    """Parse files, zips and folders. Of two measured-boot logs the first is taken for the older one."""
    plain: list[tuple[str, bytes]] = []
    found: list[Read] = []
    for path in paths:
        if path.is_dir():
            found += _reads(diagnose_folder(path))
        elif isinstance(content := _read_file(path), bytes):
            plain.append((str(path), content))
        else:
            found.append(Read(clean_line(str(path)), content))
    return [*_reads(diagnose_inputs(plain)), *found]


def _reads(inputs: Iterable[Input]) -> list[Read]:
    return [Read(each.path, each.parsed) for each in inputs]


def _read_file(path: Path) -> bytes | Parsed:
    """The bytes of a file; an event log is parsed as it streams, and what cannot be read is said."""
    if not path.is_file():
        return _unread("no regular file, not read")
    try:
        with path.open("rb") as file:
            head = file.read(len(FILE_MAGIC))
            if head == FILE_MAGIC:
                return read_evtx(path)
            limit = LARGEST_FILE if head.startswith(_ZIP) else LARGEST_TEXT
            content = head + file.read(limit + 1 - len(head))
    except OSError as error:
        return _unread(f"the file cannot be read: {error.strerror or type(error).__name__}")
    return content if len(content) <= limit else _unread(f"the file is larger than the {limit >> 20} MB that are read")


def _unread(why: str) -> Parsed:
    return Parsed(UNKNOWN, {"type": UNKNOWN}, (why,))


def run_triage(file: Path | None, as_json: bool) -> int:
    """Read tickets as JSON Lines `{"id", "text"}` from a file or stdin and print what each says, and the groups."""
    if file is not None and not file.is_file():
        raise Problem(
            ProblemKind.CONFIG, f"There is no {clean_line(str(file))}", "the file does not exist", "Check the spelling."
        )
    bad: list[int] = []
    if file is None:
        answer = triage(_ticket_lines(sys.stdin.buffer, bad))
    else:
        with file.open("rb") as stream:
            answer = triage(_ticket_lines(stream, bad))
    for number in bad:
        click.echo(f'Line {number} is no {{"id", "text"}} object in JSON; it was left out.', err=True)
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        click.echo(_triage_text(answer))
    return 1 if bad else 0


class _Line(msgspec.Struct):
    id: str | int
    text: str


def _ticket_lines(stream: BinaryIO, bad: list[int]) -> Iterator[TicketLine]:
    """The tickets; numbers of lines that are none go to `bad`."""
    decoder = msgspec.json.Decoder(_Line)
    number = 0
    while raw := stream.readline(LONGEST_LINE):
        number += 1
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            _skip_line(stream)
            bad.append(number)
            continue
        line = raw.removeprefix(b"\xef\xbb\xbf").strip()
        if not line:
            continue
        try:
            ticket = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            bad.append(number)
            continue
        yield TicketLine(clean_line(str(ticket.id)), ticket.text)


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


def _triage_text(answer: Triage) -> str:
    lines = []
    for ticket in answer.tickets:
        told = [ticket.id, ticket.cause["code"], _joined(ticket.kbs), _joined(ticket.key_id_prefixes)]
        lines.append("  ".join([*told, f"prompt: {ticket.recurrence}"]))
    lines.append("")
    for group in answer.groups:
        pcr = f" PCR {group.pcr}" if group.pcr is not None else ""
        lines.append(f"{len(group.tickets)} x {group.cause}{pcr} {group.kb or '-'}: {_joined(group.tickets[:20])}")
    return "\n".join(lines)


def _joined(values: Iterable[str]) -> str:
    return ", ".join(values) or "-"
