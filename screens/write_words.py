"""Writes to ticket systems that are not confirmed, in words and in one sign."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from screens.render import age
from tui.actions import key_of_action
from tui.services.outbox import OPEN, Write, WriteState

WAITING, FAILED = "↑", "!"


def write_sign(writes: Sequence[Write]) -> str:
    """One character for the queue's row: something failed, something is under way, or nothing."""
    if any(write.state not in OPEN for write in writes):
        return FAILED
    return WAITING if writes else ""


def write_lines(writes: Sequence[Write], now: datetime) -> list[Content]:
    """A line for each write, for the top of the device pane."""
    lines = [_line(write, now) for write in writes]
    if any(write.state not in OPEN for write in writes):
        said = f"  {key_of_action('acknowledge-writes')} takes away what was refused"
        lines.append(Content.assemble((said, "$secondary")))
    return [*lines, Content("")] if lines else []


def _line(write: Write, now: datetime) -> Content:
    what = f"{write.kind} {write.value[:40]}"
    if write.state is WriteState.SENT:
        return Content.assemble((f"{WAITING} {what}", "$warning"), " is sent; the ticket system has not confirmed it")
    if write.state in OPEN:
        why = f": {write.detail}" if write.detail else ""
        return Content.assemble((f"{WAITING} {what}", "$warning"), f" waits {age(write.queued_at, now)}{why}")
    return Content.assemble((f"{FAILED} {what}", "bold $error"), f" was not done: {write.detail}")


def write_counts(writes: Sequence[Write]) -> str:
    """How much is under way and how much failed, for the status line."""
    failed = sum(write.state not in OPEN for write in writes)
    waiting = len(writes) - failed
    parts = [f"{waiting} {WAITING} waiting"] * bool(waiting) + [f"{failed} {FAILED} refused"] * bool(failed)
    return ", ".join(parts)
