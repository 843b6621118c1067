"""Which group an incident belongs to: cause with PCR and event, trigger in the device's own window, predicate. Pure.

A deciding fact that is not known is never taken for another that is not known: without it the group claims nothing.
Which facts decide follows from what can bring a cause about (reference: what a change touches in the PCRs).
"""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from tui.model.cause import Cause, CauseCode, Confidence
from tui.model.group import CLONE, NONE_CAME, Grade, GroupKey
from tui.model.incident import Incident, TicketReading
from tui.services.incident_evidence import IncidentEvidence

_C = CauseCode


class Trigger(Enum):
    """What can bring a cause about, and so has to be known before two incidents are one."""

    NOBODYS_UPDATE = auto()
    """A person, or hardware that moved: no update decides."""
    WINDOWS = auto()
    """A Windows update, or nothing."""
    FIRMWARE = auto()
    """A firmware update, or a hand in the firmware's set-up."""
    SECURE_BOOT_VARIABLE = auto()
    """Windows' Secure Boot servicing, firmware that resets its keys, or a tool: only knowing which of them decides."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Deciding facts of a cause beyond its name."""

    trigger: Trigger
    register: bool = False
    event: bool = False


_FIRMWARE_PCRS = frozenset({0, 1, 2, 3})
_MEASURED = frozenset({_C.PCR_MISMATCH, _C.SECUREBOOT_CHANGED})
_BY_FIRMWARE = frozenset(
    {_C.FIRMWARE_UPDATE, _C.TPM_CLEARED, _C.TPM_DISABLED, _C.TPM_SRK, _C.TPM_FAILURE, _C.SECUREBOOT_DISABLED}
)
_BY_WINDOWS = frozenset({_C.WINRE_BOOT_FAILURE, _C.BOOT_APP_CHANGED, _C.BCD_CHANGED})
_VARIABLES = frozenset({"db", "dbx", "KEK", "SecureBoot"})


def _one_name(code: CauseCode, pcr: int | None) -> tuple[CauseCode, int | None]:
    """One name for what has two: PCR 7 holds the Secure Boot state, PCR 0 the firmware's code."""
    if code is _C.PCR_MISMATCH and pcr == 7:
        return _C.SECUREBOOT_CHANGED, 7
    if code is _C.FIRMWARE_UPDATE or (code is _C.PCR_MISMATCH and pcr == 0):
        return _C.FIRMWARE_UPDATE, 0
    return code, pcr


_OF_FIRMWARE, _OF_ROM = Needs(Trigger.FIRMWARE, register=True), Needs(Trigger.FIRMWARE, register=True, event=True)
_OF_VARIABLE = Needs(Trigger.SECURE_BOOT_VARIABLE, register=True, event=True)
_OF_MEASURED = Needs(Trigger.WINDOWS, register=True, event=True)
_BY_CODE = {
    code: Needs(
        Trigger.FIRMWARE if code in _BY_FIRMWARE else Trigger.WINDOWS if code in _BY_WINDOWS else Trigger.NOBODYS_UPDATE
    )
    for code in CauseCode
}


def needs_of(code: CauseCode, pcr: int | None, event: str | None) -> Needs:
    """What decides beyond the cause's name."""
    if code not in _MEASURED:
        return _BY_CODE[code]
    if pcr is not None and pcr in _FIRMWARE_PCRS:
        return _OF_ROM if pcr == 2 else _OF_FIRMWARE
    return _OF_VARIABLE if event in _VARIABLES else _OF_MEASURED


def group_key(incident: Incident, evidence: IncidentEvidence | None) -> GroupKey:
    """The group that the incident belongs to by itself, before any hand has moved it."""
    reading = incident.reading
    if evidence is None:
        cause = reading.cause
        return _told(cause.code, cause.pcr, cause.event, _only(reading.kbs), reading.bitlocker is False)
    return _known(evidence, reading)


@lru_cache(maxsize=4096)
def _told(code: CauseCode, pcr: int | None, event: str | None, kb: str, no_bitlocker: bool) -> GroupKey:
    """From the ticket's words alone: a caller's cause and a caller's update, claimed as such."""
    if no_bitlocker:
        return GroupKey(_C.NOT_BITLOCKER, grade=Grade.TOLD)
    if code is _C.UNKNOWN:
        return GroupKey(_C.UNKNOWN, update=kb)
    code, pcr = _one_name(code, pcr)
    needs = needs_of(code, pcr, event)
    register = -1 if pcr is None else pcr
    if needs.trigger is Trigger.NOBODYS_UPDATE:
        return GroupKey(code, register, event or "", grade=Grade.TOLD)
    if needs.trigger is Trigger.FIRMWARE:
        return GroupKey(code, register, event or "")
    decided = bool(kb) and (pcr is not None or not needs.register)
    return GroupKey(code, register, event or "", kb, grade=Grade.TOLD if decided else Grade.UNDETERMINED)


def _known(evidence: IncidentEvidence, reading: TicketReading) -> GroupKey:
    if evidence.network_unlock:
        return GroupKey(_C.NETWORK_UNLOCK, grade=Grade.EVIDENCE)
    if evidence.clone:
        return GroupKey(_C.UNKNOWN, grade=Grade.EVIDENCE, part=CLONE)
    cause = evidence.cause
    if evidence.winre:
        cause = Cause(_C.WINRE_BOOT_FAILURE, confidence=Confidence.LIKELY)
    if cause is None or not _names(cause):
        told = reading.cause
        kb = evidence.kb or _only(reading.kbs)
        return _told(told.code, told.pcr, told.event, "" if kb == NONE_CAME else kb, reading.bitlocker is False)
    return _decided(cause, evidence)


