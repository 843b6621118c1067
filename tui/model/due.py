"""The service clock of a ticket."""

from datetime import datetime, timedelta

from tui.model.incident import IncidentState, Ticket

TARGETS = {
    1: timedelta(minutes=30),
    2: timedelta(hours=1),
    3: timedelta(hours=4),
    4: timedelta(hours=8),
    5: timedelta(hours=24),
}
"""Time to unlock by priority, for tickets whose system names no time."""

STANDING = (IncidentState.WAITING, IncidentState.CLOSED)
"""States in which the clock stands."""


def due_after(priority: int, *, vip: bool) -> timedelta:
    """How long a ticket may take whose system names no time. A VIP counts one priority more."""
    return TARGETS[max(1, priority - 1) if vip else priority]


def due_at(ticket: Ticket) -> datetime:
    """Until when it wants to be solved: as its system says, else by its priority."""
    if ticket.due_at is not None:
        return ticket.due_at
    return ticket.opened_at + due_after(ticket.priority, vip=ticket.vip)


def minutes_left(ticket: Ticket, now: datetime) -> int | None:
    """Whole minutes until it is due, negative when that is past; None while the clock stands."""
    return None if ticket.state in STANDING else int((due_at(ticket) - now).total_seconds() // 60)
