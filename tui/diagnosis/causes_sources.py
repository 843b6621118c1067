"""Reads witnesses out of the facts of each kind of input, in the order of trust. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from tui.diagnosis.causes_events import Window, items, listed, recovery_window
from tui.diagnosis.causes_names import event_name
from tui.diagnosis.causes_witness import NOTHING_CHANGED, Trust, Witness
from tui.diagnosis.events.meanings import API, DRIVER, meanings
from tui.diagnosis.sample import Facts, Parsed
from tui.model.cause import CauseCode, Confidence

_SERVICING = {1034: "dbx", 1037: "dbx", 1036: "db", 1044: "db", 1045: "db", 1043: "KEK", 1799: "boot-manager-authority"}
"""TPM-WMI events after which PCR 7 differs at the next boot, and in which event (Microsoft, KB5016061)."""

_DETAIL_EVENTS = frozenset(range(24705, 24709))
_FIRST_DRIVER_EVENT = 24577


def witnesses(inputs: Sequence[Parsed], profile: frozenset[int] | None = None) -> list[Witness]:
    """All statements about the cause. `profile` is the set of PCRs of the TPM protector where it is known."""
    window = recovery_window(inputs)
    found = [*_from_window(window, profile)] if window is not None else [*_from_logs_without_boots(inputs)]
    for parsed in inputs:
        found += _from_input(parsed, profile)
    return sorted(set(found), key=lambda witness: witness.order)


def _from_input(parsed: Parsed, profile: frozenset[int] | None) -> Iterator[Witness]:
    if parsed.kind == "recovery-screen":
        yield from _screen(parsed)
    elif parsed.kind == "event-text":
        yield from _event_text(parsed)
    elif parsed.kind == "tcg-pair":
        yield from _pair(parsed, profile)
    elif parsed.kind == "ticket":
        yield from _ticket(parsed.facts)


def _code(value: Any) -> CauseCode | None:
    """A cause code; `unknown` and what is no code name nothing."""
    known = {str(code) for code in CauseCode} - {str(CauseCode.UNKNOWN)}
    return CauseCode(value) if isinstance(value, str) and value in known else None


def _pcr(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 else None


def _screen(parsed: Parsed) -> Iterator[Witness]:
    facts = parsed.facts
    code = _code(facts.get("cause"))
    if code is None:
        if facts.get("code"):
            says = f"the recovery screen shows {facts['code']}, which names no cause"
            yield Witness(Trust.SCREEN, CauseCode.UNKNOWN, says, Confidence.NONE)
        return
    told = facts.get("detail")
    detail: Facts = told if isinstance(told, dict) else {}
    pcr = _pcr(facts.get("pcr"))
    event = event_name(pcr, detail.get("observed_event_type"), detail.get("observed_label")) if detail else None
    if facts.get("detail_line"):
        says = f"the recovery screen's detail line names PCR {pcr}" + (f", event {event}" if event else "")
        yield Witness(Trust.SCREEN, code, says, Confidence.CERTAIN, pcr, event or facts.get("event"))
    elif facts.get("code"):
        exact = not any("code was read as" in problem for problem in parsed.problems)
        says = f"the recovery screen shows {facts['code']}" + ("" if exact else ", as far as it can be read")
        yield Witness(Trust.SCREEN, code, says, Confidence.CERTAIN if exact else Confidence.LIKELY)
    elif code is CauseCode.NOT_BITLOCKER:
        says = "the screen is the recovery environment's own and asks for no key ID"
        yield Witness(Trust.SCREEN, code, says, Confidence.LIKELY)
    else:
        yield Witness(Trust.SCREEN, code, "the recovery screen says so in words", Confidence.LIKELY)


def _from_window(window: Window, profile: frozenset[int] | None) -> Iterator[Witness]:
    confidence = Confidence.CERTAIN if window.recovery else Confidence.LIKELY
    boot = "the recovery boot" if window.recovery else "the last boot in the logs"
    for entry in window.mismatches:
        yield _mismatch(entry, boot, confidence)
    for entry in window.during:
        code = _code(entry.get("cause"))
        if code is not None and entry.get("role") == "cause":
            yield _boot_event(code, str(entry.get("event", "")), str(entry.get("meaning", "")), boot, confidence)
    if window.recovery:
        says = f"a recovery key was used for the boot of {window.time[:19]}Z"
        yield Witness(Trust.BOOT_EVENT, CauseCode.UNKNOWN, says, Confidence.NONE)
    if window.recovery and (profile is None or 7 in profile):
        yield from _servicing(window)


def _mismatch(entry: Facts, boot: str, confidence: Confidence) -> Witness:
    pcr = _pcr(entry.get("pcr"))
    sides = [side for name in ("observed", "expected") if isinstance(side := entry.get(name), dict)]
    named = [event_name(pcr, side.get("event_type"), side.get("label")) for side in sides]
    event = next((name for name in named if name), None)
    says = f"{entry.get('event')} of {boot}: PCR {pcr} differs from the sealed one" + (f" in {event}" if event else "")
    return Witness(Trust.MISMATCH_EVENT, CauseCode.PCR_MISMATCH, says, confidence, pcr, event)


def _boot_event(code: CauseCode, event: str, meaning: str, boot: str, confidence: Confidence) -> Witness:
    # 24638 and 24643 are also written when the PCRs did not match under a PIN.
    weak = code in (CauseCode.WRONG_PIN, CauseCode.TPM_FAILURE) and confidence is Confidence.CERTAIN
    says = f"{event} of {boot}: {meaning}"
    return Witness(Trust.BOOT_EVENT, code, says, Confidence.LIKELY if weak else confidence)


def _servicing(window: Window) -> Iterator[Witness]:
    for entry in window.before:
        provider, _, number = str(entry.get("event", "")).rpartition("/")
        event = _SERVICING.get(int(number)) if number.isdigit() and provider.endswith("TPM-WMI") else None
        if event:
            says = f"{entry['event']} in the run before the recovery boot: {entry.get('meaning', '')}"
            yield Witness(Trust.SERVICING, CauseCode.SECUREBOOT_CHANGED, says, Confidence.LIKELY, 7, event)


def _from_logs_without_boots(inputs: Sequence[Parsed]) -> Iterator[Witness]:
    """A System log that was cut or filtered: the last event that names a cause, without its boot."""
    for parsed in inputs:
        if parsed.kind != "evtx":
            continue
        where = "a log that holds no boot"
        for entry in listed(parsed, "mismatches")[-1:]:
            yield _mismatch(entry, where, Confidence.LIKELY)
        named = [entry for entry in listed(parsed, "timeline") if entry.get("role") == "cause"]
        for entry in named[-1:]:
            if (code := _code(entry.get("cause"))) is not None:
                event, meaning = str(entry.get("event", "")), str(entry.get("meaning", ""))
                yield _boot_event(code, event, meaning, where, Confidence.LIKELY)


def _event_text(parsed: Parsed) -> Iterator[Witness]:
    entries = [entry for entry in listed(parsed, "events") if isinstance(entry.get("id"), int)]
    near = any(_is_bitlocker(entry) for entry in entries)
    for entry in entries:
        number = entry["id"]
        confidence = Confidence.LIKELY if entry.get("provider") or entry.get("time") else Confidence.POSSIBLE
        if number in _DETAIL_EVENTS and _pcr(entry.get("pcr")) is not None:
            yield _mismatch({**entry, "event": f"{DRIVER}/{number}"}, "the text", confidence)
            continue
        meaning = meanings().get((API, number)) or meanings().get((DRIVER, number))
        code = _code(meaning.cause) if meaning and meaning.role in ("cause", "mismatch") else None
        if meaning is None or code is None:
            continue
        if _is_bitlocker(entry) or (near and not entry.get("provider")):
            yield _boot_event(code, f"event {number}", meaning.words, "the text", confidence)
        elif not entry.get("provider"):
            says = f"event {number} of the text would name {code} if its source is BitLocker, which is not said"
            yield Witness(Trust.BOOT_EVENT, CauseCode.UNKNOWN, says, Confidence.NONE)


def _is_bitlocker(entry: Facts) -> bool:
    """Its source is BitLocker's, or its number is not shared: 521 to 531 are logons too."""
    provider = str(entry.get("provider") or "").lower()
    return "bitlocker" in provider or "fvevol" in provider or (not provider and entry["id"] >= _FIRST_DRIVER_EVENT)


