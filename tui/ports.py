"""What services need from the outside, as protocols. Adapters in `sources`, `store` and `vault` give it.

Every method that reaches outside raises `Problem` and nothing else, and can be cancelled.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from tui.errors import Problem
from tui.model.audit import AuditEntry, AuditEvent, AuditRow
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
from tui.model.incident import Incident, IncidentState, Ticket
from tui.model.recovery_key import RecoveryKey
from tui.model.rights import Capability, RoleGrant


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


class Memory(Protocol):
    """What a view remembers from one run to the next."""

    async def remember(self, name: str, value: str) -> None:
        """Keep a text under a name."""
        ...

    async def recall(self, name: str) -> str:
        """The text that was kept; empty when there is none."""
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


SHOWN_SECONDS = 900
"""How long a vault holds a key at most, whatever it is asked for."""

LANGUAGES = ("en", "de", "fr", "pl", "es")
"""Languages in which the vault writes digits as words."""

Cell = tuple[int, int]
"""Column and row on the screen, from zero."""


@dataclass(frozen=True, slots=True)
class KeyReadRequest:
    """What the vault is asked to fetch: exactly one key, by its full ID, and how long to hold it at most."""

    key_id: str
    client_request_id: str
    hold_seconds: int = 60


@dataclass(frozen=True, slots=True)
class KeyRead:
    """A key was fetched, checked, and is held by the vault until the deadline (boot time)."""

    request_id: str
    graph_date: str
    http_status: int
    deadline_boottime_ns: int = 0


@dataclass(frozen=True, slots=True)
class DrawRegion:
    """Where the vault may write, in zero-based screen cells, and the SGR parameters to write with."""

    cells: tuple[Cell, ...]
    """(column, row) of the first digit of each of the eight blocks."""
    sgr: str
    blocks: tuple[int, ...]
    """Which blocks to draw, 0 to 7."""
    mask_after_ms: int = 0
    """After that the digits become bullets again by themselves; 0: only at the deadline."""


@dataclass(frozen=True, slots=True)
class DictationRegion:
    """Where one block stands to be read aloud: two lines of three digits with their words, and a field for six digits
    that are read back.
    """

    heading: Cell
    title: str
    """Written at `heading`, and left there: which block it is."""
    lines: tuple[Cell, Cell]
    width: int
    field: Cell
    sgr: str
    block: int
    language: str
    mask_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class SealRegion:
    """Where the sealed key stands: the first cell, the room there is, and whether as text or as a QR code."""

    cell: Cell
    width: int
    height: int
    sgr: str
    recipient: str
    """Public key, `age1...`."""
    form: Literal["text", "qr"] = "text"


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key that the console asked to be told of; never a digit."""

    key: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A block was typed as the caller read it back: places 0 to 5 that differ, and which other block it is, if any."""

    block: int
    differs: tuple[int, ...]
    is_block: int | None = None


@dataclass(frozen=True, slots=True)
class Masked:
    """Digits became bullets again by themselves; the vault still holds the key."""


VaultEvent = KeyPressed | ReadBack | Masked


@dataclass(frozen=True, slots=True)
class KeyboardLoan:
    """Which keys the vault tells the console of while it reads the terminal, and which end the disclosure at once.

    `ending` maps a key name to what the row will say; `blur` is the terminal losing its focus, `resize` its new size.
    """

    keys: tuple[str, ...]
    ending: tuple[tuple[str, str], ...]


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

    async def dictate(self, region: DictationRegion, deadline_boottime_ns: int) -> None:
        """Write one block to be read aloud, and compare with it what is typed from then on."""
        ...

    async def seal(self, region: SealRegion, deadline_boottime_ns: int) -> None:
        """Encrypt the key to a public key and write the ciphertext; no digit is written."""
        ...

    async def copy(self, route: Literal["local", "osc52"], deadline_boottime_ns: int) -> None:
        """Put the key on the clipboard; what `local` put there is taken away at the end if it is still there."""
        ...

    async def lend_keyboard(self, loan: KeyboardLoan, on_event: Callable[[VaultEvent], None]) -> None:
        """From now on the vault reads the terminal, until it ends. The console must have stopped reading."""
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
