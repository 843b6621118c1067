"""The text of the preboot recovery screen: photographed and read by a machine, or typed from a phone call.

Codes, categories and hints are those of Microsoft's "BitLocker preboot recovery screen" (Windows 11 24H2 and later);
earlier builds show a sentence instead of a code, in the language of the machine.
"""

import re
from dataclasses import dataclass
from typing import Any

from tui.diagnosis.recovery_screen_codes import ScreenCode, find_screen_codes
from tui.diagnosis.recovery_screen_detail import Detail, find_detail
from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.diagnosis.ticket_text_patterns import pattern
from tui.diagnosis.ticket_text_words import concepts
from tui.model.cause import CauseCode

KIND = "recovery-screen"
_LONGEST = 3_000
"""Characters of a screen with what somebody wrote around it; longer texts are something else."""

_GUID = re.compile(
    r"(?<![0-9a-z-])\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?(?![0-9a-z-])", re.I
)
_PREFIX = re.compile(
    r"(?<![0-9a-z_./-])(?:[0-9a-f]{8}(?:-[0-9a-f]{1,4}){0,3}-?|(?:[0-9a-f]{4}[ -]){1}[0-9a-f]{4})(?![0-9a-z_/-])", re.I
)
_KEY_WORD = re.compile(
    r"\b(?:key|id|schl[üu]ssel\w*|kennung|cl[ée]|clave|chiave|chave|ключ\w*)\b|キー|密钥|金鑰|标识|키", re.I
)
_OTHER_ID = re.compile(
    r"\b(?:trace|tenant|device|object|volume|correlation|request|activity|error|code)[ _-]?(?:id)?\b[^\n]{0,20}$", re.I
)
_HINT = re.compile(r"aka\.?ms/(\w*recoverykey\w*)", re.I)
_ACCOUNT_HINT = re.compile(r"account\.microsoft\.com/devices/recoverykey", re.I)

_PROSE: tuple[tuple[CauseCode, re.Pattern[str]], ...] = (
    (
        CauseCode.SECUREBOOT_CHANGED,
        pattern(
            "(?:secure boot|boot secure) ..2 policy ..5 change"
            "|policy ..5 (?:secure boot|boot secure) ..5 (?:change|replace)"
        ),
    ),
    (CauseCode.SECUREBOOT_DISABLED, pattern("(?:secure boot|boot secure) ..5 off|off ..4 (?:secure boot|boot secure)")),
    (CauseCode.WRONG_PIN, pattern("pin ..6 (?:many|wrong)|(?:many|wrong) ..6 pin")),
    (CauseCode.DEVICE_LOCKOUT, pattern("(?:wrong|many) ..6 (?:sign_in|password) ..6 (?:many|time|attempts)")),
    (CauseCode.CI_DISABLED, pattern("signature ..4 off|off ..4 signature")),
    (CauseCode.BOOT_DEBUG, pattern("debug ..4 on|boot debug")),
)
_WORDS: tuple[tuple[CauseCode, re.Pattern[str]], ...] = (
    (CauseCode.BCD_CHANGED, re.compile(r"boot configuration data (?:setting|option)|bcd setting", re.I)),
    (CauseCode.BOOT_APP_CHANGED, re.compile(r"boot application has changed|system boot information has changed", re.I)),
    (CauseCode.PCR_MISMATCH, re.compile(r"PC['’]?s configuration has changed|disc or USB device was inserted", re.I)),
    (CauseCode.TPM_DISABLED, re.compile(r"TPM (?:is|has been) disabled", re.I)),
    (CauseCode.TPM_ABSENT, re.compile(r"TPM (?:was |is )?not (?:found|detected|accessible)", re.I)),
)
_CATEGORIES = {
    "initiated by user": None,
    "code integrity": CauseCode.CI_DISABLED,
    "device lockout": CauseCode.DEVICE_LOCKOUT,
    "boot configuration": None,
}
_WINRE = pattern("automatic ..1 repair|winre|boot ..1 repair|repair ..1 automatic")
_WINRE_WORDS = re.compile(
    r"did(?:n['’]?t| not) (?:start|load) correctly|choose an option|advanced options|troubleshoot|couldn['’]?t repair"
    r"|nicht richtig gestartet|pas démarré correctement|no se inició correctamente|non è stato avviato correttamente"
    r"|正しく起動しません|未正确启动|오류가 발생",
    re.I,
)
_ASKS = re.compile(
    r"bitlocker|recovery key|wiederherstellungsschl|clé de récup|clave de recup|回復キー|恢复密钥|復原金鑰", re.I
)


@dataclass(frozen=True, slots=True)
class Screen:
    """What a recovery screen shows. IDs are upper case, as the screen writes them."""

    code: ScreenCode | None
    """None also when the text names several."""
    codes: tuple[ScreenCode, ...]
    cause: CauseCode
    key_id: str | None
    key_id_prefix: str | None
    detail: Detail | None
    hints: tuple[str, ...]
    winre: bool


