"""A row of the queue in words, and what of it fits. Imports next to nothing, because the first frame waits for it."""

from collections.abc import Mapping, Sequence
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

COLUMNS: tuple[tuple[str, int, int], ...] = (
    ("age", 4, 2),
    ("P", 2, 4),
    ("ticket", 11, 0),
    ("device", 15, 0),
    ("caller", 22, 7),
    ("cause", 19, 3),
    ("kb", 9, 6),
    ("key ID", 8, 5),
    ("state", 11, 0),
    ("due", 5, 9),
    ("assignee", 20, 8),
)
"""Name, width, and rank: the highest ranks give way first when the screen is narrow."""


def fit_columns(
    width: int, chosen: Sequence[str] = (), sizes: Mapping[str, int] | None = None
) -> tuple[tuple[str, int], ...]:
    """The columns that fit, of those that are chosen; what is left over goes to the device's name.

    `sizes` are widths that were chosen, by column; a device's name of such a width leaves the rest to the last column.
    """
    sizes = sizes or {}
    kept = [(name, sizes.get(name, size), rank) for name, size, rank in COLUMNS if not chosen or name in chosen]
    # A blank between two columns, and none behind the last.
    while len(kept) > 1 and sum(size + 1 for _, size, _ in kept) > width + 1:
        kept.remove(max(kept, key=lambda column: column[2]))
    spare = max(0, width + 1 - sum(size + 1 for _, size, _ in kept))
    widened = "device" if any(name == "device" for name, _, _ in kept) and "device" not in sizes else kept[-1][0]
    return tuple((name, size + (spare if name == widened else 0)) for name, size, _ in kept)


def thumb(rows: int, lines: int, top: int) -> tuple[int, int]:
    """First line and end of what a scroll bar shows of so many rows on so many lines; nothing when all are shown."""
    if rows <= lines or lines <= 0:
        return 0, 0
    size = max(1, lines * lines // rows)
    first = round(min(top, rows - lines) / (rows - lines) * (lines - size))
    return first, first + size


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
