"""Names for what happened between two measured-boot logs.

PCR usage: TCG PC Client Platform Firmware Profile 1.05, section 3.3.4; Windows' use of PCRs 11 to 14 and shim's of 14:
their own documentation. PCRs 12 to 14 differ at each Windows boot, PCR 1 does on many machines.
"""

from collections import Counter
from collections.abc import Iterable

from tui.diagnosis.measured_boot.describe import event_text, secure_boot
from tui.diagnosis.measured_boot.difference import LogDifference, PcrDifference
from tui.diagnosis.measured_boot.efi import image_path
from tui.diagnosis.measured_boot.log import BootEvent, BootLog
from tui.diagnosis.measured_boot.names import (
    BOOT_VARIABLE_EVENTS,
    EV_EFI_ACTION,
    EV_EFI_BOOT_SERVICES_APPLICATION,
    EV_EFI_VARIABLE_DRIVER_CONFIG,
    EV_IPL,
    GPT_EVENTS,
)
from tui.diagnosis.measured_boot.sipa import RESUME, TRANSFER_CONTROL, sipa_records
from tui.model.cause import CauseCode

_OPTION_ROM_PCRS = frozenset((2, 3))
_ACCESS_CONTROL_PCR = 11
_LOADER_PCRS = frozenset((8, 9))
_EMBEDDED = "FvFile"
_BOOT_STATE_FILE = "grubenv"


def causes(a: BootLog, b: BootLog, difference: LogDifference) -> list[CauseCode]:
    """What explains the difference, most telling first; `unknown` where PCRs differ and nothing here explains it."""
    if not difference.pcrs:
        return [CauseCode.NO_CHANGE]
    by_pcr = {pcr.pcr: pcr for pcr in difference.pcrs}
    found = [
        *_firmware(by_pcr),
        *_secure_boot(a, b, by_pcr),
        *_boot_application(by_pcr, difference.algorithm),
        *_boot_order(by_pcr, difference.algorithm),
        *_partition(by_pcr, difference.algorithm),
        *_mok_list(by_pcr, difference.algorithm),
    ]
    if found:
        return list(dict.fromkeys(found))
    if by_pcr.keys() & _OPTION_ROM_PCRS:
        return [CauseCode.PCR_MISMATCH]
    if _ACCESS_CONTROL_PCR in by_pcr or any(_setting_changed(pcr, difference.algorithm) for pcr in difference.pcrs):
        return [CauseCode.UNKNOWN]
    return [CauseCode.RESUME if _resumes(b) else CauseCode.REBOOT_NOISE]


def _firmware(by_pcr: dict[int, PcrDifference]) -> Iterable[CauseCode]:
    return [CauseCode.FIRMWARE_UPDATE] if 0 in by_pcr else []


def _secure_boot(a: BootLog, b: BootLog, by_pcr: dict[int, PcrDifference]) -> Iterable[CauseCode]:
    if 7 not in by_pcr:
        return []
    turned_off = secure_boot(a) is True and secure_boot(b) is False
    return [CauseCode.SECUREBOOT_DISABLED if turned_off else CauseCode.SECUREBOOT_CHANGED]


def _boot_application(by_pcr: dict[int, PcrDifference], algorithm: int) -> Iterable[CauseCode]:
    loader = by_pcr.get(4)
    if loader and not _another_path_first(loader):
        images = [event for event in _new(loader, algorithm) if event.kind == EV_EFI_BOOT_SERVICES_APPLICATION]
        # An application in the firmware volume is renewed with the firmware, and says nothing about the boot loader.
        if any(_EMBEDDED not in (image_path(event.data) or "") or 0 not in by_pcr for event in images):
            return [CauseCode.BOOT_APP_CHANGED]
    for pcr in _LOADER_PCRS & by_pcr.keys():
        texts = [event_text(event.data) for event in _new(by_pcr[pcr], algorithm)]
        if any(_BOOT_STATE_FILE not in text for text in texts):
            return [CauseCode.BOOT_APP_CHANGED]
    return []


def _another_path_first(loader: PcrDifference) -> bool:
    """Whether the firmware tried other boot entries before anything else differed; what it loaded then follows."""
    return any(event is not None and event.kind == EV_EFI_ACTION for event in loader.first)


def _boot_order(by_pcr: dict[int, PcrDifference], algorithm: int) -> Iterable[CauseCode]:
    settings, loader = by_pcr.get(1), by_pcr.get(4)
    entries = settings and any(event.kind in BOOT_VARIABLE_EVENTS for event in _unshared(settings, algorithm))
    attempts = loader and any(event.kind == EV_EFI_ACTION for event in _unshared(loader, algorithm))
    fewer = loader and any(event.kind == EV_EFI_BOOT_SERVICES_APPLICATION for event in _gone(loader, algorithm))
    replaced = loader and any(event.kind == EV_EFI_BOOT_SERVICES_APPLICATION for event in _new(loader, algorithm))
    return [CauseCode.BOOT_ORDER] if entries or attempts or (fewer and not replaced) else []


def _partition(by_pcr: dict[int, PcrDifference], algorithm: int) -> Iterable[CauseCode]:
    table = by_pcr.get(5)
    changed = table and any(event.kind in GPT_EVENTS for event in _unshared(table, algorithm))
    return [CauseCode.PARTITION] if changed else []


def _mok_list(by_pcr: dict[int, PcrDifference], algorithm: int) -> Iterable[CauseCode]:
    keys = by_pcr.get(14)
    changed = keys and any(
        event.kind == EV_IPL and event_text(event.data).startswith("Mok") for event in _unshared(keys, algorithm)
    )
    return [CauseCode.MOK_LIST] if changed else []


def _setting_changed(pcr: PcrDifference, algorithm: int) -> bool:
    return pcr.pcr == 1 and any(event.kind == EV_EFI_VARIABLE_DRIVER_CONFIG for event in _unshared(pcr, algorithm))


def _resumes(log: BootLog) -> bool:
    return any(record.kind == TRANSFER_CONTROL and record.number == RESUME for record in sipa_records(log))


def _unshared(pcr: PcrDifference, algorithm: int) -> list[BootEvent]:
    return [*_gone(pcr, algorithm), *_new(pcr, algorithm)]


def _new(pcr: PcrDifference, algorithm: int) -> list[BootEvent]:
    return _left_over(pcr.after, pcr.before, algorithm)


def _gone(pcr: PcrDifference, algorithm: int) -> list[BootEvent]:
    return _left_over(pcr.before, pcr.after, algorithm)


def _left_over(events: Iterable[BootEvent], others: Iterable[BootEvent], algorithm: int) -> list[BootEvent]:
    shared = Counter((event.kind, event.digests[algorithm]) for event in others)
    left: list[BootEvent] = []
    for event in events:
        key = (event.kind, event.digests[algorithm])
        if shared[key]:
            shared[key] -= 1
        else:
            left.append(event)
    return left