def read_screen(text: str) -> Screen:
    """Read the text of a recovery screen; what is not there is None."""
    text = text[: 4 * _LONGEST]
    codes, detail = find_screen_codes(text), find_detail(text)
    code = codes[0] if len(codes) == 1 else None
    full = _find_full(text)
    prefix = full[1][:8].upper() if full else _find_prefix(text)
    winre = prefix is None and not codes and detail is None and _is_winre(text)
    return Screen(
        code=code,
        cause=code.cause if code else CauseCode.UNKNOWN if codes else _cause(text, detail, winre),
        codes=codes,
        key_id=full[1].upper() if full else None,
        key_id_prefix=prefix,
        detail=detail,
        hints=_hints(text),
        winre=winre,
    )


def _find_full(text: str) -> re.Match[str] | None:
    """A whole ID that the line calls a key's, or that stands alone; other IDs (trace, device, volume) are not it."""
    for match in _GUID.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if not _OTHER_ID.search(line) and (_KEY_WORD.search(line) or not line.strip(" \t>|*-")):
            return match
    return None


def _find_prefix(text: str) -> str | None:
    """Eight hex digits: with words such as `key ID` before them, or with letters and digits of their own."""
    for match in _PREFIX.finditer(text):
        digits = re.sub(r"[ -]", "", match[0])
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        mixed = not digits.isdigit() and not digits.isalpha()
        if _OTHER_ID.search(line):
            continue
        if _KEY_WORD.search(line[-60:]) or (mixed and " " not in match[0]):
            return digits[:8].upper()
    return None


def _is_winre(text: str) -> bool:
    return not _ASKS.search(text) and bool(_WINRE.search(concepts(text.lower())) or _WINRE_WORDS.search(text))


def _cause(text: str, detail: Detail | None, winre: bool) -> CauseCode:
    if detail is not None:
        return detail.cause
    if winre:
        return CauseCode.NOT_BITLOCKER
    named = [code for code, words in _WORDS if words.search(text)]
    if not named:
        read = concepts(text.lower())
        named = [code for code, words in _PROSE if words.search(read)]
    if not named:
        found = {cause for name, cause in _CATEGORIES.items() if cause and name in text.lower()}
        named = list(found)
    return named[0] if named else CauseCode.UNKNOWN


def _hints(text: str) -> tuple[str, ...]:
    found = [name.lower() for name in _HINT.findall(text)]
    if _ACCOUNT_HINT.search(text):
        found.append("myrecoverykey")
    return tuple(dict.fromkeys(found))


def recognise(sample: Sample) -> int:
    """Short texts that show a code, a detail line, a key ID with a prompt, or the recovery environment."""
    text = sample.text
    if text is None or not text.strip() or len(text) > _LONGEST:
        return 0
    screen = read_screen(text)
    brief = len(text) < 700
    if screen.detail or screen.codes:
        return 78 if brief else 35
    if screen.hints and (screen.key_id_prefix or brief):
        return 70
    if screen.key_id_prefix and _ASKS.search(text) and brief:
        return 55 if len(text.split()) < 60 else 15
    lines = [line for line in text.splitlines() if line.strip()]
    if screen.winre and ((_WINRE.search(concepts(lines[0].lower())) and len(lines[0].split()) < 6) or _stock(text)):
        return 60
    return 50 if screen.cause is not CauseCode.UNKNOWN and brief and _is_stock_prose(text) else 0


def _stock(text: str) -> bool:
    return len(_WINRE_WORDS.findall(text)) > 1


def _is_stock_prose(text: str) -> bool:
    lowered = text.lower()
    return (
        "you need to enter your recovery key because" in lowered or "enter the recovery key for this drive" in lowered
    )


def parse(sample: Sample) -> Parsed:
    """Facts of a recovery screen."""
    screen = read_screen(sample.text or "")
    facts: Facts = {
        "type": KIND,
        "code": screen.code.name if screen.code else None,
        "cause": str(screen.cause),
        "key_id": screen.key_id,
        "key_id_prefix": screen.key_id_prefix,
        "category": screen.code.category if screen.code else None,
        "hints": list(screen.hints) or None,
    }
    if screen.detail:
        facts |= _detail_facts(screen.detail)
    problems = []
    if len(screen.codes) > 1:
        problems.append("several codes are named: " + ", ".join(code.name for code in screen.codes))
    if screen.code and screen.code.typed != screen.code.name:
        problems.append(f"the code was read as {screen.code.name}; it was written {screen.code.typed}")
    return Parsed(KIND, facts, tuple(problems))


def _detail_facts(detail: Detail) -> dict[str, Any]:
    return {
        "detail_line": detail.line,
        "pcr": detail.pcr,
        "event": detail.event,
        "detail": {
            "pcr": detail.pcr,
            "flags": detail.flags,
            "expected_event_type": detail.expected_type,
            "observed_event_type": detail.observed_type,
            "expected_label": detail.expected_label,
            "observed_label": detail.observed_label,
            "expected_digest": detail.expected_digest,
            "observed_digest": detail.observed_digest,
        },
    }


FORMATS = (Format(KIND, recognise, parse),)
