"""The ticket, read again at the source at the moment of disclosure: what the queue shows may be minutes old. Pure."""

from tui.errors import Problem, ProblemKind
from tui.model.incident import Incident, IncidentState, Ticket


def ticket_refusal(shown: Ticket, now: Ticket) -> Problem | None:
    """Why this ticket does not carry a disclosure any more; None when it does."""
    if now.number != shown.number:
        return _refused(f"{shown.number} is now {now.number}", "The source answered with another ticket")
    if now.state is IncidentState.CLOSED:
        return _refused(f"{now.number} is closed", "A key is disclosed for open work only")
    if not now.caller:
        return _refused(f"{now.number} names no caller", "Nobody can be verified")
    if now.caller.casefold() != shown.caller.casefold():
        return _refused(f"{now.number} is now of {now.caller}", f"It was of {shown.caller or 'nobody'} a moment ago")
    if now.device_name.casefold() != shown.device_name.casefold():
        named = now.device_name or "no device"
        return _refused(f"{now.number} now names {named}", f"It named {shown.device_name or 'no device'} a moment ago")
    return None


def validated(shown: Incident, now: Incident | None) -> Incident:
    """The incident as its source has it now; raises `Problem` when it does not carry a disclosure."""
    if now is None:
        raise _refused(f"{shown.ticket.number} is not at its source any more", "It was deleted or moved")
    refusal = ticket_refusal(shown.ticket, now.ticket)
    if refusal is not None:
        raise refusal
    return now


def _refused(what: str, why: str) -> Problem:
    return Problem(ProblemKind.POLICY, what, why, "Refresh the queue (r) and start again, or break the glass.")
