"""A device as Entra ID and Intune know it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Join(StrEnum):
    """How the device is joined (Graph `trustType` AzureAd, ServerAd, Workplace)."""

    ENTRA = "entra"
    HYBRID = "hybrid"
    REGISTERED = "registered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EntraDevice:
    """A device object. `object_id` addresses the object, `device_id` is what keys and Intune refer to."""

    object_id: str
    device_id: str
    name: str
    join: Join
    enabled: bool
    os_version: str
    compliant: bool | None
    managed: bool | None
    registered_at: datetime | None
    last_sign_in: datetime | None
    physical_ids: tuple[str, ...] = ()

    @property
    def autopilot(self) -> bool:
        """Registered with Windows Autopilot, so that it may have had another owner (`[ZTDID]` in `physicalIds`)."""
        return any(mark.upper().startswith("[ZTDID]") for mark in self.physical_ids)


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A remote action as Intune reports it; `done` means the service thinks so, not that a key has changed."""

    name: str
    state: str
    started_at: datetime | None
    updated_at: datetime | None
    error_code: int | None = None


@dataclass(frozen=True, slots=True)
class ManagedDevice:
    """Intune's record of a device; `entra_device_id` is re-checked on every answer."""

    id: str
    entra_device_id: str
    name: str
    user: str
    serial: str
    manufacturer: str
    model: str
    os_version: str
    encrypted: bool | None
    compliance: str
    last_sync: datetime | None
    actions: tuple[ActionResult, ...] = ()
    enrolled_at: datetime | None = None
    agent: str = ""
    """Who manages it (Graph `managementAgent`); two agents mean co-management."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """How the device stands to one compliance policy (Graph `deviceCompliancePolicyState`)."""

    name: str
    state: str
    settings: tuple[str, ...] = ()
    """Settings that are not met, by name."""


@dataclass(frozen=True, slots=True)
class EncryptionReport:
    """Intune's encryption report of a device (beta `managedDeviceEncryptionState`); up to 24 hours behind.

    `causes` are the words of `advancedBitLockerStates`, such as `recoveryKeyBackupFailed`; `success` is left out.
    """

    readiness: str
    encryption: str
    policy_state: str
    policies: tuple[str, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hardware:
    """What Intune's inventory says of firmware and TPM (beta `hardwareInformation`)."""

    bios: str
    tpm_specification: str
    tpm_manufacturer: str
    edition: str


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """An entry of the directory's audit log that changed a device object: what, when, and by whom."""

    activity: str
    device_name: str
    object_id: str
    at: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class AdministrativeUnit:
    """A directory container that a role can be scoped to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """An owner or a caller."""

    id: str
    upn: str
    name: str
