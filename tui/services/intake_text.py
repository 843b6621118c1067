"""What an intake may hold: reason codes, and references that prove without telling the answer. Pure."""

import re
from dataclasses import dataclass

from tui.diagnosis.redact import redact
from tui.model.cause import CauseCode


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code of the audit row, its meaning, and the causes that it is the first guess for."""

    code: str
    words: str
    causes: tuple[str, ...] = ()


REASONS = (
    Reason("unknown", "cause not known yet"),
    Reason("os-update", "Windows or Secure Boot update", ("pcr_mismatch", "boot_app_changed", "bcd_changed")),
    Reason("firmware", "firmware or its settings", ("firmware_update", "secureboot_changed", "secureboot_disabled")),
    Reason("hardware", "mainboard, dock or other hardware", ("tpm_absent", "partition")),
    Reason("tpm", "TPM cleared, disabled or failing", ("tpm_cleared", "tpm_disabled", "tpm_failure", "tpm_srk")),
    Reason("lost-pin", "PIN or startup key lost", ("wrong_pin", "device_lockout", "lockout_mismatch")),
    Reason("network-unlock", "Network Unlock did not answer", ("network_unlock",)),
    Reason("boot-failure", "Windows does not start", ("winre_boot_failure",)),
    Reason("operator", "asked for by an administrator", ("user_requested",)),
    Reason("other", "something else: say what"),
)
"""In the manner of the drive recovery reasons of Microsoft BitLocker Administration and Monitoring."""

_BIRTH_DATE = re.compile(r"\b(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}|(?:19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2})\b")
_CARD = re.compile(r"(?:\d[ -]?){12,18}\d")
_VERB = r"(?:is|was|ist|war|lautet|est|jest|es)"
_SECRET_WORD = re.compile(
    r"(?i)\b(?:pass(?:word|wort|code|phrase)|pwd|pin(?:[ -]?code)?|kennwort|mot de passe|has[lł]o|contrase\w+|secret)\b"
    rf"\s*(?:[:=]\s*\S|{_VERB}\s+\S*\d)"
    rf"|\b(?:maiden name|date of birth|birthday|geburtsdatum|ssn|iban)\b\s*(?:[:=]|{_VERB}\s)"
)
"""A word for a secret with something that may be it: "PIN is 4711", but not "PIN was forgotten"."""


def first_guess(cause: CauseCode) -> Reason:
    """The reason code that fits what the ticket tells."""
    return next((reason for reason in REASONS if cause in reason.causes), REASONS[0])


def secret_in(text: str) -> str:
    """What of a text must not be kept, in words; empty when nothing is seen.

    A reference says where the proof is on record: a call, a ticket, a prompt. It never holds what the caller answered.
    """
    if redact(text)[1]:
        return "a recovery password"
    if any(_is_card(found.group()) for found in _CARD.finditer(text)):
        return "a card number"
    if _SECRET_WORD.search(text):
        return "a password or the answer to a question"
    if any(_is_birth_date(found.group()) for found in _BIRTH_DATE.finditer(text)):
        return "a date of birth"
    return _password_like(text)


def _is_card(text: str) -> bool:
    """Passes the check digit (ISO/IEC 7812-1, Luhn)."""
    digits = [int(each) for each in text if each.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [digit if place % 2 == 0 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_birth_date(text: str) -> bool:
    """A year that somebody who works today can be born in; the date of a call is of this decade."""
    year = next((int(part) for part in re.split(r"[./-]", text) if len(part) == 4), None)
    return year is not None and 1930 <= year <= 2012


def _password_like(text: str) -> str:
    """One word that mixes letters, digits and signs as passwords do; references have words or plain numbers."""
    for word in text.split():
        kinds = (
            any(each.islower() for each in word),
            any(each.isupper() for each in word),
            any(each.isdigit() for each in word),
            any(not each.isalnum() and each not in "-/.:#@_+()," for each in word),
        )
        if len(word) >= 8 and kinds[2] and kinds[3] and (kinds[0] or kinds[1]):
            return "something that looks like a password"
    return ""
