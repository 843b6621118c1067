"""Breaking the glass: a disclosure without ticket or second person, for an hour, seen by everybody, reviewed in a day.

Everything is computed from audit rows: without a durable row there is no break-glass.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, DeviceRef, Operator, Proof
from tui.ports import AuditTrail
from tui.services.approval import ApprovalRequest, Approver, read_answer
from tui.services.disclosure_policy import REVIEW_TRIGGER
from tui.text import clean_line

GOOD_FOR = timedelta(minutes=60)
REVIEW_WITHIN = timedelta(hours=24)
SIGNED_REVIEW = timedelta(days=30)
"""How long a signed review is taken; it is overdue long before."""

CONFIRMATION = "break glass"
"""What is typed to confirm."""

EVENTS = frozenset({AuditEvent.BREAK_GLASS, AuditEvent.REVIEW})


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One broken glass: for one key, by one engineer. `id` is its rows' flow."""

    id: str
    operator: Operator
    ticket: str
    device: DeviceRef
    key_id: str
    reason: str
    at: datetime
    reviewed_by: str = ""

    @property
    def expires_at(self) -> datetime:
        """From then on it allows nothing."""
        return self.at + GOOD_FOR

    @property
    def review_due(self) -> datetime:
        """Until then somebody else has to look at it."""
        return self.at + REVIEW_WITHIN

    def is_active(self, now: datetime) -> bool:
        """It still allows the disclosure."""
        return self.at <= now < self.expires_at

    def covers(self, key_id: str, operator: Operator, now: datetime) -> bool:
        """It allows this engineer to disclose this key now."""
        return self.is_active(now) and self.key_id == key_id and self.operator == operator


def glasses_of(rows: Iterable[AuditRow]) -> tuple[BreakGlass, ...]:
    """Every broken glass of these rows, oldest first, with its review."""
    found: dict[str, BreakGlass] = {}
    for row in rows:
        entry = row.entry
        if entry.event is AuditEvent.BREAK_GLASS:
            found[entry.flow] = BreakGlass(
                entry.flow, entry.operator, entry.ticket, entry.device, entry.key_id, entry.reason, row.at
            )
        elif entry.event is AuditEvent.REVIEW and entry.flow in found:
            found[entry.flow] = replace(found[entry.flow], reviewed_by=entry.proof.reference or entry.operator.upn)
    return tuple(found.values())


def unreviewed(glasses: Sequence[BreakGlass]) -> tuple[BreakGlass, ...]:
    """Those that nobody has reviewed; they keep a shift from closing."""
    return tuple(glass for glass in glasses if not glass.reviewed_by)


def banner(glasses: Sequence[BreakGlass], now: datetime) -> str:
    """What the title says while a glass is broken or a review is owed; empty otherwise."""
    active = [glass for glass in glasses if glass.is_active(now)]
    owed = unreviewed(glasses)
    if active:
        until = max(glass.expires_at for glass in active)
        return f"BREAK-GLASS until {until.astimezone():%H:%M}"
    if owed:
        late = any(now > glass.review_due for glass in owed)
        return f"{len(owed)} break-glass {'OVERDUE' if late else 'due'} for review"
    return ""


def glass_line(glass: BreakGlass, now: datetime) -> str:
    """One broken glass for the handover."""
    if glass.reviewed_by:
        state = f"reviewed by {glass.reviewed_by}"
    else:
        state = f"review {'OVERDUE since' if now > glass.review_due else 'due by'} {glass.review_due:%Y-%m-%d %H:%M}"
    where = glass.device.name or glass.device.id
    return f"{glass.at:%H:%M} {glass.operator.upn} {where} {glass.ticket or 'no ticket'}: {glass.reason}; {state}"


