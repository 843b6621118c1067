"""From a ticket's concepts to its cause and to how often the prompt comes; `unknown` wherever the text does not decide.

Free text stands last in the order of trust, so nothing here is certain. What is refused on purpose: a remedy that was
tried after the prompt, a question or a plan, a negation, and two causes that exclude each other.
"""

import sys
from dataclasses import dataclass

from tui.diagnosis.ticket_text_patterns import Rule, letters, pattern
from tui.diagnosis.ticket_text_rules import candidates
from tui.diagnosis.ticket_text_words import LETTER, PAUSE, QUESTION, STOP
from tui.model.cause import UNKNOWN_CAUSE, Cause, CauseCode, Confidence
from tui.model.incident import Recurrence

_PROMPT = pattern("recovery|ask --4 (?:key|bitlocker)|bitlocker ..3 (?:ask|key)|key ..3 ask|then ..2 key|boot ..2 key")
_UNASKED = pattern(
    "not --3 ask --6 (?:key|recovery|bitlocker)|not --1 (?:bitlocker)? (?:recovery)? key --3 ask"
    "|not --1 bitlocker --1 ask"
    "|not --1 key --5 ask (?:$|[.,])"
    "|not --1 key --1 (?:$|[.,])"
)
_AFTER = LETTER["after"]
_SPOILED = letters("recovery key bitlocker ask unlock")
"""Words that, between `after` and a change, make the change follow the prompt: after the key was typed, ..."""
_BEFORE = LETTER["before"]
_AHEAD = 4
"""Letters before a change in which `after` belongs to it."""
_NEAR = 2
"""Letters before a change in which `not` denies the change itself, and not what was done about it."""
_DOUBT = letters("hypothetical try")
_UNDONE = pattern("(?<!today) undone")
"""Planned, waiting or called off; in German `heute morgen` is this morning."""
_NEXT_WORDS = 3
_UPDATES = frozenset({CauseCode.FIRMWARE_UPDATE, CauseCode.SECUREBOOT_CHANGED})
_BROKEN = LETTER["broken"]
_NOT, _STILL, _TO = LETTER["not"], LETTER["still"], LETTER["to"]
_BITLOCKER, _RECOVERY, _BOARD = LETTER["bitlocker"], LETTER["recovery"], LETTER["board"]
_OTHER_ENCRYPTION = LETTER["encryption_other"]
_NOT_BITLOCKER = CauseCode.NOT_BITLOCKER
_HELPED = letters("fix fine")
_ENDED = letters("fix gone")
"""Words that, before a change, make it the end of the prompts: solved by, gone since."""
_TROUBLE = letters("repair winre protectors broken crash")

_TELLING = _DOUBT | _HELPED | _ENDED | letters("to not undone broken before still") | {QUESTION}
"""Words that may make a sentence say something else than that the change was and the prompt came. Most have none."""

_NO_BITLOCKER = pattern("not --1 bitlocker")
_EVERY_BOOT = pattern(
    "each ..2 (?:boot|time|turn ..2 on)|boot ..2 each|whenever ..3 (?:boot|turn ..2 on)"
    "|always ..4 (?:ask|recovery|bitlocker|key|boot)|again ..4 (?:ask|recovery|bitlocker|key|boot)"
    "|ask ..5 (?:always|again)|key ..5 (?:always|again)|recovery ..5 (?:always|again)|bitlocker ..5 (?:always|again)"
    "|boot ..5 (?:always|again)|over ..1 over|anew ..1 anew|time ..1 time ..0 anew|after then ...(?:recovery|key)"
)
_REPEATS = frozenset(map(ord, letters("each always whenever over anew then again")))
_SINGLE = frozenset(map(ord, letters("once one next")))
_TIMELESS = bytes(set(range(256)) - _REPEATS - _SINGLE)
_ONCE = pattern("only once|once only|once (?:$|[.])|one time|next (?:time|boot) ...(?:recovery|key)")

_YIELDS: dict[CauseCode, frozenset[CauseCode]] = {
    CauseCode.PCR_MISMATCH: frozenset({CauseCode.SECUREBOOT_CHANGED, CauseCode.SECUREBOOT_DISABLED}),
    CauseCode.DEVICE_LOCKOUT: frozenset({CauseCode.WRONG_PIN}),
    CauseCode.BCD_CHANGED: frozenset({CauseCode.CI_DISABLED, CauseCode.BOOT_DEBUG}),
    CauseCode.SECUREBOOT_DISABLED: frozenset({CauseCode.SECUREBOOT_CHANGED}),
}
"""A cause gives way to a more precise one that the same text names."""
_NO_CODES: frozenset[CauseCode] = frozenset()


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a ticket's title begins in the concepts, and where it tells of the prompt; the end where it does not."""

    at: int
    prompt: int


NO_HEADING = Heading(sys.maxsize, sys.maxsize)


def heading_at(at: int, code: str) -> Heading:
    """The title with these concepts, which begin there."""
    prompt = first_prompt(code)
    return Heading(at, at + (prompt if prompt >= 0 else len(code)))


