"""Boots with their builds, and everything of note between them, in the order of the log.

The order is the record number's: the clock may be hours off between firmware and Windows.
"""

from collections.abc import Iterable

from tui.diagnosis.events import values
from tui.diagnosis.events.installs import is_noise
from tui.diagnosis.events.meanings import KERNEL_GENERAL, WINDOWS_UPDATE, meanings
from tui.diagnosis.events.reader import Record
from tui.diagnosis.sample import Facts

BOOT = 12
_SILENT_ROLES = frozenset(("noise", "state"))
_DETAILS = ("LastShutdownGood", "LastBootGood", "BootType", "BitlockerUserInputTime", "UpdateType", "BootApplication")


def boots(records: Iterable[Record]) -> list[Facts]:
    """Each start of Windows: its time and its build with the update revision as the fourth number."""
    return [{"time": record.time, "build": build(record)} for record in records if is_boot(record)]


def is_boot(record: Record) -> bool:
    """Whether a record is the kernel's first word of a boot."""
    return record.provider == KERNEL_GENERAL and record.id == BOOT


def build(record: Record) -> str:
    """`10.0.19041.2130` of a boot record; parts that the record lacks are left out."""
    parts = (record.data.get(name) for name in ("MajorVersion", "MinorVersion", "BuildVersion", "QfeVersion"))
    return ".".join(str(part) for part in parts if part is not None)


def timeline(records: Iterable[Record]) -> list[Facts]:
    """What bears on a recovery, one entry a record: `role` says what it is, `cause` which cause it names if any."""
    return [entry for record in records if (entry := _entry(record))]


def _entry(record: Record) -> Facts | None:
    meaning = meanings().get((record.provider, record.id))
    if meaning is None or meaning.role in _SILENT_ROLES:
        return None
    entry: Facts = {
        "record": record.number,
        "time": record.time,
        "event": values.label(record),
        "role": meaning.role,
        "meaning": meaning.words,
    }
    if meaning.cause:
        entry["cause"] = meaning.cause
    if is_boot(record):
        entry["build"] = build(record)
    if record.provider == WINDOWS_UPDATE:
        title = str(record.data.get("updateTitle") or "")
        entry["kb"] = values.kb(title)
        if entry["kb"] and is_noise(entry["kb"], title):
            return None
        entry["title"] = title
    code = values.code(record.data.get("ErrorCode", record.data.get("errorCode")))
    if code:
        entry["code"] = code
    return entry | {name: record.data[name] for name in _DETAILS if name in record.data}
