"""What stands between an intake and a disclosure, in one value of the desk."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tui.clock import Clock
from tui.model.audit import Operator
from tui.ports import AuditTrail
from tui.services.approval import read_approvers
from tui.services.break_glass import BreakGlassService
from tui.services.clearance import ClearanceService
from tui.services.disclosure_policy import Rules
from tui.services.pim import Activations, PimService
from tui.services.rights import RightsService


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Limits and second persons, broken glasses, and roles just in time."""

    clearance: ClearanceService
    glasses: BreakGlassService
    pim: PimService


def safeguards(
    audit: AuditTrail,
    clock: Clock,
    operator: Callable[[], Operator],
    *,
    rules: Rules,
    rights: RightsService,
    activations: Callable[[], Awaitable[Activations]],
    approvers: Sequence[str] = (),
    tenant: str = "",
    require_ticket: bool = True,
) -> Safeguards:
    """Put the safeguards together from plain settings; raises `ValueError` for approvers that cannot be told apart."""
    clearance = ClearanceService(
        audit,
        clock,
        operator,
        rules=rules,
        approvers=read_approvers(approvers),
        tenant=tenant,
        require_ticket=require_ticket,
    )
    pim = PimService(audit, clock, operator, activations, lambda: rights.current(refresh=True), rights.contact)
    return Safeguards(clearance, BreakGlassService(audit, clock, operator), pim)
