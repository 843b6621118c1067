"""The ticket desk: records in the order of their last change, as an incremental poll asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tui.demo.clock import desk_time
from tui.demo.records import Ticket
from tui.demo.stories import body_of, title_of

CLOSED_STATES = frozenset({"7", "8"})
STATES = {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"}
PRIORITIES = {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"}


@dataclass(slots=True)
class Desk:
    """Tickets that have arrived. `version` changes with every change."""

    version: int = 0
    _by_change: dict[str, Ticket] = field(default_factory=dict)

    def open(self, ticket: Ticket, at: float) -> None:
        """A ticket arrives."""
        ticket.opened_at = desk_time(at)
        self.touch(ticket, at)

    def touch(self, ticket: Ticket, at: float) -> None:
        """Stamp a change; the record moves to the end."""
        ticket.updated_on = desk_time(at)
        self._by_change.pop(ticket.sys_id, None)
        self._by_change[ticket.sys_id] = ticket
        self.version += 1

    def get(self, sys_id: str) -> Ticket | None:
        """A record that has arrived."""
        return self._by_change.get(sys_id)

    def changed_since(self, stamp: str) -> list[Ticket]:
        """Records changed at or after a time, oldest change first; walks only as far back as needed."""
        found = []
        for ticket in reversed(self._by_change.values()):
            if ticket.updated_on < stamp:
                break
            found.append(ticket)
        found.reverse()
        return found

    def __len__(self) -> int:
        return len(self._by_change)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(self._by_change.values())


def short_description(ticket: Ticket) -> str:
    """The title, as written or as changed since."""
    return title_of(ticket.story) if ticket.short_description is None else ticket.short_description


def description(ticket: Ticket) -> str:
    """The text, with what the caller added later."""
    body = body_of(ticket.story)
    return f"{body}\n{ticket.added}" if ticket.added else body
