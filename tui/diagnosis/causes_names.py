"""Measured events in the words of the outside contract.

Event types: TCG PC Client Platform Firmware Profile, table 27. A db entry stands for two things: as a variable in the
configuration it is the list itself, as an authority it is the certificate that vouched for the boot manager.
"""

from typing import Any

_VARIABLES = {
    "db": "db",
    "dbx": "dbx",
    "kek": "KEK",
    "secureboot": "SecureBoot",
    "bootorder": "boot-order",
}
_TYPES = {
    "EV_EFI_VARIABLE_AUTHORITY": "boot-manager-authority",
    "EV_EFI_GPT_EVENT": "partition",
    "EV_EFI_GPT_EVENT2": "partition",
    "EV_EFI_VARIABLE_BOOT": "boot-order",
    "EV_EFI_VARIABLE_BOOT2": "boot-order",
}
_NUMBERS = {0x800000E0: "EV_EFI_VARIABLE_AUTHORITY", 0x80000001: "EV_EFI_VARIABLE_DRIVER_CONFIG"}
_OPTION_ROM_TYPES = frozenset({"EV_EFI_BOOT_SERVICES_DRIVER", "EV_EFI_RUNTIME_SERVICES_DRIVER"})
_OPTION_ROM_PCR = 2


def event_name(pcr: int | None, event_type: Any, label: Any) -> str | None:
    """The contract's name of a measured event; None where neither its type nor its label tells it.

    `event_type` is a TCG name, a number, or hexadecimal digits without a prefix, as the recovery screen prints them.
    """
    kind = _type_name(event_type)
    if kind in _TYPES:
        return _TYPES[kind]
    if kind in _OPTION_ROM_TYPES and pcr == _OPTION_ROM_PCR:
        return "option-rom"
    if kind == "EV_EFI_ACTION" and "EFI Application" in str(label or ""):
        return "boot-order"
    return _VARIABLES.get(str(label).lower()) if label else None


def _type_name(event_type: Any) -> str:
    if isinstance(event_type, int):
        return _NUMBERS.get(event_type & 0xFFFFFFFF, "")
    text = str(event_type or "")
    if text.startswith("EV_"):
        return text
    try:
        return _NUMBERS.get(int(text, 16), "")
    except ValueError:
        return ""
