"""The queue's status line."""

from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from screens.mass_words import key_words
from screens.render import health_words, index_words, sign_in_words
from screens.write_words import write_counts
from tui.model.group import GroupKey
from tui.services.break_glass import banner
from tui.services.desk import Desk
from tui.services.views import View


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Incidents that came since the cursor last moved, and marked ones."""

    new: int
    marked: int


def queue_status(desk: Desk, view: View, group: GroupKey | None, counts: QueueCounts, now: datetime) -> Content:
    """What is open, what waits, and what the table shows of it."""
    me, book = desk.engineer.user.upn, desk.queue.book
    order = f"  by {view.sort}{' reversed' if view.reverse else ''}" if view.sort else ""
    return Content.assemble(
        ("Reseal ", "bold $primary"),
        f"{desk.tenant}  {book.open_count} open",
        f"  {book.open_of(me)} mine" if me else "",
        sign_in_words(signed_in=bool(me), signed_out=desk.signed_out()),
        (f"  {counts.new} new" if counts.new else "", "$accent"),
        (f"  {counts.marked} marked" if counts.marked else "", "bold $warning"),
        (f"  {waits}" if (waits := write_counts(desk.queue.writes.all_pending())) else "", "bold $warning"),
        (f"  {glass}" if (glass := banner(desk.safeguards.glasses.known, now)) else "", "bold $error"),
        (f"  only {key_words(group)} (esc)" if group is not None else "", "bold $accent"),
        (order, "$secondary"),
    )


def source_status(desk: Desk, now: datetime) -> Content:
    """How old each ticket source's answer is, and the key index."""
    health = [health_words(name, desk.queue.health.get(name), now) for name in desk.queue.source_names]
    return Content("  ").join([*health, index_words(desk.index, now)])
