"""Views of the queue: which columns, in which order, and filtered by which words. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from tui.model.due import STANDING, due_at
from tui.model.incident import Incident
from tui.model.incident_line import Line, incident_in
from tui.services.incidents import sort_key

COLUMN_NAMES = ("age", "P", "ticket", "device", "caller", "cause", "kb", "key ID", "state", "due", "assignee")
"""Every column that the queue has, in the order in which they stand."""

QUEUE_ORDER = ""
"""The queue's own order: open before closed, urgent before less urgent, oldest first."""


NARROWEST, WIDEST = 2, 60
"""Columns of the terminal that a column of the queue may take."""


@dataclass(frozen=True, slots=True)
class View:
    """`sort` is a column or `QUEUE_ORDER`; `columns` empty means all that fit; `words` as typed behind the slash.

    `widths` are those that the engineer chose, by column.
    """

    name: str = ""
    columns: tuple[str, ...] = ()
    sort: str = QUEUE_ORDER
    reverse: bool = False
    words: str = ""
    widths: tuple[tuple[str, int], ...] = ()


_SORTS: dict[str, Callable[[Incident], Any]] = {
    "age": lambda each: each.ticket.opened_at,
    "P": lambda each: (each.ticket.priority, not each.ticket.vip),
    "ticket": lambda each: each.ticket.number,
    "device": lambda each: each.ticket.device_name.lower(),
    "caller": lambda each: each.ticket.caller.lower(),
    "cause": lambda each: each.reading.cause.code,
    "kb": lambda each: each.reading.kbs,
    "key ID": lambda each: each.reading.key_id_prefixes,
    "state": lambda each: each.ticket.state,
    "due": lambda each: (each.ticket.state in STANDING, due_at(each.ticket)),
    "assignee": lambda each: each.ticket.assignee.lower(),
}


def sorted_ids(incidents: Sequence[Incident], view: View) -> list[str]:
    """Incident ids in the view's order; equals keep the queue's own order, so that nothing shuffles."""
    if view.sort == QUEUE_ORDER:
        return [each.id for each in incidents]
    chosen = _SORTS[view.sort]
    in_queue_order = sorted(incidents, key=sort_key)
    return [each.id for each in sorted(in_queue_order, key=chosen, reverse=view.reverse)]


def sorted_lines(lines: Sequence[Line], view: View) -> Sequence[Line]:
    """The same of lines in the queue's order; a hundred thousand belong into a thread."""
    chosen = _SORTS.get(view.sort)
    if chosen is None:
        return lines
    return sorted(lines, key=lambda line: chosen(incident_in(line)), reverse=view.reverse)


def next_sort(view: View) -> View:
    """The view sorted by the next column, and after the last one in the queue's own order again."""
    orders = (QUEUE_ORDER, *COLUMN_NAMES)
    place = (orders.index(view.sort) + 1) % len(orders)
    return replace(view, sort=orders[place], reverse=False)


def resized(view: View, column: str, width: int) -> View:
    """The view with a column of this width, or of the nearest that there is."""
    widths = dict(view.widths) | {column: max(NARROWEST, min(WIDEST, width))}
    return replace(view, widths=tuple(widths.items()))


def encode_views(views: Sequence[View]) -> str:
    """Saved views as text."""
    return msgspec.json.encode(views).decode()


def decode_views(text: str) -> tuple[View, ...]:
    """Saved views; what is not one, or names a column that is no more, is left out."""
    try:
        views = msgspec.json.decode(text, type=list[View]) if text else []
    except msgspec.MsgspecError:
        return ()
    return tuple(view for view in views if _is_known(view))


def _is_known(view: View) -> bool:
    known = {QUEUE_ORDER, *COLUMN_NAMES}
    sized = all(name in known and NARROWEST <= width <= WIDEST for name, width in view.widths)
    return view.sort in known and set(view.columns) <= known and sized


def without(views: Sequence[View], name: str) -> tuple[View, ...]:
    """The views but the one of this name."""
    return tuple(view for view in views if view.name != name)
