"""What a ticket's text says: key IDs, updates, codes, devices, and the cause as far as free text carries it."""

import re
from functools import lru_cache

from tui.diagnosis.recovery_screen_codes import ScreenCode
from tui.diagnosis.recovery_screen_detail import find_detail
from tui.diagnosis.redact import redact, unmarked
from tui.diagnosis.sample import Format, Parsed, Sample
from tui.diagnosis.ticket_text_cause import (
    NO_HEADING,
    first_prompt,
    heading_at,
    is_about_bitlocker,
    read_cause,
    read_recurrence,
    rules_out_bitlocker,
)
from tui.diagnosis.ticket_text_ids import Identifiers, read_identifiers, suspects_in
from tui.diagnosis.ticket_text_words import NUMBER, STOP, read_words
from tui.model.cause import UNKNOWN_CAUSE, Cause, CauseCode, Confidence
from tui.model.incident import Recurrence, TicketReading

KIND = "ticket"
_READ = 20_000
"""Characters that are read for the cause; as many as the door for untrusted text keeps of one text."""
_SEARCHED = 200_000
"""Characters that are searched for identifiers."""

_NOTHING = Identifiers()
_FEWEST_GROUPS = 4
_FEWEST_HALVES = 12
_GROUP = re.compile(r"\d{6}")

_EVENT_CAUSES = {
    24635: CauseCode.PCR_MISMATCH,
    521: CauseCode.PCR_MISMATCH,
    522: CauseCode.BOOT_APP_CHANGED,
    523: CauseCode.BCD_CHANGED,
    524: CauseCode.TPM_SRK,
    525: CauseCode.TPM_DISABLED,
    526: CauseCode.TPM_ABSENT,
    527: CauseCode.PARTITION,
    528: CauseCode.BOOT_DEBUG,
    529: CauseCode.CI_DISABLED,
    530: CauseCode.DEVICE_LOCKOUT,
    531: CauseCode.LOCKOUT_MISMATCH,
    823: CauseCode.SECUREBOOT_DISABLED,
    824: CauseCode.SECUREBOOT_CHANGED,
    24627: CauseCode.BOOT_DEBUG,
    24633: CauseCode.TPM_DISABLED,
    24634: CauseCode.TPM_SRK,
    24637: CauseCode.BOOT_APP_CHANGED,
    24645: CauseCode.NETWORK_UNLOCK,
    24657: CauseCode.SECUREBOOT_DISABLED,
    24658: CauseCode.SECUREBOOT_CHANGED,
    24659: CauseCode.DEVICE_LOCKOUT,
}
"""Events of BitLocker-API and BitLocker-Driver that name why the boot manager asked."""
_GENERAL = frozenset({CauseCode.PCR_MISMATCH})
_UNKNOWN, _NOT_BITLOCKER = CauseCode.UNKNOWN, CauseCode.NOT_BITLOCKER
_FEWEST_LOW_LINES = 6
"""A detail line of the recovery screen has as many."""


def read_ticket(text: str, title: str = "") -> TicketReading:
    """Read one ticket. Takes some ten microseconds for a text without identifiers, and is linear in its length.

    A title sums the text up and is no part of its story: it may name the prompt or the change, in an order of its own.
    Recovery passwords may stand there, or the markers of `redact` instead of them.
    """
    text, title = unmarked(text), unmarked(title)
    code, suspects = read_words(text[:_READ])
    heading, named, passwords = NO_HEADING, _NOTHING, 0
    if title:
        named_first, more = read_words(title[:_READ])
        heading = heading_at(len(code) + len(STOP), named_first)
        code, suspects, text = f"{code}{STOP}{named_first}", suspects + more, f"{text}\n{title}"
    if len(text) > _READ:
        suspects += suspects_in(text[:_SEARCHED].lower()[_READ:])
    if _may_hold_password(code, suspects):
        head, passwords = redact(text[:_READ])
        if passwords:
            text = head + text[_READ:_SEARCHED]
    prompt = first_prompt(code)
    cause = None
    if suspects:
        named = read_identifiers(text, text[:_SEARCHED].lower(), suspects)
        cause = _named_cause(named, text)
    cause = cause or read_cause(code, prompt, heading)
    recurrence: Recurrence = "unknown"
    if prompt >= 0 and cause.code is not _NOT_BITLOCKER:
        after_update = bool(named.kbs) or (cause.event == "dbx" and cause.code is CauseCode.SECUREBOOT_CHANGED)
        recurrence = read_recurrence(code, after_update)
    bitlocker = _is_bitlocker(cause, code, named, prompt)
    if named is _NOTHING and not passwords:
        return _without_identifiers(cause, bitlocker, recurrence)
    ids = named.key_id_prefixes, named.kbs, named.error_codes, named.devices
    return TicketReading(*ids, cause, bitlocker, recurrence, passwords)


