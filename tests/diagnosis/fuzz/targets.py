"""What is fuzzed: each target takes any bytes, and raises only when a promise is broken."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from tests.diagnosis.corpus import ROOT, invented_password
from tests.diagnosis.evtx_writer import Event, evtx, with_checksums
from tests.diagnosis.measured_boot_writer import GLOBAL_VARIABLE, agile_log, image, sha1_log, variable
from tui.diagnosis import events, measured_boot
from tui.diagnosis.decode import make_sample
from tui.diagnosis.events.reader import FILE_MAGIC
from tui.diagnosis.formats import diagnose_inputs
from tui.diagnosis.redact import redact
from tui.diagnosis.sample import Sample
from tui.diagnosis.ticket_text import read_ticket
from tui.text import clean

_LARGEST_SEED = 100_000


def read_event_log(data: bytes) -> None:
    """Any bytes that begin as an event log have facts, whether or not the checksums of its first chunk hold."""
    log = FILE_MAGIC + data[8:]
    for each in (log, with_checksums(log)):
        msgspec.json.encode(events.parse(Sample("System.evtx", each)).facts)


def read_boot_log(data: bytes) -> None:
    """Any bytes have the facts of a measured-boot log, and those of the difference to a cut copy."""
    whole, cut = Sample("a.log", data), Sample("b.log", data[: len(data) * 3 // 4])
    msgspec.json.encode(measured_boot.parse(whole).facts)
    msgspec.json.encode(measured_boot.compare(cut, whole).facts)


def read_text(data: bytes) -> None:
    """Any bytes go through the door of text, are recognised or not, and never show a recovery password."""
    sample = make_sample("input.txt", data)
    if sample.text is not None:
        assert redact(sample.text) == (sample.text, 0)
        assert clean(sample.text, len(sample.text) + 1) == sample.text
    for each in diagnose_inputs([("input.txt", data)]):
        msgspec.json.encode(each.parsed.facts)


def read_ticket_text(data: bytes) -> None:
    """Any text is a ticket, and reading it twice gives the same."""
    text = data.decode("utf-8", "replace")
    assert read_ticket(text) == read_ticket(text)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "event-log": read_event_log,
    "boot-log": read_boot_log,
    "text": read_text,
    "ticket": read_ticket_text,
}
_FOLDERS = {
    "event-log": ("evtx",),
    "boot-log": ("tcg", "tcg-pairs"),
    "text": ("manage-bde", "get-bitlockervolume", "dsregcmd", "msinfo32", "event-text", "recovery-screen", "escrow"),
    "ticket": ("tickets",),
}


def seeds(target: str) -> Iterator[bytes]:
    """Inputs to begin with: the project's own, and small ones of the corpus where it is."""
    yield from _OWN[target]
    for folder in _FOLDERS[target]:
        for path in sorted((ROOT / folder).glob("*")) if ROOT.is_dir() else ():
            if path.is_file() and not path.name.endswith(".expected.json"):
                yield path.read_bytes()[:_LARGEST_SEED]


_BOOT = [
    (0, 8, b"\x31\0"),
    (7, 0x80000001, variable("SecureBoot", b"\1", GLOBAL_VARIABLE)),
    (4, 0x80000003, image("a")),
]
_OWN = {
    "event-log": [
        evtx([Event("Microsoft-Windows-BitLocker-API", 845, {"VolumeName": "C:"})] * 3),
        evtx([Event("Chatter", 1)] * 9, templated=True),
    ],
    "boot-log": [agile_log(_BOOT), sha1_log(_BOOT)],
    "text": [invented_password(1).encode(), "Schlüssel-ID: 24B0AA32".encode("cp850"), "キー".encode("cp932")],
    "ticket": [
        line.encode() for line in Path(__file__).parents[1].joinpath("ticket_texts.txt").read_text("utf-8").split("\n")
    ],
}
