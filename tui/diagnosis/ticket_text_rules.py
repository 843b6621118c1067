"""The rules that read a cause out of a ticket's concepts.

A rule that cannot match costs next to nothing: the letters it needs are looked at first.
"""

from functools import lru_cache

from tui.diagnosis.ticket_text_patterns import Rule
from tui.model.cause import CauseCode, Confidence

_C, _LIKELY = CauseCode, Confidence.LIKELY

_OWN_FIRMWARE = "firmware (?<!tpm firmware)(?<!nonpc firmware)(?<!usb firmware)(?<!disk firmware)"
"""Not that of a TPM, a dock or a drive. What stands before is looked at last, since a pattern that begins with a
letter is searched for many times faster."""
_MACHINE_FIRMWARE = f"{_OWN_FIRMWARE}(?<!tpm-firmware)(?<!inside firmware)(?<!inside-firmware)"
"""And not `in the firmware`."""

_MAIN_BOARD = "board (?<!lesser_board board) (?!lesser_board)"
"""Not a white board, an I/O board or a member of the board."""

RULES: tuple[Rule, ...] = (
    Rule(
        _C.FIRMWARE_UPDATE,
        f"{_MACHINE_FIRMWARE}"
        "(?: [-,0 inside windows install machine driver]{0,3}? update(?!..1 (?:usb|nonpc|tpm|disk))"
        "| ..1 went to [#0-])"
        "| update [-,to windows machine new other_machine time]{0,4}?"
        f"{_MACHINE_FIRMWARE} (?!..2 (?:usb|nonpc|tpm|disk|settings))"
        "| install ..4 firmware ..1 0 | install ..2 (?:new|other_machine) ..1 firmware"
        "| new ..1 firmware ..2 (?:install|0) | other_machine ..1 firmware ..2 (?:install|0)",
        "the firmware was updated before the prompt",
        "firmware",
        confidence=_LIKELY,
    ),
    Rule(
        _C.FIRMWARE_UPDATE,
        f"{_OWN_FIRMWARE} ..1 went ..1 to",
        "the firmware changed its version before the prompt",
        "firmware went",
        confidence=_LIKELY,
    ),
    Rule(
        _C.SECUREBOOT_CHANGED,
        "(?:update|install|update_number) ..5 dbx | dbx ..3 (?:update|install|change|update_number)",
        "the Secure Boot revocation list (dbx) was updated before the prompt",
        "dbx",
        pcr=7,
        event="dbx",
        confidence=_LIKELY,
    ),
    Rule(
        _C.SECUREBOOT_CHANGED,
        "secure boot ..2 (?:update|certificate|dbx) | (?:update|install|change) ..4 secure boot ..1 (?:key|certificate)"
        "| certificate ..4 (?:secure boot) | secure boot ..2 (?:key|policy) ..4 (?:change|update|replace|clear)"
        "| (?:change|update|replace|clear) ..3 secure boot ..1 (?:key|policy)",
        "Secure Boot keys, certificates or lists were changed before the prompt",
        "secure boot",
        pcr=7,
        confidence=_LIKELY,
    ),
    Rule(
        _C.SECUREBOOT_CHANGED,
        "enroll ..5 (?:key|certificate) | own ..2 key ..8 enroll | (?:key|certificate) ..4 enroll",
        "keys were enrolled in the firmware before the prompt",
        "enroll",
        pcr=7,
        confidence=_LIKELY,
    ),
    Rule(
        _C.SECUREBOOT_CHANGED,
        "(?:secure boot|boot secure) ..1 policy ..3 change"
        "|policy ..4 (?:secure boot|boot secure) ..3 (?:change|replace)",
        "the screen says that the Secure Boot policy has changed",
        "policy",
        trigger=False,
        asked=False,
        pcr=7,
        confidence=_LIKELY,
    ),
    Rule(
        _C.SECUREBOOT_DISABLED,
        "(?:secure boot|boot secure) --3 off | off --3 (?:secure boot|boot secure)",
        "Secure Boot was turned off before the prompt",
        "secure boot off",
        pcr=7,
        event="SecureBoot",
        confidence=_LIKELY,
    ),
    Rule(
        _C.TPM_ABSENT,
        f"{_MAIN_BOARD} ..5 replace | (?:replace|change) ..3 {_MAIN_BOARD} | (?:other_machine|own) ..1 {_MAIN_BOARD}",
        "the main board was replaced, and the sealing key stayed on the old one",
        "board",
    ),
    Rule(
        _C.TPM_ABSENT,
        "disk ..5 (?:move|plug|install|replace) ..5 (?:other_machine|own) ..2 (?:machine|board)"
        "| (?:move|plug|install) ..5 disk ..6 other_machine ..2 (?:machine|board)",
        "the drive was moved to another machine",
        "disk other_machine",
    ),
    Rule(
        _C.TPM_ABSENT,
        "tpm ..3 (?:not ..2 detect|gone) | not ..1 tpm ..3 detect | not ..0 tpm ..1 (?:inside|machine)"
        "| detect ..1 not ..1 tpm",
        "the TPM is not found",
        "tpm",
        trigger=False,
        negated=True,
        confidence=_LIKELY,
    ),
    Rule(
        _C.TPM_CLEARED,
        "tpm --3 clear | clear --3 tpm",
        "the TPM was cleared before the prompt",
        "tpm clear",
        confidence=_LIKELY,
    ),
    Rule(
        _C.TPM_DISABLED,
        "tpm --3 off | off --2 tpm",
        "the TPM was disabled before the prompt",
        "tpm off",
        confidence=_LIKELY,
    ),
    Rule(
        _C.TPM_FAILURE,
        "tpm --2 broken | broken --1 tpm",
        "the TPM does not work",
        "tpm broken",
        trigger=False,
    ),
    Rule(
        _C.WRONG_PIN,
        "(?:wrong|many) ..3 pin | pin ..4 (?:wrong|many) | pin ..6 not ..2 accept"
        "| not ..2 accept ..3 pin | pin ..4 attempts",
        "the start-up PIN was wrong or not accepted",
        "pin",
        trigger=False,
        negated=True,
        confidence=_LIKELY,
    ),
    Rule(
        _C.DEVICE_LOCKOUT,
        "(?<!recovery)(?<!recovery-) password ..3 (?:wrong|many) (?:..5 (?:time|attempts|many))"
        "| (?:wrong|many) ..2 (?:attempts ..3 (?:sign_in|password) | (?:sign_in|password) ..3 (?:attempts|time|many))",
        "the sign-in password was wrong too often before the prompt",
        "password|sign_in",
    ),
    Rule(
        _C.USER_REQUESTED,
        "press ..3 escape ..6 mistake | mistake ..4 press ..3 escape | press ..1 escape | escape ..1 press",
        "Esc was pressed at start-up before the prompt",
        "press escape",
    ),
    Rule(
        _C.CI_DISABLED,
        "driver ..1 signature ..3 off | off ..4 (?:driver ..1)? signature | bcd ..4 signature",
        "driver signature enforcement was disabled before the prompt",
        "signature",
        confidence=_LIKELY,
    ),
    Rule(
        _C.BOOT_DEBUG,
        "boot ..1 debug ..2 (?:on|turn) | (?:turn|on) ..3 debug | bcd ..4 debug",
        "boot debugging was switched on before the prompt",
        "debug",
        confidence=_LIKELY,
    ),
    Rule(
        _C.BCD_CHANGED,
        "bcd",
        "the boot configuration was edited before the prompt",
        "bcd",
    ),
    Rule(
        _C.PCR_MISMATCH,
        "grub ..9 switch_way | switch_way ..4 grub",
        "Windows is started by another boot loader at times, so the measured boot path differs",
        "grub switch_way",
        trigger=False,
        pcr=4,
    ),
    Rule(
        _C.PCR_MISMATCH,
        "boot ..1 order ..4 change | change ..4 boot ..1 order | change ..3 order ..3 boot",
        "the boot order was changed before the prompt",
        "order boot change",
        event="boot-order",
    ),
    Rule(
        _C.PCR_MISMATCH,
        "pcr ..4 (?:mismatch|change)",
        "the text says that PCR values did not match",
        "pcr",
        trigger=False,
        negated=True,
    ),
    Rule(
        _C.PCR_MISMATCH,
        "usb ..8 plug >> (?:not|unplug|only)",
        "the prompt comes with an external device connected, and not without it",
        "usb plug",
        trigger=False,
        negated=True,
    ),
    Rule(
        _C.WINRE_BOOT_FAILURE,
        "winre|automatic repair|boot repair",
        "Automatic Repair ran before the prompt",
        "winre|repair",
    ),
    Rule(
        _C.WINRE_BOOT_FAILURE,
        "crowdstrike",
        "the machine crashed at boot through a security agent's update, and recovery asked",
        "crowdstrike",
        confidence=_LIKELY,
    ),
    Rule(
        _C.WINRE_BOOT_FAILURE,
        "lsass",
        "lsass failed, the machine restarted several times, and recovery asked",
        "lsass",
    ),
    Rule(
        _C.NETWORK_UNLOCK,
        "network ..0 unlock >> (?:not|broken|pin|gone|off|certificate|ask)",
        "Network Unlock did not unlock the device",
        "network unlock",
        trigger=False,
        negated=True,
        asked=False,
    ),
    Rule(
        _C.NOT_BITLOCKER,
        "encryption_other",
        "the prompt is of another encryption product",
        "encryption_other",
        trigger=False,
        asked=False,
    ),
    Rule(
        _C.NOT_BITLOCKER,
        "(?:firmware|admin_password|disk) ..1 password|admin_password ..1 (?:password|ask)"
        "|ask ..3 firmware ..1 password",
        "the prompt is for a firmware password",
        "firmware|admin_password|disk",
        trigger=False,
        asked=False,
    ),
)


_NEEDED = frozenset().union(*(letters for rule in RULES for letters in rule.needed))
_IDLE = bytes(n for n in range(256) if chr(n) not in _NEEDED)
"""Letters that no rule needs."""


def candidates(code: str) -> tuple[Rule, ...]:
    """The rules that may match a concept string, in the order of the table."""
    return _possible(frozenset(code.encode("latin-1").translate(None, _IDLE)))


def _by_letter() -> dict[int, list[tuple[int, frozenset[int]]]]:
    """The number of each rule, and the letters of its other needs, under the letters of its first need."""
    index: dict[int, list[tuple[int, frozenset[int]]]] = {}
    for number, rule in enumerate(RULES):
        first, *others = rule.needed
        for letter in first:
            index.setdefault(ord(letter), []).append((number, frozenset(map(ord, frozenset().union(*others)))))
    return index


_INDEX = _by_letter()


@lru_cache(maxsize=10_000)
def _possible(has: frozenset[int]) -> tuple[Rule, ...]:
    numbers = {number for letter in has for number, others in _INDEX.get(letter, ()) if others <= has}
    return tuple(RULES[number] for number in sorted(numbers))
