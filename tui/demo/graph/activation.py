"""roleAssignmentScheduleRequests: activating an eligible role for a while, with a reason and a ticket."""

import re
import time
from typing import Any

import msgspec

from tui.demo.clock import iso
from tui.demo.graph.answers import Answer, Call, Json, bad_request, require_scope
from tui.demo.graph.pages import collection
from tui.demo.identities import Activation, Grant
from tui.demo.ids import guid_of

_WRITE = "RoleAssignmentSchedule.ReadWrite.Directory"
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?")
_LONGEST = 8 * 3600.0


class _Expiration(msgspec.Struct):
    duration: str = ""


class _Schedule(msgspec.Struct):
    expiration: _Expiration


class _Ticket(msgspec.Struct):
    number: str | None = msgspec.field(default=None, name="ticketNumber")
    system: str | None = msgspec.field(default=None, name="ticketSystem")


class _Asked(msgspec.Struct, rename="camel"):
    action: str
    principal_id: str
    role_definition_id: str
    directory_scope_id: str
    schedule_info: _Schedule
    justification: str = ""
    ticket_info: _Ticket = msgspec.field(default_factory=_Ticket)
    is_validation_only: bool = False


def activate(call: Call, _: re.Match[str]) -> Answer:
    """`selfActivate`: 201 and the role is in force until its time is over. Policy: reason, ticket, at most 8 hours."""
    require_scope(call, _WRITE)
    try:
        asked = msgspec.json.decode(call.body, type=_Asked)
    except msgspec.DecodeError as problem:
        raise bad_request(str(problem)) from None
    grant = _eligible(call, asked)
    seconds = _checked(asked)
    now = time.time()
    told = _told(call, asked, now, seconds)
    if not asked.is_validation_only:
        activation = Activation(grant, now, now + seconds)
        call.caller.activated.append(activation)
        call.caller.requests.append(told)
        call.play.at(call.play.clock.now() + seconds, lambda _: call.caller.activated.remove(activation))
    return Answer(201, told)


def list_requests(call: Call, _: re.Match[str]) -> Answer:
    """The caller's own requests."""
    require_scope(call, "RoleAssignmentSchedule.Read.Directory", "RoleManagement.Read.Directory", _WRITE)
    context = "roleManagement/directory/roleAssignmentScheduleRequests"
    return collection(call, context, call.caller.requests, lambda item: item)


def _eligible(call: Call, asked: _Asked) -> Grant:
    if asked.action != "selfActivate" or asked.principal_id != call.caller.person.id:
        raise bad_request("The subject is not found.", "SubjectNotFound")
    wanted = (asked.role_definition_id.lower(), asked.directory_scope_id)
    for grant in call.caller.eligible:
        if (grant.role.id, grant.scope) == wanted:
            if any(activation.grant is grant for activation in call.caller.activated):
                raise bad_request("The Role assignment already exists.", "RoleAssignmentExists")
            return grant
    raise bad_request("The Role assignment does not exist.", "RoleAssignmentDoesNotExist")


def _checked(asked: _Asked) -> float:
    found = _DURATION.fullmatch(asked.schedule_info.expiration.duration)
    seconds = int(found[1] or 0) * 3600.0 + int(found[2] or 0) * 60.0 if found else 0.0
    failed = []
    if not asked.justification.strip():
        failed.append("JustificationRule")
    if not asked.ticket_info.number:
        failed.append("TicketingRule")
    if not 0 < seconds <= _LONGEST:
        failed.append("ExpirationRule")
    if failed:
        rules = ",".join(f'"{rule}"' for rule in failed)
        raise bad_request(
            f"The following policy rules failed: [{rules}]", "RoleAssignmentRequestPolicyValidationFailed"
        )
    return seconds


def _told(call: Call, asked: _Asked, now: float, seconds: float) -> Json:
    sent: dict[str, Any] = msgspec.json.decode(call.body)
    number = len(call.caller.requests)
    return sent | {
        "id": guid_of("activation", call.caller.person.id, number),
        "status": "Granted" if asked.is_validation_only else "Provisioned",
        "createdDateTime": iso(now),
        "completedDateTime": iso(now),
        "approvalId": None,
        "targetScheduleId": guid_of("schedule", call.caller.person.id, number),
        "scheduleInfo": {
            "startDateTime": iso(now),
            "expiration": {"type": "afterDuration", "duration": f"PT{int(seconds // 60)}M", "endDateTime": None},
        },
    }
