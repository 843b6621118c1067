"""ServiceNow's encoded queries, the part that an incremental poll uses: `field<op>value^...^ORDERBYfield`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tui.demo.desk import CLOSED_STATES, Desk, short_description
from tui.demo.records import Ticket

_TERM = re.compile(r"([a-z_.]+?)(>=|<=|!=|=|>|<|STARTSWITH|LIKE|ISEMPTY|ISNOTEMPTY|IN)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition."""

    field: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Order:
    """A field to sort by."""

    field: str
    descending: bool = False


def parse_query(text: str) -> tuple[list[Term], list[Order]]:
    """Read a query. As there, a part that is not understood is left out and the rest still counts."""
    terms, order = [], []
    for part in text.split("^"):
        if part.startswith("ORDERBYDESC"):
            order.append(Order(part.removeprefix("ORDERBYDESC"), descending=True))
        elif part.startswith("ORDERBY"):
            order.append(Order(part.removeprefix("ORDERBY")))
        elif found := _TERM.fullmatch(part):
            terms.append(Term(found[1], found[2], found[3]))
    return terms, order


def select(desk: Desk, terms: Sequence[Term], order: Sequence[Order]) -> list[Ticket]:
    """The records that meet every condition, sorted; without an order, by their last change."""
    since = next((term.value for term in terms if term.field == "sys_updated_on" and term.op in (">=", ">")), "")
    found = [ticket for ticket in desk.changed_since(since) if all(_meets(ticket, term) for term in terms)]
    for one in reversed(order):
        found.sort(key=partial(field_of, field=one.field), reverse=one.descending)
    return found


def field_of(ticket: Ticket, field: str) -> str:
    """The value of a field that a query may name; empty for one that is not known."""
    match field:
        case "sys_updated_on":
            return ticket.updated_on
        case "sys_id":
            return ticket.sys_id
        case "number":
            return ticket.number
        case "opened_at" | "sys_created_on":
            return ticket.opened_at
        case "active":
            return str(ticket.state not in CLOSED_STATES).lower()
        case "state":
            return ticket.state
        case "priority":
            return str(ticket.priority)
        case "assigned_to":
            return ticket.assigned_to
        case "short_description":
            return short_description(ticket)
        case "cmdb_ci":
            return ticket.story.device_name
        case _:
            return ""


def _meets(ticket: Ticket, term: Term) -> bool:
    have = field_of(ticket, term.field)
    match term.op:
        case "=":
            return have == term.value
        case "!=":
            return have != term.value
        case ">=":
            return have >= term.value
        case "<=":
            return have <= term.value
        case ">":
            return have > term.value
        case "<":
            return have < term.value
        case "STARTSWITH":
            return have.startswith(term.value)
        case "LIKE":
            return term.value.lower() in have.lower()
        case "ISEMPTY":
            return not have
        case "ISNOTEMPTY":
            return bool(have)
        case _:
            return have in term.value.split(",")
