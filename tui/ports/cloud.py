"""Entra ID, Intune, and signing in to them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tui.errors import Problem
from tui.model.device import (
    AdministrativeUnit,
    DirectoryChange,
    EncryptionReport,
    EntraDevice,
    Hardware,
    ManagedDevice,
    PolicyState,
    User,
)
from tui.model.recovery_key import RecoveryKey
from tui.model.rights import Capability, RoleGrant


class Directory(Protocol):
    """Entra ID."""

    async def device(self, device_id: str) -> EntraDevice:
        """The device object with this device id (not object id)."""
        ...

    async def devices_named(self, name: str) -> Sequence[EntraDevice]:
        """All device objects with this display name; names are not unique."""
        ...

    async def owners(self, device_id: str) -> Sequence[User]:
        """Registered owners of a device."""
        ...

    async def users(self, device_id: str) -> Sequence[User]:
        """Registered users of a device."""
        ...

    async def administrative_units(self, device_id: str) -> Sequence[AdministrativeUnit]:
        """Administrative units that hold the device object."""
        ...

    async def owned_devices(self, upn: str) -> Sequence[EntraDevice]:
        """Devices that a user owns."""
        ...


class DirectoryLog(Protocol):
    """Entra ID's own audit log, which keeps 7 or 30 days and is throttled hard."""

    async def deletions(self, device_name: str) -> Sequence[DirectoryChange]:
        """Deletions of device objects of this name, newest first."""
        ...

    async def owner_changes(self, device: EntraDevice) -> Sequence[DirectoryChange]:
        """Changes of a device's registered owner, newest first."""
        ...


class MassSource(Protocol):
    """Many devices at once, at most 20 a call; each answer is what was asked for or the reason why it is not there."""

    async def devices_named(self, names: Sequence[str]) -> Sequence[Sequence[EntraDevice] | Problem]:
        """Device objects by name."""
        ...

    async def devices(self, device_ids: Sequence[str]) -> Sequence[EntraDevice | Problem]:
        """Device objects by device id."""
        ...

    async def managed_devices(self, device_ids: Sequence[str]) -> Sequence[ManagedDevice | Problem | None]:
        """Intune's records; None where Intune has none."""
        ...

    async def keys_of_devices(self, device_ids: Sequence[str]) -> Sequence[Sequence[RecoveryKey] | Problem]:
        """Key metadata."""
        ...


class DeviceManagement(Protocol):
    """Intune."""

    async def policy_states(self, managed_device_id: str) -> Sequence[PolicyState]:
        """How the device stands to each compliance policy."""
        ...

    async def encryption_report(self, managed_device_id: str) -> EncryptionReport | None:
        """The device's line of the encryption report; None when the report has none."""
        ...

    async def hardware(self, managed_device_id: str) -> Hardware | None:
        """Firmware and TPM as the inventory has them."""
        ...

    async def records_of_serial(self, serial: str) -> Sequence[ManagedDevice]:
        """Records with this serial number; a number of pages is looked through when the filter is ignored."""
        ...

    def inventory(self) -> AsyncIterator[Sequence[ManagedDevice]]:
        """All managed devices, page by page; calls of the engineer's own go first."""
        ...

    async def managed_device(self, entra_device_id: str) -> ManagedDevice | None:
        """Intune's record of a device, its Entra device id checked on the answer; None when Intune has none."""
        ...

    async def request_rotation(self, managed_device_id: str, client_request_id: str) -> str:
        """Queue a rotation of the device's recovery keys; sent once, never retried. Returns the request id."""
        ...


class KeyEscrow(Protocol):
    """Recovery key metadata. There is no way to ask for a recovery password here."""

    async def keys_of_device(self, device_id: str) -> Sequence[RecoveryKey]:
        """Keys backed up from a device."""
        ...

    async def key(self, key_id: str) -> RecoveryKey | None:
        """One key by its full ID; None when the escrow does not know it."""
        ...

    def all_keys(self) -> AsyncIterator[Sequence[RecoveryKey]]:
        """All keys that the engineer may see, page by page."""
        ...

    def key_pages(self, resume: str = "") -> AsyncIterator["KeyPage"]:
        """The same with the link to the next page; `resume` is such a link, kept from an earlier run."""
        ...


@dataclass(frozen=True, slots=True)
class KeyPage:
    """A page of key metadata; `next_link` is empty on the last one."""

    keys: tuple[RecoveryKey, ...]
    next_link: str


@dataclass(frozen=True, slots=True)
class SelfService:
    """Whether owners may read their own keys; None when the policy could not be read."""

    allowed: bool | None
    detail: str = ""


class Policies(Protocol):
    """Tenant settings and the engineer's own rights."""

    async def self_service(self) -> SelfService:
        """authorizationPolicy.allowedToReadBitlockerKeysForOwnedDevice."""
        ...

    async def me(self) -> User:
        """Who is signed in."""
        ...

    async def my_roles(self) -> Sequence[RoleGrant]:
        """Active role assignments of the signed-in engineer."""
        ...

    async def eligible_roles(self) -> Sequence[RoleGrant]:
        """Roles that the engineer could activate."""
        ...

    async def intune_actions(self) -> Sequence[str]:
        """Resource actions of the engineer's Intune role; empty without one."""
        ...

    async def token_scopes(self) -> Sequence[str] | None:
        """Delegated permissions as the token itself says; None when it cannot be read."""
        ...

    async def probe(self, capability: Capability) -> None:
        """Try the smallest call of a kind; raises `Problem` as the call itself would."""
        ...


@dataclass(frozen=True, slots=True)
class SignInPrompt:
    """A device code: where to enter it, the code, and how long it is good. Without a code a browser was opened."""

    uri: str
    code: str
    expires_at: datetime

    @property
    def line(self) -> str:
        """The prompt in one line, for verbs without a screen."""
        return f"Sign in: open {self.uri} and enter {self.code}" if self.code else "Sign in in the browser that opened"


class AccessToken(Protocol):
    """A bearer token for Graph, kept in memory only."""

    async def token(self) -> str:
        """A token that is good now; may wait for the engineer to sign in."""
        ...
