"""What stands between an intake and a disclosure, in one value of the desk."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import Operator
from tui.ports import AuditTrail
from tui.services.approval import read_approvers
from tui.services.break_glass import BreakGlassService
from tui.services.clearance import ClearanceService
from tui.services.disclosure_policy import Rules
from tui.services.pim import Activations, PimService
from tui.services.rights import RightsService
from tui.services.second_person import OpenKey, SecondPerson


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Limits and second persons, broken glasses, and roles just in time."""

    clearance: ClearanceService
    glasses: BreakGlassService
    pim: PimService
    second: SecondPerson
    """This engineer as the second person of others."""
    contact: str = ""
    """How this engineer's second persons are reached."""


def safeguards(
    audit: AuditTrail,
    clock: Clock,
    operator: Callable[[], Operator],
    *,
    rules: Rules,
    rights: RightsService,
    activations: Callable[[], Awaitable[Activations]],
    open_key: OpenKey,
    approvers: Sequence[str] = (),
    contact: str = "",
    tenant: str = "",
    require_ticket: bool = True,
) -> Safeguards:
    """Put the safeguards together from plain settings; raises `Problem(CONFIG)` for approvers that are none."""
    try:
        enrolled = read_approvers(approvers)
    except ValueError as error:
        step = "Each is a line that `reseal approver enrol` printed"
        raise Problem(ProblemKind.CONFIG, "approval.approvers cannot be used", str(error), step) from None
    clearance = ClearanceService(
        audit,
        clock,
        operator,
        rules=rules,
        approvers=enrolled,
        tenant=tenant,
        require_ticket=require_ticket,
    )
    pim = PimService(audit, clock, operator, activations, lambda: rights.current(refresh=True), rights.contact)
    glasses, second = BreakGlassService(audit, clock, operator), SecondPerson(audit, clock, open_key)
    return Safeguards(clearance, glasses, pim, second, contact)
