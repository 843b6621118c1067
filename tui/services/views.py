"""Views of the queue: which columns, in which order, and filtered by which words. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec

from tui.model.due import STANDING, TARGETS, due_after
from tui.model.incident_line import PLACE_OF_PRIORITY, PLACE_OF_TIME, Line, due_in, field_in

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


_TARGETS = {
    f"p{priority}{' vip' if vip else ''}": due_after(priority, vip=vip) // timedelta(microseconds=1)
    for priority in TARGETS
    for vip in (False, True)
}


def _due(line: Line) -> tuple[bool, int]:
    """The same as `tui.model.due.due_at`, in microseconds."""
    due = due_in(line)
    stands = field_in(line, "state") in STANDING
    return stands, int(due or line[PLACE_OF_TIME], 16) + (0 if due else _TARGETS[field_in(line, "rank")])


_SORTS: dict[str, Callable[[Line], Any]] = {
    "age": lambda line: line[PLACE_OF_TIME],
    "P": lambda line: (line[PLACE_OF_PRIORITY], not field_in(line, "rank").endswith("vip")),
    "ticket": lambda line: field_in(line, "number"),
    "device": lambda line: field_in(line, "device_name").lower(),
    "caller": lambda line: field_in(line, "caller").lower(),
    "cause": lambda line: field_in(line, "cause"),
    "kb": lambda line: field_in(line, "kbs"),
    "key ID": lambda line: field_in(line, "key_id_prefixes"),
    "state": lambda line: field_in(line, "state"),
    "due": _due,
    "assignee": lambda line: field_in(line, "assignee").lower(),
}
"""What a column is sorted by; read out of the line, because reading a hundred thousand whole ones takes a second."""


def sorted_lines(lines: Sequence[Line], view: View) -> Sequence[Line]:
    """Lines in the view's order, which stand in the queue's; equals keep that, so that nothing shuffles.

    A hundred thousand belong into a thread.
    """
    chosen = _SORTS.get(view.sort)
    return lines if chosen is None else sorted(lines, key=chosen, reverse=view.reverse)


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
