"""What the demo tenant and its ticket desk are made of. Times are seconds since the epoch, UTC."""

from dataclasses import dataclass, field
from typing import Literal

Quoting = Literal["full", "prefix", "none"]
FaultKind = Literal[
    "401", "401-claims", "403", "404", "429", "500", "503", "504", "html-502", "slow", "truncated", "broken-json",
    "wrong-id", "bad-checksum", "empty-key", "no-key", "wrapped", "wrong-type", "reset", "empty-page", "foreign-link",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """An invented user. `voice` is how tickets about this person are written."""

    id: str
    upn: str
    name: str
    voice: str
    vip: bool = False


@dataclass(frozen=True, slots=True)
class Hardware:
    """A computer model, with the firmware it runs."""

    manufacturer: str
    model: str
    bios: str


@dataclass(frozen=True, slots=True)
class Build:
    """A Windows build and the update that brought it."""

    os_version: str
    kb: str


@dataclass(slots=True)
class Key:
    """An escrowed recovery key; `volume` is Graph's number, `gone` means deleted from the escrow."""

    id: str
    device_id: str
    volume: int
    created: float
    gone: bool = False


@dataclass(slots=True)
class Action:
    """A remote action as Intune reports it."""

    name: str
    state: str
    started: float
    updated: float
    error_code: int = 0


@dataclass(slots=True)
class Device:
    """A device object and Intune's record of it. `managed_id` is empty when Intune has none."""

    object_id: str
    device_id: str
    managed_id: str
    name: str
    managed_name: str
    serial: str
    hardware: Hardware
    build: Build
    trust: str
    owner: Person | None
    primary_user: Person | None
    unit: str
    registered: float
    last_seen: float
    last_sync: float
    compliance: str = "compliant"
    owner_changed: bool = False
    rotates: bool = True
    physical_ids: tuple[str, ...] = ()
    encryption_causes: str = "success"
    """Words of `advancedBitLockerStates`, with commas between several."""
    encryption_policy: str = "Demo disk encryption"
    """Name of the assigned encryption policy; empty without one."""
    unmet: tuple[str, ...] = ()
    """Settings of the compliance policy that are not met."""
    entra_compliant: bool | None = None
    """What Entra ID says where it is not what Intune says."""
    keys: list[Key] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    before: Build | None = None
    """The build that Intune and Entra ID still tell, while the restart into `build` is to come."""

    @property
    def told(self) -> Build:
        """The build as the services have it."""
        return self.before or self.build


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Story:
    """What a ticket tells, before it is put into words; `title` and `body` stand for themselves when given."""

    plot: str
    caller: Person
    device_name: str
    kb: str
    key_id: str
    quoting: Quoting
    tells_code: bool
    tells_kb: bool
    turn: int
    title: str = ""
    body: str = ""


@dataclass(slots=True)
class Ticket:
    """A record of the ticket desk. `arrives` is in seconds of the play; the stamps are empty until then."""

    sys_id: str
    number: str
    story: Story
    priority: int
    arrives: float
    state: str = "1"
    assigned_to: str = ""
    opened_at: str = ""
    updated_on: str = ""
    short_description: str | None = None
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    added: str = ""
    scripted: bool = False
    device: Device | None = None
    """An ordinary ticket's device, which restarts into its update when the ticket comes."""


@dataclass(frozen=True, slots=True)
class Case:
    """A hard case by name: its ticket, and the devices and keys that it turns on."""

    name: str
    tells: str
    ticket: str
    devices: tuple[str, ...]
    keys: tuple[str, ...]
