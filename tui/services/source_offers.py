"""What a ticket source may offer beyond `ports.TicketSource`; services ask for it by these protocols."""

from typing import Protocol, runtime_checkable

from tui.model.incident import Ticket


@runtime_checkable
class NotesReadable(Protocol):
    """A source that can tell whether a note has arrived."""

    async def add_note(self, key: str, text: str, marker: str = "") -> None:
        """Add a work note with a marker."""
        ...

    async def has_note(self, key: str, marker: str) -> bool | None:
        """A note with this marker is there; None when that cannot be told."""
        ...


@runtime_checkable
class Recognising(Protocol):
    """A source that knows people by an id of its own."""

    async def recognise(self, name: str) -> None:
        """Learn under which id somebody is known, so that their tickets show this name."""
        ...


@runtime_checkable
class Linking(Protocol):
    """A source that can hang a ticket on a problem or parent."""

    async def link(self, key: str, parent: str) -> Ticket:
        """Link the ticket."""
        ...


@runtime_checkable
class Sweepable(Protocol):
    """A source that can say which tickets are open: deletions leave no trace in a list of changes."""

    sweep_seconds: float
    """How often that is worth asking."""

    async def open_keys(self) -> frozenset[str] | None:
        """Keys of all tickets that are open now; None when that cannot be told at the moment."""
        ...
