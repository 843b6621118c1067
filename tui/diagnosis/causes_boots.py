"""Measured-boot logs of several boots: the boot that a recovery key opened against the one before it. Pure.

Windows writes how BitLocker was unlocked into PCR 12 (SIPA BitlockerUnlock, wbcl.h) and counts its boots, so that a
folder of logs tells by itself which two to compare.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tui.diagnosis.causes_events import items, listed
from tui.diagnosis.causes_witness import Trust, Witness
from tui.diagnosis.sample import Facts, Parsed
from tui.model.cause import CauseCode, Confidence

RECOVERY = 0x40
"""BitlockerUnlock: opened with a recovery password or recovery key."""

_STATIC = (0, 2, 4, 7)
"""PCRs of the usual profiles whose value is final before Windows runs; 11 is BitLocker's own and ends the same."""

_VARIABLES = ("SecureBoot", "KEK", "db", "dbx")
_BANKS = ("sha256", "sha384", "sha512", "sha1")


def boot_log_witnesses(inputs: Sequence[Parsed], profile: frozenset[int] | None) -> Iterator[Witness]:
    """What differs at the last boot opened with a recovery key; nothing where the boot before it has no log."""
    if any(parsed.kind == "tcg-pair" for parsed in inputs):
        return
    boots = _boots(inputs)
    opened = [count for count, facts in boots.items() if _unlock(facts) & RECOVERY]
    if not opened:
        return
    count = max(opened)
    earlier = [other for other in boots if other < count]
    says = f"measured-boot log of boot {count}: BitLocker was unlocked with a recovery key"
    yield Witness(Trust.BOOT_LOGS, CauseCode.UNKNOWN, says, Confidence.NONE)
    if earlier:
        yield from _change(boots[max(earlier)], boots[count], max(earlier), count, profile)


def _boots(inputs: Sequence[Parsed]) -> dict[int, Facts]:
    """One log a boot by its count; of a boot and its resumes any serves, as they differ from PCR 11 on only."""
    found: dict[int, Facts] = {}
    logs = sorted(
        (parsed.facts for parsed in inputs if parsed.kind == "tcg"), key=lambda facts: (-_unlock(facts), repr(facts))
    )
    for facts in logs:
        counts = items(_mapping(facts.get("sipa_flags")).get("BootCounter"))
        if counts and isinstance(counts[0], int) and not facts.get("malformed"):
            found.setdefault(counts[0], facts)
    return found


def _mapping(value: Any) -> Facts:
    return value if isinstance(value, dict) else {}


def _unlock(facts: Facts) -> int:
    """The boot manager's own value, which is the first; the loader's later one only says that the key was at hand."""
    values = [entry.get("value") for entry in items(facts.get("bitlocker_unlock")) if isinstance(entry, dict)]
    return values[0] if values and isinstance(values[0], int) else 0


def _change(old: Facts, new: Facts, before: int, count: int, profile: frozenset[int] | None) -> Iterator[Witness]:
    changed = _changed(old, new) & (profile if profile is not None else frozenset(_STATIC))
    numbers = ", ".join(map(str, sorted(changed))) or "none"
    watched = "watched" if profile is not None else "usual"
    says = f"of the {watched} PCRs these differ between boot {before} and the recovery boot {count}: {numbers}"
    confidence = Confidence.LIKELY if profile is not None else Confidence.POSSIBLE
    if changed == {7}:
        event = _event(old, new)
        says += f"; in PCR 7 it is {event}" if event else ""
        yield Witness(Trust.BOOT_LOGS, _secure_boot(old, new), says, confidence, 7, event)
    elif changed == {0}:
        yield Witness(Trust.BOOT_LOGS, CauseCode.FIRMWARE_UPDATE, says, confidence, 0)
    elif changed:
        only = min(changed) if len(changed) == 1 else None
        yield Witness(Trust.BOOT_LOGS, CauseCode.PCR_MISMATCH, says, confidence, only)
    else:
        yield Witness(Trust.BOOT_LOGS, CauseCode.UNKNOWN, says, Confidence.NONE)


def _changed(old: Facts, new: Facts) -> frozenset[int]:
    before, after = _mapping(old.get("replayed_pcrs")), _mapping(new.get("replayed_pcrs"))
    bank = next((name for name in _BANKS if name in before and name in after), "")
    values = _mapping(before.get(bank)), _mapping(after.get(bank))
    return frozenset(pcr for pcr in _STATIC if values[0].get(str(pcr)) != values[1].get(str(pcr)))


def _secure_boot(old: Facts, new: Facts) -> CauseCode:
    turned_off = old.get("secure_boot") is True and new.get("secure_boot") is False
    return CauseCode.SECUREBOOT_DISABLED if turned_off else CauseCode.SECUREBOOT_CHANGED


def _event(old: Facts, new: Facts) -> str | None:
    """The variable whose size changed, if it is the only one, or the authority of the boot manager."""
    before, after = _mapping(old.get("efi_variables")), _mapping(new.get("efi_variables"))
    sizes = [name for name in _VARIABLES if before.get(name) != after.get(name)]
    if len(sizes) == 1:
        return sizes[0]
    if old.get("secure_boot") is True and new.get("secure_boot") is False:
        return "SecureBoot"
    return "boot-manager-authority" if not sizes and _authorities(old) != _authorities(new) else None


def _authorities(facts: Facts) -> list[Any]:
    return [entry.get("subject_cn") for entry in listed(Parsed("tcg", facts), "authorities") if entry.get("pcr") == 7]
