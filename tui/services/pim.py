"""Roles just in time: what could be activated for an incident, and whether what is active belongs to it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, Operator
from tui.model.device import AdministrativeUnit
from tui.model.rights import WHOLE_TENANT, Rights, RoleGrant
from tui.ports import AuditTrail
from tui.text import clean_line

MINUTES = 60
"""How long a role is asked for; the role's settings may allow less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationOrder:
    """What is asked of Privileged Identity Management."""

    principal_id: str
    role_id: str
    scope: str
    justification: str
    ticket: str
    ticket_system: str
    starts_at: datetime
    minutes: int = MINUTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An activation as Graph tells it; `status` is its own word (`Provisioned`, `PendingApproval`, ...)."""

    id: str
    status: str
    role_id: str
    scope: str
    ticket: str
    ticket_system: str
    justification: str = ""
    created_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Somebody has to approve it first."""
        return self.status.lower().startswith("pending")


class Activations(Protocol):
    """Privileged Identity Management, as the service needs it."""

    async def activate(self, order: ActivationOrder) -> Activation:
        """Ask for an activation, once."""
        ...

    async def mine(self) -> Sequence[Activation]:
        """The engineer's own activation requests."""
        ...


@dataclass(frozen=True, slots=True)
class ActiveRole:
    """A role that reads keys and is in force: where, until when, and for which ticket it was activated."""

    grant: RoleGrant
    ticket: str = ""
    belongs: bool | None = None
    """The activation's ticket is the incident's; None when nothing can be compared."""

    def words(self, units: Sequence[AdministrativeUnit] = ()) -> str:
        """Role, scope, end and ticket in one line."""
        until = f", until {self.grant.until.astimezone():%H:%M}" if self.grant.until else ""
        said = f"{self.grant.role} on {scope_words(self.grant, units)}{until}"
        if self.belongs is False:
            return f"{said}; activated for {self.ticket}, not for this incident"
        return f"{said}; activated for {self.ticket}" if self.ticket else said


def scope_words(grant: RoleGrant, units: Sequence[AdministrativeUnit] = ()) -> str:
    """Where a role applies."""
    if grant.scope == WHOLE_TENANT:
        return "the whole tenant"
    names = {unit.id.lower(): unit.name for unit in units}
    return f"unit {names.get(grant.unit, grant.unit)}" if grant.unit else (grant.scope or "an unknown scope")


def offers(rights: Rights | None) -> tuple[RoleGrant, ...]:
    """Roles that would let the engineer read keys once activated; empty when an active one does already."""
    if rights is None or rights.key_readers:
        return ()
    return rights.could_read_keys


def active_roles(rights: Rights, requests: Sequence[Activation], ticket: str) -> tuple[ActiveRole, ...]:
    """What is in force, each with the ticket of the activation that it came from."""
    found = []
    for grant in rights.key_readers:
        same = [each for each in requests if (each.role_id, each.scope) == (grant.role_id, grant.scope)]
        newest = max(same, key=lambda each: each.created_at.timestamp() if each.created_at else 0.0, default=None)
        of = newest.ticket if grant.activated and newest is not None else ""
        belongs = of.casefold() == ticket.casefold() if of and ticket else None
        found.append(ActiveRole(grant, of, belongs))
    return tuple(found)


def denial_words(problem: Problem, contact: str) -> str:
    """A refusal with Graph's own code and whom to call; a wider role is never suggested."""
    code = f" (Graph: {problem.code}, HTTP {problem.status})" if problem.code else ""
    whom = contact or "a colleague whose role reads keys; escalation.contact in the config can name one"
    return f"{problem.what}{code}. {problem.why + '. ' if problem.why else ''}Escalate to {whom}."


class PimService:
    """Activates roles, each with its ticket and its row."""

    def __init__(
        self,
        audit: AuditTrail,
        clock: Clock,
        operator: Callable[[], Operator],
        activations: Callable[[], Awaitable[Activations]],
        rights: Callable[[], Awaitable[Rights]],
        contact: str = "",
    ) -> None:
        self.contact = contact
        self._audit = audit
        self._clock = clock
        self._operator = operator
        self._activations = activations
        self._probe_again = rights

    async def active(self, rights: Rights, ticket: str) -> tuple[ActiveRole, ...]:
        """Roles in force, compared with the incident's ticket; without the requests nothing is compared."""
        try:
            requests = await (await self._activations()).mine()
        except Problem:
            requests = ()
        return active_roles(rights, requests, ticket)

    async def activate(self, grant: RoleGrant, justification: str, ticket: str, system: str) -> Activation:
        """Activate a role for a ticket; the row comes first. Raises `Problem` with Graph's own code."""
        why, me = clean_line(justification, 300), self._operator()
        if not why or not ticket:
            raise Problem(
                ProblemKind.POLICY,
                "A role is activated with a reason and a ticket",
                "Microsoft's own audit keeps both",
                "Say why, and start from an incident.",
            )
        what = f"{grant.role} on {grant.scope}"
        entry = AuditEntry(
            event=AuditEvent.CONFIG, operator=me, role=grant.role, scope=grant.scope, ticket=ticket, reason=why
        )
        await self._audit.append(replace(entry, note=f"role activation asked for: {what}"))
        order = ActivationOrder(
            principal_id=me.oid,
            role_id=grant.role_id,
            scope=grant.scope,
            justification=why,
            ticket=ticket,
            ticket_system=system,
            starts_at=self._clock.now(),
        )
        try:
            found = await (await self._activations()).activate(order)
        except Problem as problem:
            await self._audit.append(
                replace(entry, note=f"role activation refused: {what}: {problem.code or problem.what}")
            )
            raise
        await self._audit.append(replace(entry, note=f"role activation {found.id}: {what}: {found.status}"))
        await self._probe_again()
        return found