def _pair(parsed: Parsed, profile: frozenset[int] | None) -> Iterator[Witness]:
    codes = [code for value in items(parsed.facts.get("cause")) if (code := _code(value))]
    changed = {pcr for value in items(parsed.facts.get("changed_pcrs")) if (pcr := _pcr(value)) is not None}
    if changed and not codes:
        says = f"between the two measured-boot logs these PCRs differ: {_numbers(changed)}; nothing known explains it"
        yield Witness(Trust.BOOT_LOGS, CauseCode.UNKNOWN, says, Confidence.NONE)
    for code in codes[:1]:
        decisive = _decisive(codes, changed, profile)
        says = _pair_says(decisive or code, changed, profile)
        if decisive is None:
            yield Witness(Trust.BOOT_LOGS, CauseCode.UNKNOWN, says, Confidence.NONE)
        else:
            confidence = _pair_confidence(changed, profile)
            yield Witness(Trust.BOOT_LOGS, decisive, says, confidence, *_first_event(decisive, parsed, profile))


def _decisive(codes: list[CauseCode], changed: set[int], profile: frozenset[int] | None) -> CauseCode | None:
    """Of several changes the one that the protector notices; None where it notices none of them.

    Where its PCRs are not known, the usual profile of UEFI machines (7, 11) decides between several.
    """
    noticed = changed & (profile or frozenset({7, 11}))
    kept = [code for code in codes if code in NOTHING_CHANGED or _PCRS_OF.get(code, changed) & noticed]
    if kept:
        return kept[0]
    return codes[0] if profile is None else None


