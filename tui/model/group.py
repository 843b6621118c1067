"""A group of incidents with one cause and one update: a mass incident in the making."""

from dataclasses import dataclass
from datetime import datetime

from tui.model.cause import CauseCode


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """What the members share. An empty `kb` is a group of its own: unknown facts never match."""

    cause: CauseCode
    pcr: int
    """-1 when no register is known."""
    kb: str


@dataclass(frozen=True, slots=True)
class Group:
    """Members are incident ids, oldest first. A group never authorises a key."""

    key: GroupKey
    members: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    open_count: int
    because: tuple[str, ...]