_SPEAK_AGAINST = frozenset({_C.UNKNOWN, _C.NO_CHANGE, _C.RESUME, _C.REBOOT_NOISE})
"""Two measured-boot logs that differ in nothing speak against a change, not for a cause."""


def _names(cause: Cause) -> bool:
    """A cause that carries a group: likely at the least, and no mere "the TPM gave no key" (event 24636)."""
    if cause.code is _C.TPM_FAILURE:
        return cause.confidence is Confidence.CERTAIN
    return cause.code not in _SPEAK_AGAINST and cause.confidence in (Confidence.CERTAIN, Confidence.LIKELY)


def _decided(cause: Cause, evidence: IncidentEvidence) -> GroupKey:
    code, pcr = _one_name(cause.code, cause.pcr)
    needs = needs_of(code, pcr, cause.event)
    update = _trigger(needs, cause, evidence)
    known = update is not None and not (needs.register and pcr is None) and not (needs.event and not cause.event)
    predicate = evidence.predicate if update and update.startswith("KB") else NONE_CAME
    return GroupKey(
        code,
        -1 if pcr is None else pcr,
        cause.event or "",
        update or "",
        "" if predicate == NONE_CAME else predicate,
        Grade.EVIDENCE if known and predicate else Grade.UNDETERMINED,
    )


def _trigger(needs: Needs, cause: Cause, evidence: IncidentEvidence) -> str | None:
    """What came in the device's own window and can have done it; None when that is not known."""
    if needs.trigger is Trigger.NOBODYS_UPDATE:
        return ""
    if needs.trigger is Trigger.WINDOWS:
        return evidence.kb or None
    if needs.trigger is Trigger.FIRMWARE:
        return _new_firmware(cause, evidence) or None
    if evidence.servicing and evidence.servicing == cause.event:
        return evidence.kb or None
    if not evidence.servicing or not evidence.firmware:
        return None
    return evidence.firmware


def _new_firmware(cause: Cause, evidence: IncidentEvidence) -> str:
    """PCR 0 measures the firmware's own code: where it differs, firmware came, whatever else is known."""
    facets = evidence.facets
    if cause.pcr == 0 and evidence.firmware in ("", NONE_CAME):
        return f"{facets.model} {facets.firmware}" if facets.model and facets.firmware else ""
    return evidence.firmware


def _only(kbs: tuple[str, ...]) -> str:
    return kbs[0] if len(kbs) == 1 else ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that would decide: what it is, how to get it, and the question for the caller where one can ask."""

    fact: str
    how: str
    question: str = ""


_SCREEN = Missing(
    "the code on the recovery screen",
    "Windows 11 24H2 and later show it behind Alt; older builds only in the System log after the unlock",
    "On the blue BitLocker screen please press Alt once. Which code beginning with E_ and which long line appear?",
)
_REGISTER = Missing(
    "which PCR differed",
    "the detail line behind Alt on the recovery screen, or events 24705-24708 after the unlock",
    "On the blue BitLocker screen please press Alt once and read out the long line with underscores.",
)
_EVENT = Missing(
    "which measured event differed",
    "the detail line behind Alt, events 24705-24708, or two measured-boot logs",
    "On the blue BitLocker screen please press Alt once and read out the long line with underscores.",
)
_UPDATE = Missing(
    "the update that came with the boot",
    "the System log of the boot before and of this one, after the unlock",
    "Did Windows install updates and restart just before the blue screen came? Which KB number does it name?",
)
_FIRMWARE = Missing(
    "whether firmware was updated in the same window, and to which version",
    "two measured-boot logs, or the firmware's version before and after",
    "Did a BIOS or firmware update run before the blue screen came? Which version does it show?",
)
_SERVICING = Missing(
    "whether Windows itself changed Secure Boot variables in the window",
    "TPM-WMI events 1034 to 1045 and 1799 of the System log",
)
_PREDICATE = Missing(
    "whether the known issue's conditions hold",
    "run the collector after the unlock: policy profile, PCR 7 binding, boot manager, db",
)


def missing_facts(key: GroupKey) -> tuple[Missing, ...]:
    """What would decide an undetermined group's members, the most telling first."""
    if key.claims:
        return ()
    if key.cause is _C.UNKNOWN:
        return (_SCREEN,) if key.update else (_SCREEN, _UPDATE)
    needs = needs_of(key.cause, None if key.pcr < 0 else key.pcr, key.event or None)
    wanted: list[Missing] = []
    if needs.register and key.pcr < 0:
        wanted.append(_REGISTER)
    elif needs.event and not key.event:
        wanted.append(_EVENT)
    if not key.update:
        wanted += {
            Trigger.WINDOWS: [_UPDATE],
            Trigger.FIRMWARE: [_FIRMWARE],
            Trigger.SECURE_BOOT_VARIABLE: [_SERVICING, _FIRMWARE],
        }.get(needs.trigger, [])
    return tuple(wanted) or (_PREDICATE,)


def question_for(key: GroupKey) -> str:
    """One question for every caller: for a deciding fact, or, where callers' words are all there is, for the proof."""
    asked = [missing.question for missing in missing_facts(key) if missing.question]
    if not asked and key.grade is Grade.TOLD:
        asked = [_SCREEN.question]
    return asked[0] if asked else ""