def read_cause(code: str, prompt: int, heading: Heading = NO_HEADING) -> Cause:
    """The cause that the concepts support; `prompt` is what `first_prompt` says."""
    if prompt < 0 and (unasked := _without_prompt(code)) is not None:
        return unasked
    found: dict[CauseCode, Rule] = {}
    for rule in candidates(code):
        if rule.code not in found and _holds(rule, code, prompt, heading):
            found[rule.code] = rule
    if not found:
        return UNKNOWN_CAUSE
    if len(found) == 1:
        (rule,) = found.values()
        return rule.cause
    if _BOARD in code and CauseCode.TPM_ABSENT in found:
        # A new board brings its own firmware and an empty TPM: one event, not three causes.
        return found[CauseCode.TPM_ABSENT].cause
    left = [rule for name, rule in found.items() if not (_YIELDS.get(name, _NO_CODES) & found.keys())]
    return left[0].cause if len(left) == 1 else UNKNOWN_CAUSE


def first_prompt(code: str) -> int:
    """Where the text first tells of a prompt, or -1; `nobody was asked for a key` is none."""
    match = _PROMPT.search(code)
    if match is None:
        return -1
    if _NOT not in code or not _UNASKED.search(code):
        return match.start()
    denied = [(m.start(), m.end()) for m in _UNASKED.finditer(code)]
    for match in _PROMPT.finditer(code):
        if not any(start <= match.start() < end for start, end in denied):
            return match.start()
    return -1


def _without_prompt(code: str) -> Cause | None:
    """A text that denies the prompt and tells of other trouble is not about BitLocker recovery."""
    if not _UNASKED.search(code) or _TROUBLE.isdisjoint(code):
        return None
    says = "no recovery key was asked for"
    return Cause(CauseCode.NOT_BITLOCKER, confidence=Confidence.LIKELY, because=(f"the ticket: {says}",))


def _holds(rule: Rule, code: str, prompt: int, heading: Heading) -> bool:
    if rule.code is _NOT_BITLOCKER:
        may_be = _BITLOCKER not in code and (prompt < 0 or _OTHER_ENCRYPTION in code)
        return may_be and rule.regex.search(code) is not None
    if rule.asked and prompt < 0:
        return False
    stands, may_be_denied = False, rule.trigger and _NOT in code
    for match in rule.regex.finditer(code):
        start, end = match.span()
        if may_be_denied and _is_denied(code, start):
            # It happened and did not happen: on another device, or at another time.
            return False
        stands = stands or _stands(rule, code, start, end, prompt if start < heading.at else heading.prompt)
    return stands


def _is_denied(code: str, start: int) -> bool:
    """No update, not a new board: the denial stands right before what it denies."""
    ahead = code[max(0, start - _NEAR) : start]
    return _NOT in ahead and STOP not in ahead and PAUSE not in ahead


def _stands(rule: Rule, code: str, start: int, end: int, prompt: int) -> bool:
    opening = code.rfind(STOP, 0, start) + 1
    ahead, span = code[max(opening, start - _AHEAD) : start], code[start:end]
    closing = code.find(STOP, end)
    closing = closing if closing >= 0 else len(code)
    if _TELLING.isdisjoint(code[opening:closing]):
        return not rule.trigger or start < prompt or _follows(ahead)
    if not _DOUBT.isdisjoint(ahead + span) or (rule.trigger and ahead[-1:] == _TO):
        return False
    if not rule.negated and _NOT in ahead[-3:] + span:
        return False
    if code[closing - 1 : closing] == QUESTION:
        return False
    follows = code[end : min(closing, end + _NEXT_WORDS)].partition(PAUSE)[0]
    if rule.trigger and (_UNDONE.search(ahead + span + follows) or (rule.code in _UPDATES and _BROKEN in follows)):
        return False
    return not rule.trigger or _came_first(code, ahead, start, end, closing, prompt)


def _follows(ahead: str) -> bool:
    """The change is what the prompt came after."""
    after = ahead.find(_AFTER)
    return after >= 0 and _SPOILED.isdisjoint(ahead[after:])


def _came_first(code: str, ahead: str, start: int, end: int, closing: int, prompt: int) -> bool:
    """A change is told before the prompt, or as what the prompt came after."""
    rest = code[end:closing]
    if _BEFORE in ahead[-3:] or not _HELPED.isdisjoint(rest[:8]):
        return False
    after = ahead.find(_AFTER)
    if not _ENDED.isdisjoint(ahead) or (after > 0 and _NOT in ahead[:after] and not _SPOILED.isdisjoint(ahead[:after])):
        return False
    if start < prompt:
        # Many languages deny at the end: nothing was updated there. What still is was not brought by the change.
        return after >= 0 or (_NOT not in rest[:4].partition(PAUSE)[0] and _STILL not in rest)
    return _follows(ahead) and _STILL not in code[code.rfind(STOP, 0, start) + 1 : closing]


def rules_out_bitlocker(code: str) -> bool:
    """The text says that there is no BitLocker."""
    return _NO_BITLOCKER.search(code) is not None


def is_about_bitlocker(code: str) -> bool:
    """The text names BitLocker, recovery or a key."""
    return _BITLOCKER in code or _RECOVERY in code


def read_recurrence(code: str, after_update: bool) -> Recurrence:
    """Whether the prompt of a text that tells of one came once or comes at every boot.

    `after_update` says that the text lays one prompt on an update: such updates prompt once (the known issues of
    KB5012170, KB5066835 and KB5083769 say so), unless the text tells of more.
    """
    if told := code.encode("latin-1").translate(None, _TIMELESS):
        if not _REPEATS.isdisjoint(told) and _EVERY_BOOT.search(code):
            return "every_boot"
        if not _SINGLE.isdisjoint(told) and _ONCE.search(code):
            return "once"
    return "once" if after_update else "unknown"
