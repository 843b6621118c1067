"""Conditions of known issues: each is true, false or unknown for a device. Pure.

The five of the class of April 2026 are Microsoft's own, as its known-issue text for KB5083769 and KB5082063 gives them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tui.diagnosis.kb_device import LocalDevice


@dataclass(frozen=True, slots=True)
class Answer:
    """A condition's answer: `holds` is None where the fact is not known; `says` tells the fact, or how to get it."""

    name: str
    holds: bool | None
    says: str


def evaluate(names: Iterable[str], device: LocalDevice) -> tuple[Answer, ...]:
    """One answer a condition, in order. Raises KeyError for a name that is no condition."""
    return tuple(CONDITIONS[name](device) for name in names)


def all_hold(answers: Iterable[Answer]) -> bool:
    """Every condition is known to hold; what is unknown never does."""
    return all(answer.holds is True for answer in answers)


def _protected(device: LocalDevice) -> Answer:
    holds = device.os_protected
    if holds is None:
        # A locked volume does not tell its protection; a suspended one is still BitLocker's.
        holds = True if device.os_encrypted else None
    says = {True: "BitLocker protects the OS volume", False: "BitLocker does not protect the OS volume"}
    return Answer("os-volume-protected", holds, says[holds] if holds is not None else "get manage-bde -status C:")


def _policy_names_pcr7(device: LocalDevice) -> Answer:
    pcrs, source = device.policy_pcrs, device.profile_source
    name = "policy-profile-has-pcr7"
    if pcrs is not None:
        shown = ", ".join(map(str, pcrs))
        return Answer(name, 7 in pcrs, f"policy sets the PCRs {shown}" if pcrs else "policy sets no PCRs")
    if source == "group-policy" and device.tpm_pcrs is not None:
        return Answer(name, 7 in device.tpm_pcrs, "the newest seal event took its PCRs from Group Policy")
    if source is not None and source != "existing-protector":
        return Answer(name, False, f"the newest seal event took its PCRs from elsewhere ({source})")
    return Answer(name, None, "get HKLM\\SOFTWARE\\Policies\\Microsoft\\FVE\\OSPlatformValidation_UEFI")


def _binding_impossible(device: LocalDevice) -> Answer:
    name = "pcr7-binding-not-possible"
    if device.pcr7 is None:
        return Answer(name, None, "get msinfo32's line PCR7 Configuration, run elevated")
    words = device.pcr7.replace("_", " ")
    return Answer(name, device.pcr7 == "binding_not_possible", f"msinfo32 says PCR7: {words}")


def _ca_in_db(device: LocalDevice) -> Answer:
    says = {
        True: "Windows UEFI CA 2023 is in db",
        False: "Windows UEFI CA 2023 is not in db",
        None: "get the Secure Boot servicing value WindowsUEFICA2023Capable",
    }
    return Answer("uefi-ca-2023-in-db", device.ca_2023_in_db, says[device.ca_2023_in_db])


def _old_boot_manager(device: LocalDevice) -> Answer:
    signed = device.boot_manager_2023
    says = {
        True: "the boot manager is signed by Windows UEFI CA 2023",
        False: "the boot manager is not yet signed by Windows UEFI CA 2023",
        None: "get a measured-boot log from before the update",
    }
    return Answer("boot-manager-not-2023-signed", None if signed is None else not signed, says[signed])


CONDITIONS: dict[str, Callable[[LocalDevice], Answer]] = {
    "os-volume-protected": _protected,
    "policy-profile-has-pcr7": _policy_names_pcr7,
    "pcr7-binding-not-possible": _binding_impossible,
    "uefi-ca-2023-in-db": _ca_in_db,
    "boot-manager-not-2023-signed": _old_boot_manager,
}
"""Every condition that a catalogue entry may name."""
