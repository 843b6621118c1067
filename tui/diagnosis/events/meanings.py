"""What the event ids mean, in our own short words; provider and id both count, as some ids are shared.

The table is `data/events.csv`. Its facts come from the providers' published manifests and message tables and from
Microsoft's article KB5016061; event logs hold no message texts of their own.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

API = "Microsoft-Windows-BitLocker-API"
DRIVER = "Microsoft-Windows-BitLocker-Driver"
TPM_WMI = "Microsoft-Windows-TPM-WMI"
TPM = "TPM"
KERNEL_GENERAL = "Microsoft-Windows-Kernel-General"
WINDOWS_UPDATE = "Microsoft-Windows-WindowsUpdateClient"

BITLOCKER_PROVIDERS = frozenset((API, DRIVER))
PLATFORM_PROVIDERS = frozenset((API, DRIVER, TPM_WMI, TPM))
"""Providers whose events are counted as BitLocker's: its own and those of the TPM that it seals to."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A known event: `role` says what it is good for, `cause` is a cause code or empty, `words` describe it."""

    role: str
    cause: str
    words: str


@cache
def meanings() -> dict[tuple[str, int], Meaning]:
    """Every known event by provider and id."""
    text = files("tui.diagnosis").joinpath("data", "events.csv").read_text(encoding="utf-8")
    return {
        (row["provider"], int(row["id"])): Meaning(row["role"], row["cause"], row["meaning"])
        for row in csv.DictReader(text.splitlines())
    }


def is_wanted(provider: str, event_id: int) -> bool:
    """Whether a record of this kind is decoded; all others are only counted."""
    return provider in PLATFORM_PROVIDERS or (provider, event_id) in meanings()
