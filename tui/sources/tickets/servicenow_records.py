"""ServiceNow's incident record, and what of it makes a ticket."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from tui.model.incident import IncidentState, Ticket
from tui.text import clean, clean_line

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = {
    "1": IncidentState.NEW,
    "2": IncidentState.CLAIMED,
    "3": IncidentState.WAITING,
    "6": IncidentState.CLOSED,
    "7": IncidentState.CLOSED,
    "8": IncidentState.CLOSED,
}


class Record(msgspec.Struct):
    """An incident. A field is a string, or `{"value", "display_value"}`, or missing."""

    sys_id: object = None
    number: object = None
    short_description: object = None
    description: object = None
    caller: object = msgspec.field(default=None, name="caller_id")
    caller_user: object = msgspec.field(default=None, name="caller_id.user_name")
    caller_mail: object = msgspec.field(default=None, name="caller_id.email")
    caller_vip: object = msgspec.field(default=None, name="caller_id.vip")
    device: object = msgspec.field(default=None, name="cmdb_ci")
    state: object = None
    priority: object = None
    assignee: object = msgspec.field(default=None, name="assigned_to")
    assignee_user: object = msgspec.field(default=None, name="assigned_to.user_name")
    assignee_mail: object = msgspec.field(default=None, name="assigned_to.email")
    opened_at: object = None
    sys_updated_on: object = None


FIELDS = ",".join(field.encode_name for field in msgspec.structs.fields(Record))
"""What `sysparm_fields` asks for."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a ticket: the name to show, and all names it goes by there (case-folded)."""

    name: str
    names: frozenset[str]


def value_of(field: object) -> str:
    """The stored value, not cleaned."""
    if isinstance(field, dict):
        field = field.get("value")
    return field if isinstance(field, str) else ""


def shown_of(field: object) -> str:
    """The display value where there is one, on one clean line."""
    if isinstance(field, dict):
        shown = field.get("display_value")
        field = shown if isinstance(shown, str) and shown else field.get("value")
    return clean_line(field) if isinstance(field, str) else ""


def text_of(field: object) -> str:
    """The stored value on one clean line."""
    return clean_line(value_of(field))


def stamp_of(record: Record) -> str:
    """When the record changed, as ServiceNow writes it."""
    return text_of(record.sys_updated_on)


def moment(field: object) -> datetime:
    """A `YYYY-MM-DD HH:MM:SS` in UTC; long ago when it is none."""
    try:
        return datetime.strptime(value_of(field), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return _LONG_AGO


def holder_of(record: Record) -> Holder:
    """Who holds the ticket; an empty name when nobody does."""
    names = [shown_of(record.assignee_user), shown_of(record.assignee), text_of(record.assignee)]
    names = [name for name in [*names, shown_of(record.assignee_mail)] if name]
    return Holder(names[0] if names else "", frozenset(name.casefold() for name in names))


def same_person(holder: Holder, assignee: str) -> bool:
    """The holder goes by this name."""
    return clean_line(assignee).casefold() in holder.names


def ticket_of(record: Record) -> Ticket | None:
    """The record as a ticket; None without a sys_id."""
    key = text_of(record.sys_id)
    if not key:
        return None
    holder = holder_of(record).name
    state = _STATES.get(text_of(record.state), IncidentState.NEW)
    if state is IncidentState.NEW and holder:
        state = IncidentState.CLAIMED
    priority = text_of(record.priority)[:1]
    opened = moment(record.opened_at)
    return Ticket(
        key=key,
        number=shown_of(record.number) or key,
        title=shown_of(record.short_description),
        body=clean(value_of(record.description)),
        caller=shown_of(record.caller_mail) or shown_of(record.caller_user) or shown_of(record.caller),
        device_name=shown_of(record.device),
        state=state,
        priority=int(priority) if priority in {"1", "2", "3", "4", "5"} else 5,
        assignee=holder,
        vip=text_of(record.caller_vip).lower() == "true",
        opened_at=opened,
        updated_at=max(moment(record.sys_updated_on), opened),
    )
