"""What single events say, in the words of the corpus."""

from collections.abc import Iterator
from uuid import UUID

from tui.diagnosis.measured_boot.efi import Variable, image_path, read_variable
from tui.diagnosis.measured_boot.log import BootEvent, BootLog
from tui.diagnosis.measured_boot.names import (
    BOOT_VARIABLE_EVENTS,
    EV_EFI_ACTION,
    EV_EFI_VARIABLE_DRIVER_CONFIG,
    EV_IPL,
    EV_S_CRTM_VERSION,
    IMAGE_EVENTS,
    VARIABLE_EVENTS,
    event_name,
)
from tui.diagnosis.sample import Facts
from tui.text import clean_line

SECURE_BOOT_PCR = 7
_TEXT_EVENTS = frozenset((0x00000005, EV_EFI_ACTION, EV_IPL))
_GUID = 16
_MOST_BOOT_ENTRIES = 1024


def describe(event: BootEvent) -> Facts:
    """One event for a reader: index, type, and the variable, image path or text that it measured."""
    facts: Facts = {"index": event.index, "event_type": event_name(event.kind)}
    if event.kind in VARIABLE_EVENTS:
        variable = read_variable(event.data)
        if variable:
            facts |= {"variable": variable.name, "size": variable.size}
    elif event.kind in IMAGE_EVENTS:
        facts["path"] = image_path(event.data)
    elif event.kind in _TEXT_EVENTS:
        facts["text"] = event_text(event.data)
    return facts


def event_text(data: bytes) -> str:
    """The text of an action or boot-loader event, which is ASCII or UTF-16 with or without a closing zero."""
    wide = len(data) >= 2 and len(data) % 2 == 0 and data[1] == 0 and data[0] != 0
    return clean_line(data.decode("utf-16-le" if wide else "utf-8", "replace").rstrip("\0"))


def configuration(log: BootLog) -> Iterator[tuple[str, Variable]]:
    """Configuration variables in log order, named as they are in PCR 7 and with `pcrN:` before those of others."""
    for event in log.events:
        if event.kind != EV_EFI_VARIABLE_DRIVER_CONFIG:
            continue
        variable = read_variable(event.data)
        if variable:
            name = variable.name if event.pcr == SECURE_BOOT_PCR else f"pcr{event.pcr}:{variable.name}"
            yield name, variable


def secure_boot(log: BootLog) -> bool | None:
    """Secure Boot as measured into PCR 7; None when the log does not tell (no variable, or one without data)."""
    for name, variable in configuration(log):
        if name == "SecureBoot":
            return variable.data[0] == 1 if variable.data else None
    return None


def boot_order(log: BootLog) -> list[str] | None:
    """The numbers of the boot entries in order, as four hexadecimal digits; None when it was not measured."""
    for event in log.events:
        variable = read_variable(event.data) if event.kind in BOOT_VARIABLE_EVENTS else None
        if variable and variable.name == "BootOrder":
            data = variable.data[:_MOST_BOOT_ENTRIES]
            return [f"{int.from_bytes(data[at : at + 2], 'little'):04X}" for at in range(0, len(data) - 1, 2)]
    return None


def firmware_versions(log: BootLog) -> list[str | None]:
    """What each EV_S_CRTM_VERSION says: a text, `guid:...` where the vendor gives a GUID, None where nothing."""
    return [_version(event.data) for event in log.events if event.kind == EV_S_CRTM_VERSION]


def _version(data: bytes) -> str | None:
    wide = data.decode("utf-16-le", "replace").split("\0")[0]
    narrow = data.split(b"\0")[0].decode("ascii", "replace")
    for text in (wide, narrow):
        if text.strip() and text.isascii() and text.isprintable():
            return text
    return f"guid:{UUID(bytes_le=data)}" if len(data) == _GUID else None
