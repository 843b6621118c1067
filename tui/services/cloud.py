"""The cloud's sources, in one value."""

from dataclasses import dataclass
from typing import Protocol

from tui.ports import (
    DeviceManagement,
    Directory,
    DirectoryLog,
    KeyEscrow,
    KeyIndex,
    MassSource,
    Memory,
    OnPremDirectory,
    Policies,
)


class IndexAndMemory(KeyIndex, Memory, Protocol):
    """The local cache: the key index, and the small texts kept beside it."""


@dataclass(frozen=True, slots=True)
class CloudSources:
    """The sources that a dossier asks. Everything local is kept under `tenant`, the tenant's id."""

    directory: Directory
    intune: DeviceManagement
    escrow: KeyEscrow
    index: IndexAndMemory
    policies: Policies
    tenant: str
    log: DirectoryLog | None = None
    mass: MassSource | None = None
    ahead: MassSource | None = None
    """The same for what no engineer waits for yet."""
    on_prem: OnPremDirectory | None = None
