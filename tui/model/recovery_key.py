"""Metadata of an escrowed recovery key. The recovery password itself has no type here: only the vault sees it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Volume(StrEnum):
    """Which volume a key unlocks (Graph `volumeType` 1, 2, 3)."""

    OPERATING_SYSTEM = "operating-system"
    FIXED_DATA = "fixed-data"
    REMOVABLE = "removable"
    UNKNOWN = "unknown"


class Escrow(StrEnum):
    """Where the key is kept."""

    ENTRA = "entra"
    AD = "ad"


class KeyStatus(StrEnum):
    """Whether the key is the one in force on its volume, as far as dates tell; the ID on the screen is the truth."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """An escrowed key: `id` is the protector GUID in canonical form, `created` its first backup."""

    id: str
    device_id: str
    created: datetime | None
    volume: Volume
    escrow: Escrow = Escrow.ENTRA
    status: KeyStatus = KeyStatus.UNKNOWN
