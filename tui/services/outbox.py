"""Writes to ticket systems that are under way, and where they wait."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tui.model.incident import IncidentState

TAKEN = "taken"
"""`Problem.code` of a claim that somebody else holds."""
WAITS = "waits"
"""`Problem.code` of a write that could not be sent yet, and will be."""


class WriteKind(StrEnum):
    """What is written."""

    CLAIM = "claim"
    NOTE = "note"
    STATE = "state"
    LINK = "link"


class WriteState(StrEnum):
    """How far a write is. `sending` after a crash means: nobody knows whether it arrived."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    REFUSED = "refused"


OPEN = (WriteState.QUEUED, WriteState.SENDING, WriteState.SENT)
"""States in which something is still to be done."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write. `value` is the assignee, the text, the state or the parent; `seen_*` is what the engineer saw."""

    id: str
    source: str
    key: str
    incident_id: str
    kind: WriteKind
    value: str
    actor: str
    seen_assignee: str
    seen_state: IncidentState
    queued_at: datetime
    next_at: datetime
    state: WriteState = WriteState.QUEUED
    attempts: int = 0
    detail: str = ""

    @property
    def marker(self) -> str:
        """What a note carries, so that it is found again."""
        return f"reseal {self.id[:16]}"


class Outbox(Protocol):
    """Where writes wait. Every method is durable when it returns, and raises `Problem(LOCAL)`."""

    async def keep(self, write: Write) -> None:
        """Keep a new write, or how far a known one is."""
        ...

    async def rebase(self, incident_id: str, assignee: str, state: IncidentState) -> None:
        """What later writes of the same incident were made on has changed by our own doing."""
        ...

    async def unfinished(self) -> Sequence[Write]:
        """Every write that is not confirmed, oldest first."""
        ...

    async def forget(self, write_id: str) -> None:
        """Drop a write whose end was said."""
        ...

    async def may_send(self) -> bool:
        """This process is the one that sends; another console on the same state may be."""
        ...


class UnkeptOutbox:
    """An `Outbox` in memory, for a desk without a state directory: what waits in it ends with the process."""

    def __init__(self) -> None:
        self._writes: dict[str, Write] = {}

    async def keep(self, write: Write) -> None:
        """Keep a new write, or how far a known one is."""
        self._writes[write.id] = write

    async def rebase(self, incident_id: str, assignee: str, state: IncidentState) -> None:
        """What later writes of the same incident were made on has changed by our own doing."""
        for write in tuple(self._writes.values()):
            if write.incident_id == incident_id and write.state is WriteState.QUEUED:
                self._writes[write.id] = replace(write, seen_assignee=assignee, seen_state=state)

    async def unfinished(self) -> Sequence[Write]:
        """Every write that is not confirmed, oldest first."""
        return [each for each in self._writes.values() if each.state is not WriteState.CONFIRMED]

    async def forget(self, write_id: str) -> None:
        """Drop a write."""
        self._writes.pop(write_id, None)

    async def may_send(self) -> bool:
        """Always."""
        return True
