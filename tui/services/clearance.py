"""Clearing one disclosure: limits, the second person's approval, or a broken glass. Asked before INTENT is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Operator
from tui.model.policy import Trigger
from tui.ports import AuditTrail
from tui.services.approval import (
    Approval,
    ApprovalRequest,
    Approver,
    asked_digest,
    new_request,
    read_answer,
)
from tui.services.break_glass import BreakGlass
from tui.services.disclosure_policy import REPEATED, TRIGGER_WORDS, Circumstances, Rules, over_limit, triggers_of

ALARM_STANDS = timedelta(days=7)
"""After a clone alarm the same key asks for a second person, whatever ticket it comes with."""

ALARM_NOTE = "clone-alarm"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Target:
    """What would be disclosed."""

    key_id: str
    device: DeviceRef
    ticket: str
    caller: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Clearance:
    """What speaks for one disclosure beside the intake itself."""

    circumstances: Circumstances = field(default_factory=Circumstances)
    approval: Approval | None = None
    glass: BreakGlass | None = None

    @property
    def words(self) -> str:
        """For the audit row; empty when nobody else was needed."""
        if self.approval is not None:
            return f"approved by {self.approval.approver} ({self.approval.request.nonce})"
        return f"break-glass {self.glass.id}" if self.glass is not None else ""


class ClearanceService:
    """Keeps the open requests of this console. What is granted counts once, and is lost with the console."""

    def __init__(
        self,
        audit: AuditTrail,
        clock: Clock,
        operator: Callable[[], Operator],
        *,
        rules: Rules,
        approvers: Sequence[Approver] = (),
        tenant: str = "",
        require_ticket: bool = True,
    ) -> None:
        self.rules = rules
        self.approvers = tuple(approvers)
        self._audit = audit
        self._clock = clock
        self._operator = operator
        self.tenant = tenant
        self._require_ticket = require_ticket
        self._open: dict[str, ApprovalRequest] = {}
        self._granted: set[str] = set()

    async def triggers(self, target: Target, circumstances: Circumstances) -> tuple[Trigger, ...]:
        """Why a second person is needed; the audit adds what it knows of the device and of the key."""
        now = self._clock.now()
        drawn = await self._audit.rows_of({AuditEvent.DRAW, AuditEvent.DELIVER}, now - REPEATED)
        denied = await self._audit.rows_of({AuditEvent.DENY}, now - ALARM_STANDS)
        known = replace(
            circumstances,
            earlier=tuple(
                row.at for row in drawn if row.entry.device.id == target.device.id and row.entry.ticket != target.ticket
            ),
            clone_alarm=circumstances.clone_alarm
            or any(row.entry.key_id == target.key_id and row.entry.ended_by == ALARM_NOTE for row in denied),
        )
        return triggers_of(known, self.rules, now)

    async def refusal(self, target: Target, clearance: Clearance) -> Problem | None:
        """Why this engineer may not disclose this key now; None when they may."""
        now, me = self._clock.now(), self._operator()
        rows = await self._audit.rows_of({AuditEvent.INTENT}, now - _DAY)
        limit = over_limit([row.at for row in rows if row.entry.operator == me], self.rules.limits, now)
        if limit:
            step = "Let a colleague take over, or wait."
            return Problem(ProblemKind.POLICY, limit, "The limits protect against bulk harvesting", step)
        if clearance.glass is not None and clearance.glass.covers(target.key_id, me, now):
            return None
        if self._require_ticket and not target.ticket:
            step = "Open the incident of a ticket and start from there, or break the glass."
            return Problem(ProblemKind.POLICY, "No ticket, no key", "The config asks for a ticket", step)
        needed = await self.triggers(target, clearance.circumstances)
        if not needed or self._approves(clearance.approval, target):
            return None
        why = "; ".join(TRIGGER_WORDS[trigger] for trigger in needed)
        step = "Have a second person approve it, or break the glass."
        return Problem(ProblemKind.POLICY, "A second person is needed", why, step)

    def _approves(self, approval: Approval | None, target: Target) -> bool:
        if approval is None or approval.word != "approve" or approval.request.nonce not in self._granted:
            return False
        request = approval.request
        bound = (request.key_id, request.ticket, request.requester)
        return bound == (target.key_id, target.ticket, self._operator().upn) and self._clock.now() < request.expires_at

    def spend(self, clearance: Clearance) -> None:
        """The approval was used: it counts once. Called before INTENT is written."""
        if clearance.approval is not None:
            self._granted.discard(clearance.approval.request.nonce)

    def ask(self, target: Target, needed: Sequence[Trigger]) -> ApprovalRequest:
        """Open a request for a second person."""
        request = new_request(
            self._clock.now(),
            tenant=self.tenant,
            key_id=target.key_id,
            device=target.device.name or target.device.id,
            ticket=target.ticket,
            requester=self._operator().upn,
            caller=target.caller,
            triggers=tuple(needed),
            reason=target.reason,
        )
        self._open[request.nonce] = request
        return request

    async def accept(self, text: str) -> Approval:
        """Take an answer, once. APPROVE or DENY is written; raises `Problem` for anything but a good approval."""
        try:
            request = self._asked(text)
            approval = read_answer(text, request, self.approvers, self._clock.now())
        except Problem as problem:
            await self._audit.append(self._entry(AuditEvent.DENY, None, problem.what))
            raise
        del self._open[request.nonce]
        said = f"{approval.approver}: {approval.note}" if approval.note else approval.approver
        if approval.word == "deny":
            await self._audit.append(self._entry(AuditEvent.DENY, request, f"denied by {said}"))
            raise Problem(ProblemKind.POLICY, f"{said} said no", "", "Do not disclose; talk to them.")
        await self._audit.append(self._entry(AuditEvent.APPROVE, request, f"approved by {said}"))
        self._granted.add(request.nonce)
        return approval

    async def note_alarm(self, target: Target, words: str) -> None:
        """Keep a clone alarm, so that the key asks for a second person from now on."""
        entry = AuditEntry(
            event=AuditEvent.DENY,
            operator=self._operator(),
            ticket=target.ticket,
            requester=target.caller,
            device=target.device,
            key_id=target.key_id,
            ended_by=ALARM_NOTE,
            note=words,
        )
        await self._audit.append(entry)

    def _asked(self, text: str) -> ApprovalRequest:
        digest = asked_digest(text)
        for request in self._open.values():
            if request.digest.hex() == digest:
                return request
        raise Problem(
            ProblemKind.POLICY,
            "No request of this console waits for this answer",
            "Each answer counts once, for the request that it was made for, on the console that asked",
            "Ask again.",
        )

    def _entry(self, event: AuditEvent, request: ApprovalRequest | None, note: str) -> AuditEntry:
        plain = AuditEntry(event=event, operator=self._operator(), note=note)
        if request is None:
            return plain
        return replace(
            plain,
            flow=request.nonce,
            ticket=request.ticket,
            requester=request.caller,
            reason=request.reason,
            key_id=request.key_id,
            device=DeviceRef(name=request.device),
        )
