"""Roles just in time, against the demo tenant: activation with its ticket, and refusals in Graph's own words."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.services.samples import MORNING, ListedAudit, SetClock
from tests.sources.demo_tenant import demo, graph_as
from tui.clock import SystemClock
from tui.errors import Problem, ProblemKind
from tui.model.audit import Operator
from tui.model.device import AdministrativeUnit
from tui.model.rights import Rights, RoleGrant
from tui.services.pim import Activation, ActiveRole, PimService, active_roles, denial_words, offers, scope_words
from tui.services.rights import probe_rights
from tui.sources.graph.pim import RoleActivations
from tui.sources.graph.policies import TenantPolicies

ROLE = RoleGrant("Cloud Device Administrator", "/", reads_keys=True, role_id="r1")
UNIT = RoleGrant("Helpdesk", "/administrativeUnits/AU-1", reads_keys=True, role_id="r2", until=MORNING, activated=True)


@dataclass
class Side:
    """The service with what is behind it."""

    service: PimService
    policies: TenantPolicies
    audit: ListedAudit
    source: RoleActivations

    async def rights(self) -> Rights:
        """Probed now."""
        return await probe_rights(self.policies, SystemClock())


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    async with demo() as running, graph_as(running, "no-role") as transport:
        policies, audit = TenantPolicies(transport), ListedAudit(SetClock())
        me = await policies.me()
        source = RoleActivations(transport)

        async def activations() -> RoleActivations:
            return source

        async def rights() -> Rights:
            return await probe_rights(policies, SystemClock())

        who = Operator(me.upn, me.id)
        yield Side(PimService(audit, SystemClock(), lambda: who, activations, rights), policies, audit, source)


async def test_an_eligible_role_is_offered_activated_with_its_ticket_and_compared(side: Side) -> None:
    (grant,) = offers(await side.rights())
    found = await side.service.activate(grant, "INC7: recovery", "INC7", "servicenow")
    assert (found.status, found.ticket, found.ticket_system) == ("Provisioned", "INC7", "servicenow")
    now = await side.rights()
    assert offers(now) == ()
    (mine,) = await side.service.active(now, "inc7")
    assert (mine.ticket, mine.belongs) == ("INC7", True)
    assert "the whole tenant, until" in mine.words()
    (other,) = await side.service.active(now, "INC8")
    assert other.belongs is False
    assert "not for this incident" in other.words()
    asked, told = (row.entry for row in side.audit.written)
    assert (asked.event, asked.ticket, asked.role) == ("config", "INC7", grant.role)
    assert found.id in told.note
    with pytest.raises(Problem, match="active already") as caught:
        await side.service.activate(grant, "again", "INC7", "servicenow")
    assert caught.value.code == "RoleAssignmentExists"


async def test_a_refusal_says_graphs_own_code_and_is_a_row(side: Side) -> None:
    (grant,) = offers(await side.rights())
    with pytest.raises(Problem) as caught:
        await side.service.activate(replace(grant, scope="/administrativeUnits/x"), "why", "INC7", "servicenow")
    assert caught.value.code == "RoleAssignmentDoesNotExist"
    words = denial_words(caught.value, "the duty manager, 555-0100")
    assert "RoleAssignmentDoesNotExist" in words
    assert "Escalate to the duty manager" in words
    assert "Global Administrator" not in words + denial_words(caught.value, "")
    assert "refused" in side.audit.written[-1].entry.note


@pytest.mark.parametrize(("why", "ticket"), [("", "INC7"), ("why", "")])
async def test_without_reason_or_ticket_nothing_is_asked(side: Side, why: str, ticket: str) -> None:
    with pytest.raises(Problem, match="with a reason and a ticket"):
        await side.service.activate(ROLE, why, ticket, "servicenow")
    assert side.audit.written == []


async def test_a_row_that_cannot_be_written_stops_the_activation(side: Side) -> None:
    (grant,) = offers(await side.rights())
    side.audit.fails_on = frozenset({"config"})  # type: ignore[arg-type]
    with pytest.raises(Problem) as caught:
        await side.service.activate(grant, "why", "INC7", "servicenow")
    assert caught.value.kind is ProblemKind.POLICY
    assert await side.source.mine() == []


def test_scopes_and_ends_are_said() -> None:
    units = (AdministrativeUnit("au-1", "Berlin"),)
    assert scope_words(UNIT, units) == "unit Berlin"
    assert scope_words(replace(ROLE, scope="")) == "an unknown scope"
    assert "unit Berlin, until" in ActiveRole(UNIT).words(units)


def activation(**changes: Any) -> Activation:
    """An activation of the unit's role."""
    plain = Activation(
        id="a",
        status="Provisioned",
        role_id="r2",
        scope=UNIT.scope,
        ticket="INC1",
        ticket_system="s",
        created_at=MORNING,
    )
    return replace(plain, **changes)


def test_the_newest_activation_of_the_same_role_and_scope_is_compared() -> None:
    rights = Rights(observed_at=MORNING, active=(UNIT, ROLE))
    later = activation(id="b", ticket="INC2", created_at=MORNING + timedelta(hours=1))
    elsewhere = activation(scope="/", ticket="INC3", created_at=MORNING + timedelta(hours=2))
    unit, whole = active_roles(rights, [activation(), later, elsewhere], "INC2")
    assert (unit.ticket, unit.belongs) == ("INC2", True)
    assert (whole.ticket, whole.belongs) == ("", None), "assigned for good: there is no ticket to compare"
    assert activation(status="PendingApproval").waits
