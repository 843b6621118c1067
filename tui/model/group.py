"""A group of incidents with one cause and one trigger: a mass incident in the making."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui.model.cause import CauseCode
from tui.model.incident import IncidentState

NONE_CAME = "none"
"""No update came in the device's own window, and that is known; an empty text says that nobody knows."""

CLONE = "clone"
"""The part of incidents whose key ID belongs to another device."""

SET_ASIDE = "set aside"
"""The part of incidents that an engineer took out of a group: not this one."""


class Grade(StrEnum):
    """What a group's claim rests on. Only the first two claim that the members share one cause."""

    EVIDENCE = "evidence"
    """Every deciding fact is known from the device, its screen or its logs."""
    TOLD = "told"
    """Callers' words and quoted codes; no device evidence."""
    UNDETERMINED = "undetermined"
    """A deciding fact is missing: what the members have in common proves nothing."""


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """What the members share.

    `pcr` is -1 when no register is known. `update` is the trigger in the device's own window: `KB` and digits, a model
    with its new firmware, `none` when it is known that nothing came, empty when not known or without meaning for this
    cause. `predicate` is the known issue all of whose conditions hold. `part` tells what was set apart: clones, or by
    hand.
    """

    cause: CauseCode
    pcr: int = -1
    event: str = ""
    update: str = ""
    predicate: str = ""
    grade: Grade = Grade.UNDETERMINED
    part: str = ""

    @property
    def kb(self) -> str:
        """The Windows update, empty when the trigger is something else or not known."""
        return self.update if self.update.startswith("KB") else ""

    @property
    def claims(self) -> bool:
        """The group says that its members share one cause."""
        return self.grade is not Grade.UNDETERMINED


@dataclass(frozen=True, slots=True)
class Group:
    """Members are incident ids, oldest first; each keeps its own state. A group never authorises a key."""

    key: GroupKey
    members: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    states: Mapping[IncidentState, int]
    because: tuple[str, ...]
    merged: tuple[GroupKey, ...] = ()
    """Keys that an engineer merged into this one."""

    @property
    def open_count(self) -> int:
        """Members that are not closed."""
        return len(self.members) - self.states.get(IncidentState.CLOSED, 0)
