"""A row of the queue in words. Imports next to nothing, because the first frame waits for it."""

from datetime import datetime

from tui.model.cause import Cause, CauseCode
from tui.model.due import minutes_left
from tui.model.incident import Incident, IncidentState, minutes_open

STATE_WORDS = {
    IncidentState.NEW: "● new",
    IncidentState.CLAIMED: "◐ claimed",
    IncidentState.WAITING: "◌ waiting",
    IncidentState.DISCLOSED: "◆ disclosed",
    IncidentState.UNLOCKED: "◇ unlocked",
    IncidentState.ROTATION_DUE: "↻ rotate",
    IncidentState.CLOSED: "✓ closed",
}


def short_age(minutes: int) -> str:
    """Minutes in at most four characters."""
    if minutes < 100:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 100 * 60 else f"{minutes // 1440}d"


def due_words(minutes: int | None) -> str:
    """Time that is left, negative when it is over, in at most five characters; a dash while the clock stands."""
    if minutes is None:
        return "-"
    return short_age(minutes) if minutes >= 0 else f"-{short_age(-minutes)}"


def cause_words(cause: Cause) -> str:
    """A cause in a few words."""
    words = (
        cause.code.replace("_", " ").replace("secureboot", "Secure Boot").replace("tpm", "TPM").replace("pcr", "PCR")
    )
    if cause.code is CauseCode.PCR_MISMATCH and cause.pcr is not None:
        words = f"PCR {cause.pcr}" + (f" {cause.event}" if cause.event else "")
    return words


def queue_cells(incident: Incident, now: datetime) -> dict[str, str]:
    """The cells of one row of the queue, by column."""
    ticket, reading = incident.ticket, incident.reading
    prefixes = reading.key_id_prefixes
    return {
        "age": short_age(minutes_open(incident, now)),
        "P": f"{ticket.priority}{'★' if ticket.vip else ''}",
        "ticket": ticket.number,
        "device": ticket.device_name or "-",
        "caller": ticket.caller or "-",
        "cause": cause_words(reading.cause),
        "kb": reading.kbs[0] if len(reading.kbs) == 1 else ("several" if reading.kbs else "-"),
        "key ID": prefixes[0][:8].upper() if len(prefixes) == 1 else ("several" if prefixes else "-"),
        "state": STATE_WORDS[ticket.state],
        "due": due_words(minutes_left(ticket, now)),
        "assignee": ticket.assignee or "-",
    }
