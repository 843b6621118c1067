"""What all shapes of Get-BitLockerVolume share: property names, enums, and the facts of one volume."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tui.diagnosis.redact import MARKER, PART_MARKER
from tui.diagnosis.sample import Facts
from tui.text import clean_line

Properties = dict[str, Any]
"""Property names in lower case to values: text, numbers, or lists of protectors."""

VOLUME_NAMES = frozenset(
    {
        "computername", "mountpoint", "encryptionmethod", "encryptionmethodflags", "autounlockenabled",
        "autounlockkeystored", "metadataversion", "volumestatus", "protectionstatus", "lockstatus",
        "encryptionpercentage", "wipepercentage", "volumetype", "capacitygb", "keyprotector",
    }
)  # fmt: skip
PROTECTOR_NAMES = frozenset(
    {
        "keyprotectorid", "autounlockprotector", "keyprotectortype", "keyfilename", "recoverypassword",
        "keycertificatetype", "thumbprint",
    }
)  # fmt: skip

# Win32_EncryptableVolume: GetConversionStatus, GetProtectionStatus, GetLockStatus, GetEncryptionMethod,
# GetKeyProtectorType. The volume types are the module's own.
_ENUMS: Mapping[str, Sequence[str]] = {
    "volumestatus": (
        "FullyDecrypted", "FullyEncrypted", "EncryptionInProgress", "DecryptionInProgress", "EncryptionPaused",
        "DecryptionPaused", "FullyEncryptedWipeInProgress", "FullyEncryptedWipePaused",
    ),
    "protectionstatus": ("Off", "On", "Unknown"),
    "lockstatus": ("Unlocked", "Locked"),
    "encryptionmethod": (
        "None", "Aes128Diffuser", "Aes256Diffuser", "Aes128", "Aes256", "HardwareEncryption", "XtsAes128", "XtsAes256",
    ),
    "volumetype": ("OperatingSystem", "Data"),
    "keyprotectortype": (
        "Unknown", "Tpm", "ExternalKey", "RecoveryPassword", "TpmPin", "TpmStartupKey", "TpmPinStartupKey", "PublicKey",
        "Password", "TpmNetworkKey", "AdAccountOrGroup",
    ),
}  # fmt: skip
_NUMBER = re.compile(r"\s*(\d[\d \u00a0\u202f']{0,12}(?:[.,]\d{1,12})?)")
_ABSURD = 1e15
_EMPTY = ("", "null", "$null")


def volume_facts(properties: Mapping[str, Any]) -> Facts:
    """The facts of one volume: what the source left out is null, and what only some shapes have stands only there."""
    protectors, truncated = _protector_names(properties)
    facts: Facts = {
        "mount": text_of(properties.get("mountpoint")),
        "volume_type": enum_of("volumetype", properties.get("volumetype")),
        "capacity_gb": number_of(properties.get("capacitygb")),
        "volume_status": enum_of("volumestatus", properties.get("volumestatus")),
        "encryption_percentage": _whole(number_of(properties.get("encryptionpercentage"))),
        "protectors": protectors,
        "protection": enum_of("protectionstatus", properties.get("protectionstatus")),
    }
    for key, name in (("encryption_method", "encryptionmethod"), ("lock", "lockstatus")):
        if name in properties:
            facts[key] = enum_of(name, properties[name])
    if truncated:
        facts["protectors_truncated"] = True
    return facts | _details(properties)


def enum_of(name: str, value: Any) -> str | None:
    """An enum as PowerShell spells it, from a number or a name."""
    names = _ENUMS[name]
    if isinstance(value, Mapping):
        value = value.get("value", value.get("Value"))
    printed = text_of(value)
    if printed is None:
        return None
    if printed.isascii() and printed.isdigit():
        return names[int(printed)] if len(printed) < 4 and int(printed) < len(names) else None
    return next((known for known in names if known.casefold() == printed.casefold()), printed)


def text_of(value: Any) -> str | None:
    """A value as one clean line; null for nothing."""
    if value is None or isinstance(value, (list, dict)):
        return None
    if isinstance(value, bool):
        return str(value)
    printed = clean_line(str(value))
    return None if printed.casefold() in _EMPTY else printed


def number_of(value: Any) -> float | None:
    """A number with a decimal point or comma, with or without a unit behind it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < _ABSURD else None
    found = (
        re.match(r"\s*(\d[\d \u00a0\u202f']{0,12}(?:[.,]\d{1,12})?)", str(value)[:60]) if value is not None else None
    )
    return float(re.sub(r"[ \u00a0\u202f']", "", found[1]).replace(",", ".")) if found else None


def _whole(number: float | None) -> float | int | None:
    return int(number) if number is not None and number.is_integer() else number


def _protector_names(properties: Mapping[str, Any]) -> tuple[list[str] | None, bool]:
    value = properties.get("keyprotector")
    if isinstance(value, list):
        return [name for item in value if (name := _type_of(item))], False
    if value is None:
        return (None if "keyprotector" not in properties else []), False
    return names_in_braces(str(value))


def _type_of(item: Any) -> str | None:
    return enum_of("keyprotectortype", item.get("keyprotectortype") if isinstance(item, Mapping) else item)


def names_in_braces(value: str) -> tuple[list[str], bool]:
    """`{Tpm, RecoveryPassword}` as names, and whether the console cut the list; a name cut short stays as printed."""
    inner = value.strip().lstrip("{").rstrip("}").strip()
    truncated = inner.endswith(("...", "…"))
    names = [enum_of("keyprotectortype", part.strip()) for part in inner.split(",")]
    if truncated and names and names[-1] is not None:
        last = names[-1].rstrip(".…")
        names[-1] = last if last in _ENUMS["keyprotectortype"] else names[-1]
    return [name for name in names if name and name.strip(".…")], truncated


def _details(properties: Mapping[str, Any]) -> Facts:
    """Passwords that were there, and the IDs of the protectors, where the source lists protectors in full."""
    value = properties.get("keyprotector")
    protectors = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    passwords = [MARKER for item in protectors if MARKER in str(item.get("recoverypassword", ""))]
    listed = [{"type": _type_of(item), "id": _key_id(item.get("keyprotectorid"))} for item in protectors]
    facts: Facts = {"recovery_passwords": passwords} if passwords else {}
    return facts | ({"key_protectors": listed} if any(item["id"] for item in listed) else {})


def _key_id(value: Any) -> str | None:
    printed = text_of(value)
    return printed.strip("{}") if printed and re.fullmatch(r"\{?[\w-]{36}\}?", printed) else None


def malformed_passwords(properties: Mapping[str, Any]) -> list[str]:
    """A sentence for each recovery password that was masked, cut or mistyped."""
    value = properties.get("keyprotector")
    items = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    sentence = "The recovery password of {} is malformed or incomplete."
    return [
        sentence.format(text_of(item.get("keyprotectorid")) or "a protector")
        for item in items
        if PART_MARKER in str(item.get("recoverypassword", ""))
    ]
