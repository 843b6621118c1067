"""The facts of one measured-boot log."""

from collections import Counter, defaultdict

from tui.diagnosis.measured_boot import describe
from tui.diagnosis.measured_boot.efi import authority_subject, image_path, read_variable
from tui.diagnosis.measured_boot.log import BootLog
from tui.diagnosis.measured_boot.names import (
    EV_EFI_ACTION,
    EV_EFI_BOOT_SERVICES_APPLICATION,
    EV_EFI_BOOT_SERVICES_DRIVER,
    EV_EFI_VARIABLE_AUTHORITY,
    algorithm_name,
    event_name,
)
from tui.diagnosis.measured_boot.replay import replay
from tui.diagnosis.measured_boot.sipa import BITLOCKER_UNLOCK, FLAG_NAMES, is_windows, sipa_records
from tui.diagnosis.sample import Facts

_EXIT_BOOT_SERVICES = b"Exit Boot Services Invocation"
_OPTION_ROM_PCR = 2
_COUNT_NOTE = "the spec-ID header event counts"


def log_facts(log: BootLog) -> Facts:
    """The facts of a log; of one that was cut off, those of its readable part, without replayed values."""
    per_pcr = {str(pcr): count for pcr, count in sorted(Counter(event.pcr for event in log.events).items())}
    if log.error:
        head: Facts = {
            "malformed": True,
            "error_hint": log.error,
            "readable_events": len(log.events),
            "readable_events_per_pcr": per_pcr,
        }
        return {"type": "tcg", **head, **_form(log), **_content(log)}
    head = {
        "event_count": len(log.events),
        "event_count_note": _COUNT_NOTE,
        "trailing_bytes": log.trailing,
        "events_per_pcr": per_pcr,
    }
    values = {bank: {str(pcr): value.hex() for pcr, value in pcrs.items()} for bank, pcrs in replay(log).items()}
    return {"type": "tcg", "malformed": False, **_form(log), **head, **_content(log), "replayed_pcrs": values}


def _form(log: BootLog) -> Facts:
    names = [algorithm_name(algorithm) for algorithm in log.algorithms]
    if log.spec is None:
        return {"format": "sha1-legacy", "spec": None, "algorithms": names}
    spec: Facts = {
        "signature": "Spec ID Event03",
        "platform_class": log.spec.platform_class,
        "version": log.spec.version,
        "errata": log.spec.errata,
        "uintn_size": log.spec.uintn_size,
        "algorithms": names,
    }
    facts: Facts = {"format": "crypto-agile", "spec": spec, "algorithms": names}
    if log.spec.vendor:
        facts["vendor_info"] = log.spec.vendor.hex()
    return facts


def _content(log: BootLog) -> Facts:
    variables: dict[str, int] = {}
    for name, variable in describe.configuration(log):
        variables.setdefault(name, variable.size)
    return {
        "secure_boot": describe.secure_boot(log),
        "efi_variables": variables,
        "authorities": _authorities(log),
        "firmware_version": describe.firmware_versions(log),
        "boot_order": describe.boot_order(log),
        "boot_applications": [
            {"pcr": event.pcr, "event": event_name(event.kind), "path": image_path(event.data)}
            for event in log.events
            if event.kind == EV_EFI_BOOT_SERVICES_APPLICATION
        ],
        "option_rom_drivers": sum(
            event.kind == EV_EFI_BOOT_SERVICES_DRIVER and event.pcr == _OPTION_ROM_PCR for event in log.events
        ),
        **_windows(log),
        "ebs_invoked": any(
            event.kind == EV_EFI_ACTION and event.data.startswith(_EXIT_BOOT_SERVICES) for event in log.events
        ),
    }


def _authorities(log: BootLog) -> list[Facts]:
    found: list[Facts] = []
    for event in log.events:
        variable = read_variable(event.data) if event.kind == EV_EFI_VARIABLE_AUTHORITY else None
        if variable:
            found.append(
                {
                    "pcr": event.pcr,
                    "variable": variable.name,
                    "size": variable.size,
                    "subject_cn": authority_subject(variable),
                }
            )
    return found


def _windows(log: BootLog) -> Facts:
    if not is_windows(log):
        return {"windows": False}
    flags: defaultdict[str, list[int]] = defaultdict(list)
    unlocks: list[Facts] = []
    for record in sipa_records(log):
        if record.kind == BITLOCKER_UNLOCK:
            unlocks.append({"pcr": record.pcr, "value": record.number})
        elif record.kind in FLAG_NAMES:
            flags[FLAG_NAMES[record.kind]].append(record.number)
    return {"windows": True, "bitlocker_unlock": unlocks, "sipa_flags": dict(sorted(flags.items()))}
