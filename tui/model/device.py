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
