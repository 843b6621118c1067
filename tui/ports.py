"""What services need from the outside, as protocols. Adapters in `sources`, `store` and `vault` give it.

Every method that reaches outside raises `Problem` and nothing else, and can be cancelled.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.model.device import AdministrativeUnit, EntraDevice, ManagedDevice, User
from tui.model.incident import Incident, IncidentState, Ticket
from tui.model.recovery_key import RecoveryKey


@dataclass(frozen=True, slots=True)
class TicketBatch:
    """Tickets changed since a watermark, and the watermark to ask with next; the source alone reads it."""

    tickets: tuple[Ticket, ...]
    watermark: str


class TicketSource(Protocol):
    """A ticket system."""

    name: str

    async def changed_since(self, watermark: str) -> TicketBatch:
        """Everything that changed at or after the watermark; an empty watermark asks for all open tickets."""
        ...

    async def get(self, key: str) -> Ticket:
        """One ticket, now."""
        ...

    async def assign(self, key: str, assignee: str) -> Ticket:
        """Claim a ticket; raises `Problem` when somebody else holds it."""
        ...

    async def add_note(self, key: str, text: str) -> None:
        """Add a work note, which the caller does not see."""
        ...

    async def set_state(self, key: str, state: IncidentState) -> Ticket:
        """Move a ticket on."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Directory(Protocol):
    """Entra ID."""

    async def device(self, device_id: str) -> EntraDevice:
        """The device object with this device id (not object id)."""
        ...

    async def devices_named(self, name: str) -> Sequence[EntraDevice]:
        """All device objects with this display name; names are not unique."""
        ...

    async def owners(self, object_id: str) -> Sequence[User]:
        """Registered owners of a device object."""
        ...

    async def administrative_units(self, object_id: str) -> Sequence[AdministrativeUnit]:
        """Administrative units that hold the device object."""
        ...

    async def owned_devices(self, upn: str) -> Sequence[EntraDevice]:
        """Devices that a user owns."""
        ...


class DeviceManagement(Protocol):
    """Intune."""

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

    async def my_roles(self) -> Sequence["RoleGrant"]:
        """Active role assignments of the signed-in engineer."""
        ...


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that is held, where it applies (`/` or `/administrativeUnits/{id}`), and whether it reads keys."""

    role: str
    scope: str
    reads_keys: bool


@dataclass(frozen=True, slots=True)
class SignInPrompt:
    """A device code: where to enter it, the code, and how long it is good."""

    uri: str
    code: str
    expires_at: datetime


class AccessToken(Protocol):
    """A bearer token for Graph, kept in memory only."""

    async def token(self) -> str:
        """A token that is good now; may wait for the engineer to sign in."""
        ...


class AuditTrail(Protocol):
    """The append-only audit."""

    async def append(self, entry: AuditEntry) -> AuditRow:
        """Write a row durably; raises `Problem(POLICY)` when it cannot, and then nothing may be disclosed."""
        ...

    async def rows(self, *, limit: int = 500, before: int | None = None) -> Sequence[AuditRow]:
        """Rows, newest first."""
        ...

    async def rows_of(self, events: Collection[AuditEvent], since: datetime | None = None) -> Sequence[AuditRow]:
        """Rows of some events, oldest first, from a time on or from the beginning."""
        ...


class IncidentCache(Protocol):
    """Incidents as last seen, so that the queue paints before any network is asked."""

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> None:
        """Keep incidents and the watermark of their source, in one transaction."""
        ...

    async def load(self) -> Sequence[Incident]:
        """Every incident that is kept."""
        ...

    async def watermark(self, source: str) -> tuple[str, datetime | None]:
        """The watermark of a source and when it was kept."""
        ...


class KeyIndex(Protocol):
    """Key metadata as last paged from the tenant; holds no recovery password."""

    async def save_keys(self, tenant: str, keys: Sequence[RecoveryKey], *, complete: bool) -> None:
        """Keep a page; `complete` marks the end of a full pass."""
        ...

    async def keys_with_prefix(self, tenant: str, digits: str) -> Sequence[RecoveryKey]:
        """Keys whose ID begins with these hex digits (lower case, no dashes)."""
        ...

    async def indexed_at(self, tenant: str) -> datetime | None:
        """When the last full pass ended; None when there was none."""
        ...


@dataclass(frozen=True, slots=True)
class KeyReadRequest:
    """What the vault is asked to fetch: exactly one key, by its full ID."""

    key_id: str
    client_request_id: str


@dataclass(frozen=True, slots=True)
class KeyRead:
    """A key was fetched, checked, and is held by the vault."""

    request_id: str
    graph_date: str
    http_status: int


@dataclass(frozen=True, slots=True)
class DrawRegion:
    """Where the vault may write, in zero-based screen cells, and the SGR parameters to write with."""

    cells: tuple[tuple[int, int], ...]
    """(column, row) of the first digit of each of the eight blocks."""
    sgr: str
    blocks: tuple[int, ...]
    """Which blocks to draw, 0 to 7."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """Digits are gone: what ended it, and how long they were shown."""

    ended_by: str
    shown_ms: int


class OpenVault(Protocol):
    """A vault child that holds, or is about to hold, one recovery password."""

    async def read(self, request: KeyReadRequest) -> KeyRead:
        """Fetch and check the key; raises `Problem` and ends the child when that fails."""
        ...

    async def draw(self, region: DrawRegion, deadline_boottime_ns: int) -> None:
        """Write the digits into the region; returns when they stand on the terminal."""
        ...

    async def cleared(self) -> Cleared:
        """Wait until the child has taken the digits away by itself: deadline, end of its input, or its death."""
        ...

    async def clear(self, why: str) -> Cleared:
        """Take the digits away now, wipe, and end the child. Safe to call twice."""
        ...


class KeyVault(Protocol):
    """Starts vault children."""

    async def open(self) -> OpenVault:
        """Start a child, so that it is warm when the key is asked for."""
        ...
