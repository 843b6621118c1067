"""Privileged Identity Management: activating an eligible role, and the tickets of earlier activations."""

from collections.abc import Sequence
from uuid import uuid4

import msgspec

from tui.errors import Problem, ProblemKind
from tui.services.pim import Activation, ActivationOrder
from tui.sources.graph.paging import everything
from tui.sources.graph.problems import Ask, request_id, unreadable
from tui.sources.graph.reading import moment, text
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import Unreadable, item_decoder, page_decoder

ACTIVATION = Ask("activating the role", "RoleAssignmentSchedule.ReadWrite.Directory")
REQUESTS = Ask("your own activations", "RoleAssignmentSchedule.Read.Directory")
_PATH = "/roleManagement/directory/roleAssignmentScheduleRequests"


class _Expiration(msgspec.Struct, rename="camel"):
    duration: object = None
    end_date_time: object = None


class _Schedule(msgspec.Struct, rename="camel"):
    start_date_time: object = None
    expiration: _Expiration | None = None


class _Ticket(msgspec.Struct, rename="camel"):
    ticket_number: object = None
    ticket_system: object = None


class WireRequest(msgspec.Struct, rename="camel"):
    """unifiedRoleAssignmentScheduleRequest."""

    id: object = None
    status: object = None
    role_definition_id: object = None
    directory_scope_id: object = None
    justification: object = None
    created_date_time: object = None
    schedule_info: _Schedule | None = None
    ticket_info: _Ticket | None = None


_ITEM = item_decoder(WireRequest)
_PAGE = page_decoder(WireRequest)


class RoleActivations:
    """roleAssignmentScheduleRequests (v1.0)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def activate(self, order: ActivationOrder) -> Activation:
        """Ask for the activation, once and never again; raises `Problem` with Graph's own code."""
        info = self._transport.plain("POST", _PATH, body=_body(order))
        try:
            answer = await self._transport.send(info, str(uuid4()), ask=ACTIVATION)
        except Problem as problem:
            raise _in_words(problem) from None
        try:
            found = activation(_ITEM(answer.body))
        except Unreadable as error:
            raise unreadable(answer, ACTIVATION, str(error)) from None
        if found is None:
            raise Problem(
                ProblemKind.UPSTREAM,
                "Whether the role was activated is not known",
                "Graph accepted the request and gave no id",
                "Look at your active roles",
                request_id=request_id(answer),
            )
        return found

    async def mine(self) -> Sequence[Activation]:
        """The engineer's own activation requests, with their tickets."""
        info = self._transport.plain("GET", f"{_PATH}/filterByCurrentUser(on='principal')")
        return await everything(self._transport, info, _PAGE, activation, REQUESTS)


def _body(order: ActivationOrder) -> bytes:
    minutes = order.minutes
    return msgspec.json.encode(
        {
            "action": "selfActivate",
            "principalId": order.principal_id,
            "roleDefinitionId": order.role_id,
            "directoryScopeId": order.scope,
            "justification": order.justification,
            "scheduleInfo": {
                "startDateTime": order.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "expiration": {"type": "AfterDuration", "duration": f"PT{minutes // 60}H{minutes % 60}M"},
            },
            "ticketInfo": {"ticketNumber": order.ticket, "ticketSystem": order.ticket_system},
        }
    )


def activation(wire: WireRequest) -> Activation | None:
    """A request as Graph tells it; None without an id."""
    request = text(wire.id, 64)
    if not request:
        return None
    ticket, schedule = wire.ticket_info, wire.schedule_info
    return Activation(
        id=request,
        status=text(wire.status, 40),
        role_id=text(wire.role_definition_id, 64),
        scope=text(wire.directory_scope_id, 200),
        ticket=text(ticket.ticket_number, 100) if ticket else "",
        ticket_system=text(ticket.ticket_system, 100) if ticket else "",
        justification=text(wire.justification, 300),
        created_at=moment(wire.created_date_time),
        ends_at=moment(schedule.expiration.end_date_time) if schedule and schedule.expiration else None,
    )


_CODES = {
    "RoleAssignmentExists": "The role is active already",
    "RoleAssignmentDoesNotExist": "You are not eligible for this role at this scope any more",
    "RoleAssignmentRequestPolicyValidationFailed": "The role's settings refuse this activation",
    "RoleAssignmentRequestAcrsValidationFailed": "The role's settings ask for a fresh multifactor sign-in",
    "MfaRule": "The role's settings ask for multifactor authentication in this sign-in",
    "PendingRoleAssignmentRequest": "An activation of this role already waits for approval",
}
"""Error codes of role management in words (Microsoft Learn, PIM APIs for Microsoft Entra roles)."""


def _in_words(problem: Problem) -> Problem:
    said = _CODES.get(problem.code)
    if said is None:
        return problem
    why = " ".join(part for part in (problem.why, f"(Graph: {problem.code})") if part)
    return Problem(
        ProblemKind.FORBIDDEN, said, why, "Correct what it names, or ask the escalation contact",
        status=problem.status, code=problem.code, request_id=problem.request_id,
    )  # fmt: skip
