"""What a single input says about the cause, and how far it is trusted."""

from dataclasses import dataclass, replace
from enum import IntEnum

from tui.model.cause import CauseCode, Confidence


class Trust(IntEnum):
    """The order of trust, the most trusted first."""

    MISMATCH_EVENT = 1
    """BitLocker-Driver 24705-24708: Windows' own comparison of sealed and measured events."""
    SCREEN = 2
    BOOT_EVENT = 3
    BOOT_LOGS = 4
    SERVICING = 5
    UPDATE = 6
    TICKET = 7


@dataclass(frozen=True, slots=True)
class Witness:
    """One statement: `says` is the deciding fact in words, `pcr` and `event` are None where it does not tell them.

    A statement whose code is `unknown` names nothing and is only worth saying.
    """

    trust: Trust
    code: CauseCode
    says: str
    confidence: Confidence
    pcr: int | None = None
    event: str | None = None

    @property
    def order(self) -> tuple[int, str, int, str, str]:
        """Sorts witnesses so that the order of the inputs does not matter."""
        return self.trust, self.code, -1 if self.pcr is None else self.pcr, self.event or "", self.says


_C = CauseCode
_SECURE_BOOT = frozenset({_C.SECUREBOOT_CHANGED, _C.SECUREBOOT_DISABLED})
_MEASURED = frozenset({_C.FIRMWARE_UPDATE, _C.BOOT_APP_CHANGED, _C.BOOT_ORDER, _C.MOK_LIST}) | _SECURE_BOOT
_ANY_BOOT_CAUSE = frozenset(_C) - {_C.UNKNOWN, _C.NOT_BITLOCKER, _C.RESUME, _C.REBOOT_NOISE, _C.NO_CHANGE}

REFINES: dict[CauseCode, frozenset[CauseCode]] = {
    _C.PCR_MISMATCH: _MEASURED,
    _C.SECUREBOOT_CHANGED: frozenset({_C.SECUREBOOT_DISABLED}),
}
"""A general name and the more precise ones that may take its place."""

_VAGUE_EVENTS = frozenset({_C.TPM_FAILURE, _C.WRONG_PIN})
"""24636 says only that the TPM gave no key, 24638 and 24643 that TPM and PIN did not: any other event is finer."""

NOTHING_CHANGED = frozenset({_C.RESUME, _C.REBOOT_NOISE, _C.NO_CHANGE})
"""Answers of two measured-boot logs that speak against a change, not for a cause."""

MEASURED = _MEASURED | {_C.PCR_MISMATCH, _C.PARTITION}
"""Causes that two measured-boot logs would show."""

_PCR_OF = {_C.SECUREBOOT_CHANGED: 7, _C.SECUREBOOT_DISABLED: 7, _C.FIRMWARE_UPDATE: 0}


def may_refine(general: Witness, precise: Witness) -> bool:
    """Whether `precise` names what `general` left open, of the same PCR as far as both tell one."""
    if general.trust is Trust.BOOT_EVENT and general.code in _VAGUE_EVENTS:
        return precise.code in _ANY_BOOT_CAUSE - _VAGUE_EVENTS
    if precise.code not in REFINES.get(general.code, frozenset()):
        return False
    told = precise.pcr if precise.pcr is not None else _PCR_OF.get(precise.code)
    return general.pcr is None or told is None or general.pcr == told


def agree(a: Witness, b: Witness) -> bool:
    """Whether two witnesses can both be right: one name or a finer one of it, and no two PCRs or events."""
    if a.code in NOTHING_CHANGED or b.code in NOTHING_CHANGED:
        return not {a.code, b.code} & MEASURED
    if not (a.code == b.code or may_refine(a, b) or may_refine(b, a)):
        return False
    pcrs = {pcr for pcr in (a.pcr, b.pcr) if pcr is not None}
    events = {event for event in (a.event, b.event) if event is not None}
    return len(pcrs) < 2 and len(events) < 2


def with_pcr(witness: Witness) -> Witness:
    """The PCR that the code itself implies: PCR 7 holds the Secure Boot state."""
    if witness.pcr is None and witness.code in _SECURE_BOOT:
        return replace(witness, pcr=7)
    return witness