class BreakGlassService:
    """Breaks glasses and reviews them."""

    def __init__(self, audit: AuditTrail, clock: Clock, operator: Callable[[], Operator]) -> None:
        self._audit = audit
        self._clock = clock
        self._operator = operator
        self.known: tuple[BreakGlass, ...] = ()
        """What `all` told last, for the title."""

    async def all(self) -> tuple[BreakGlass, ...]:
        """Every broken glass that the audit knows."""
        self.known = glasses_of(await self._audit.rows_of(EVENTS))
        return self.known

    async def smash(self, entry: AuditEntry, confirmation: str, missing: str) -> BreakGlass:
        """Record it; `entry` carries key, device, ticket, requester, proof and the reason, `missing` what is not there.

        Raises `Problem(POLICY)` for a reason of fewer than two words, another confirmation, or a row that cannot be
        written.
        """
        reason = clean_line(entry.reason, 200)
        if sum(len(word) > 2 for word in reason.split()) < 2:
            raise _refused("The reason has fewer than two words", "The reviewer has to understand it")
        if " ".join(confirmation.lower().split()) != CONFIRMATION:
            raise _refused("It was not confirmed", f"The words are: {CONFIRMATION}")
        expires = self._clock.now() + GOOD_FOR
        row = await self._audit.append(
            replace(
                entry,
                event=AuditEvent.BREAK_GLASS,
                flow=uuid.uuid4().hex,
                operator=self._operator(),
                reason=reason,
                note=f"{missing}; until {expires:%Y-%m-%dT%H:%M:%SZ}, review within 24 h",
            )
        )
        (glass,) = glasses_of([row])
        self.known = (*self.known, glass)
        return glass

    def review_request(self, glass: BreakGlass, tenant: str = "") -> ApprovalRequest:
        """What a colleague, whose console has an audit of its own, signs to review it."""
        return ApprovalRequest(
            nonce=glass.id,
            tenant=tenant,
            key_id=glass.key_id,
            device=glass.device.name or glass.device.id,
            ticket=glass.ticket,
            requester=glass.operator.upn,
            caller="",
            triggers=(REVIEW_TRIGGER,),
            reason=glass.reason,
            expires_at=glass.at.replace(microsecond=0) + SIGNED_REVIEW,
        )

    async def take_review(self, glass: BreakGlass, text: str, approvers: Sequence[Approver], tenant: str = "") -> None:
        """Close a broken glass with a colleague's signed answer, yes or no; raises `Problem`."""
        known = next((each for each in await self.all() if each.id == glass.id and not each.reviewed_by), None)
        if known is None:
            raise _refused("There is nothing to review", "It is closed, or this audit does not know it")
        review = read_answer(text, self.review_request(known, tenant), approvers, self._clock.now())
        found = "was right" if review.word == "approve" else "WAS WRONG"
        await self._audit.append(
            replace(
                self._review_entry(known), proof=Proof("signed-review", review.approver), note=f"{found}: {review.note}"
            )
        )
        await self.all()

    async def review(self, glass: BreakGlass, remark: str) -> None:
        """Close a broken glass; raises `Problem(POLICY)` for one's own, or one that is closed."""
        known = next((each for each in await self.all() if each.id == glass.id), None)
        me = self._operator()
        if known is None or known.reviewed_by:
            raise _refused("There is nothing to review", f"{known.reviewed_by} has done it" if known else "")
        if not me.upn or me.upn.casefold() == known.operator.upn.casefold() or me.oid == known.operator.oid:
            raise _refused("Nobody reviews a break-glass of their own", "", "Let a colleague review it.")
        if not clean_line(remark):
            raise _refused("The review says nothing", "An auditor will read it", "Say what you found.")
        await self._audit.append(replace(self._review_entry(known), note=clean_line(remark)))

    def _review_entry(self, glass: BreakGlass) -> AuditEntry:
        return AuditEntry(
            event=AuditEvent.REVIEW,
            flow=glass.id,
            operator=self._operator(),
            ticket=glass.ticket,
            device=glass.device,
            key_id=glass.key_id,
        )


def _refused(what: str, why: str, step: str = "Correct it, or wait for a second person.") -> Problem:
    return Problem(ProblemKind.POLICY, what, why, step)
