"""A line of the wire log: what was asked of Graph and how it ended, never a body."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Workload(StrEnum):
    """Services behind Graph that throttle each on its own."""

    DIRECTORY = "directory"
    INTUNE = "intune"
    KEYS = "keys"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt. `status` 0 means that no answer came; `parts` counts what a `$batch` holds.

    `retry_after` (seconds) is what the server asked for, `background` means that no engineer waited for it.
    """

    method: str
    path: str
    status: int
    milliseconds: float
    client_request_id: str
    request_id: str
    workload: Workload = Workload.DIRECTORY
    background: bool = False
    at: datetime | None = None
    retry_after: float | None = None
    parts: int = 0