@lru_cache(maxsize=1_000)
def _without_identifiers(cause: Cause, bitlocker: bool | None, recurrence: Recurrence) -> TicketReading:
    """One reading for all the tickets that say no more than this: most of a queue."""
    return TicketReading(cause=cause, bitlocker=bitlocker, recurrence=recurrence)


def _may_hold_password(code: str, suspects: tuple[str, ...]) -> bool:
    """Four groups of six digits or more, in one token or in several, or as many halves of groups."""
    if code.count(NUMBER) >= _FEWEST_HALVES:
        return True
    return bool(suspects) and len(_GROUP.findall(" ".join(suspects))) >= _FEWEST_GROUPS


def _named_cause(named: Identifiers, text: str) -> Cause | None:
    """A code of the screen, a detail line or an event number that the ticket quotes decides before its prose."""
    if len(named.screen_codes) > 1:
        return UNKNOWN_CAUSE
    if named.screen_codes and (cause := _screen_cause(named.screen_codes[0])):
        return cause
    if text.count("_") >= _FEWEST_LOW_LINES and (detail := find_detail(text[:_READ])):
        says = f"the ticket quotes the screen's detail line: PCR {detail.pcr}, {detail.observed_label or 'no label'}"
        return Cause(detail.cause, detail.pcr, detail.event, Confidence.LIKELY, (says,))
    causes = {_EVENT_CAUSES[event]: event for event in named.events if event in _EVENT_CAUSES}
    precise = [code for code in causes if code not in _GENERAL] or list(causes)
    if len(precise) != 1:
        return None
    return Cause(precise[0], confidence=Confidence.LIKELY, because=(f"the ticket quotes event {causes[precise[0]]}",))


@lru_cache
def _screen_cause(screen: ScreenCode) -> Cause | None:
    if screen.cause is _UNKNOWN:
        return None
    pcr = 7 if screen.name.startswith("E_FVE_SECUREBOOT") else None
    says = f"the ticket quotes the screen's code {screen.name}"
    return Cause(screen.cause, pcr, confidence=Confidence.LIKELY, because=(says,))


def _is_bitlocker(cause: Cause, code: str, named: Identifiers, prompt: int) -> bool | None:
    if cause.code is not _UNKNOWN:
        return cause.code is not _NOT_BITLOCKER
    if prompt >= 0 or named.key_id_prefixes:
        return True
    return True if is_about_bitlocker(code) and not rules_out_bitlocker(code) else None


def recognise(sample: Sample) -> int:
    """Any short text that speaks of BitLocker, recovery or a boot in trouble; every other format comes first."""
    if sample.text is None or not sample.text.strip() or len(sample.text) > _READ:
        return 0
    reading = read_ticket(sample.text)
    if reading.bitlocker is not None or reading.key_id_prefixes:
        return 25 if len(sample.text) < 4_000 else 12
    return 0


def parse(sample: Sample) -> Parsed:
    """Facts of a ticket, in the words of `reseal triage`."""
    reading = read_ticket(sample.text or "")
    facts = {
        "type": KIND,
        "kb": reading.kbs[0] if reading.kbs else None,
        "kbs": list(reading.kbs),
        "key_id_prefixes": list(reading.key_id_prefixes),
        "error_codes": list(reading.error_codes),
        "devices": list(reading.devices),
        "cause": str(reading.cause.code),
        "pcr": reading.cause.pcr,
        "event": reading.cause.event,
        "bitlocker": reading.bitlocker,
        "recurrence": None if reading.recurrence == "unknown" else reading.recurrence,
    }
    return Parsed(KIND, facts)


FORMATS = (Format(KIND, recognise, parse),)
