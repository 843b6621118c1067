"""Ticket systems."""

from dataclasses import dataclass
from typing import Protocol

from tui.model.incident import IncidentState, Ticket


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
