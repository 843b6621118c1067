"""Causes of a BitLocker recovery, in the words that the boot manager's own evidence uses.

Structs, as the incidents that hold them: five dataclasses would take two milliseconds before the first frame.
"""

from enum import StrEnum

import msgspec


class CauseCode(StrEnum):
    """The cause codes of the outside contract. `unknown` is an answer, and the right one when facts are missing."""

    PCR_MISMATCH = "pcr_mismatch"
    SECUREBOOT_CHANGED = "secureboot_changed"
    SECUREBOOT_DISABLED = "secureboot_disabled"
    FIRMWARE_UPDATE = "firmware_update"
    BOOT_APP_CHANGED = "boot_app_changed"
    BCD_CHANGED = "bcd_changed"
    BOOT_DEBUG = "boot_debug"
    CI_DISABLED = "ci_disabled"
    TPM_DISABLED = "tpm_disabled"
    TPM_ABSENT = "tpm_absent"
    TPM_CLEARED = "tpm_cleared"
    TPM_SRK = "tpm_srk"
    TPM_FAILURE = "tpm_failure"
    WRONG_PIN = "wrong_pin"
    DEVICE_LOCKOUT = "device_lockout"
    LOCKOUT_MISMATCH = "lockout_mismatch"
    NETWORK_UNLOCK = "network_unlock"
    USER_REQUESTED = "user_requested"
    PARTITION = "partition"
    WINRE_BOOT_FAILURE = "winre_boot_failure"
    NOT_BITLOCKER = "not_bitlocker"
    UNKNOWN = "unknown"
    BOOT_ORDER = "boot_order"
    MOK_LIST = "mok_list"
    RESUME = "resume"
    REBOOT_NOISE = "reboot_noise"
    NO_CHANGE = "no_change"


class Confidence(StrEnum):
    """How far the deciding facts carry."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    NONE = "none"


class Cause(msgspec.Struct, frozen=True):
    """Why the device asked for its recovery key, with the facts that decide it.

    `pcr` is the platform configuration register that differed, `event` the measured event in it (db, dbx, KEK,
    SecureBoot, boot-manager-authority, option-rom, boot-order, partition). `missing` says which facts would decide
    an `unknown`, and how to get them.
    """

    code: CauseCode
    pcr: int | None = None
    event: str | None = None
    confidence: Confidence = Confidence.NONE
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


UNKNOWN_CAUSE = Cause(CauseCode.UNKNOWN)


class Update(msgspec.Struct, frozen=True):
    """The Windows update in force at the boot in question; `kb` is `KB` and digits, or empty when not known."""

    kb: str = ""
    confidence: Confidence = Confidence.NONE
    because: tuple[str, ...] = ()