_USUAL_PCRS = frozenset({0, 2, 4, 7, 11})
"""What Windows seals to by default, with and without PCR 7."""

_PCRS_OF: dict[CauseCode, set[int]] = {
    CauseCode.FIRMWARE_UPDATE: {0},
    CauseCode.SECUREBOOT_CHANGED: {7},
    CauseCode.SECUREBOOT_DISABLED: {7},
    CauseCode.BOOT_APP_CHANGED: {4, 8, 9},
    CauseCode.BOOT_ORDER: {1, 4},
    CauseCode.PARTITION: {5},
    CauseCode.MOK_LIST: {14},
    CauseCode.PCR_MISMATCH: {2, 3},
}


def _first_event(code: CauseCode, parsed: Parsed, profile: frozenset[int] | None) -> tuple[int | None, str | None]:
    wanted = _PCRS_OF.get(code, set())
    entries = listed(parsed, "per_pcr")
    for entry in sorted(entries, key=lambda entry: entry.get("pcr") not in _USUAL_PCRS):
        pcr = _pcr(entry.get("pcr"))
        if pcr in wanted and (profile is None or pcr in profile):
            side = next((side for name in ("b", "a") if isinstance(side := entry.get(name), dict)), {})
            return pcr, event_name(pcr, side.get("event_type"), side.get("variable") or side.get("text"))
    return None, None


def _pair_says(code: CauseCode, changed: set[int], profile: frozenset[int] | None) -> str:
    says = f"between the two measured-boot logs these PCRs differ: {_numbers(changed)}; that is {code}"
    if profile is None:
        return f"{says}; the protector's PCRs are not known"
    return f"{says}; of them the protector watches: {_numbers(changed & profile)}"


def _numbers(pcrs: set[int]) -> str:
    return ", ".join(map(str, sorted(pcrs))) or "none"


def _pair_confidence(changed: set[int], profile: frozenset[int] | None) -> Confidence:
    if profile is None:
        return Confidence.POSSIBLE if changed - {1, 12, 13, 14} else Confidence.LIKELY
    return Confidence.LIKELY


def _ticket(facts: Facts) -> Iterator[Witness]:
    code = _code(facts.get("cause"))
    if code is None or code in NOTHING_CHANGED:
        return
    quoted = [str(error) for error in items(facts.get("error_codes")) if str(error).startswith("E_")]
    says = f"the ticket quotes {', '.join(quoted)}" if quoted else f"the ticket's text tells of {code}"
    event = facts.get("event") if isinstance(facts.get("event"), str) else None
    confidence = Confidence.LIKELY if quoted else Confidence.POSSIBLE
    yield Witness(Trust.TICKET, code, says, confidence, _pcr(facts.get("pcr")), event)
