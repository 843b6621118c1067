"""The disclosure of one recovery key: INTENT, read, DRAW, OUTCOME, in that order and never otherwise."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Match, Operator, Proof
from tui.model.ids import KeyTerm
from tui.model.on_prem import object_of
from tui.model.recovery_key import RecoveryKey
from tui.ports import SHOWN_SECONDS, AuditTrail, KeyReadRequest, KeyVault, OpenVault
from tui.recorder import recorded_by
from tui.services.clearance import Clearance, ClearanceService, Target
from tui.services.disclosure import Clipboard, Decision, Delivery, Disclosure, recorder_refusal


@dataclass(frozen=True, slots=True)
class RevealPolicy:
    """Limits from the configuration. `recipient` is the engineer's own public key, `age1...`, if there is one."""

    clear_after_seconds: int
    max_per_hour: int
    require_ticket: bool
    clipboard: Clipboard = "off"
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known before anything is fetched. `term` is the ID as read out, `key` the one key that it fits."""

    term: KeyTerm
    key: RecoveryKey
    device: DeviceRef
    ticket: str
    requester: str
    reason: str
    proof: Proof
    recorded: str = "no"
    """`no`, the recorder that was seen, or why the session counts as recorded."""
    clearance: Clearance = field(default_factory=Clearance)

    @property
    def target(self) -> Target:
        """What would be disclosed, for those who clear it."""
        return Target(self.key.id, self.device, self.ticket, self.requester, self.reason)


class RevealService:
    """Begins disclosures. One engineer, one disclosure at a time."""

    def __init__(
        self,
        audit: AuditTrail,
        vault: KeyVault,
        clock: Clock,
        policy: RevealPolicy,
        operator: Callable[[], Operator],
        recorder: Callable[[], str] = lambda: recorded_by("local"),
        gate: ClearanceService | None = None,
    ) -> None:
        self.policy = policy
        self.recipient = policy.recipient
        """The public key that was sealed to last, or the engineer's own."""
        self._audit = audit
        self._vault = vault
        self._clock = clock
        self._operator = operator
        self._recorder = recorder
        self._gate = gate
        self._decided: tuple[Intake, Decision] | None = None

    async def check(self, intake: Intake) -> None:
        """Raise `Problem(POLICY)` when the disclosure is not allowed; the refusal is a row of its own."""
        refusal = self._refusal(intake) or await self._over_limit() or await self._uncleared(intake)
        if refusal is not None:
            await self._audit.append(replace(self._entry(AuditEvent.DENY, "", intake), note=refusal.what))
            raise refusal

    async def _uncleared(self, intake: Intake) -> Problem | None:
        return await self._gate.refusal(intake.target, intake.clearance) if self._gate is not None else None

    async def _pass_gate(self, intake: Intake) -> None:
        """Check, and use an approval up: it counts once."""
        await self.check(intake)
        if self._gate is not None:
            self._gate.spend(intake.clearance)

    async def recorded(self, intake: Intake) -> str:
        """`no`, or what records: a recorder that runs now, else what was known of the session."""
        seen = await asyncio.to_thread(self._recorder)
        return intake.recorded if seen == "no" else seen

    def decide(self, intake: Intake, decision: Decision) -> None:
        """Keep the engineer's choice for this intake; `begin` asks for it once."""
        self._decided = (intake, decision)
        self.recipient = decision.recipient or self.recipient

    def decision(self, intake: Intake) -> Decision:
        """The choice that was made for this intake; without one it is to draw."""
        decided = self._decided
        return decided[1] if decided is not None and decided[0] == intake else Decision(Delivery.DRAW)

    async def begin(self, intake: Intake, vault: OpenVault | None = None) -> Disclosure:
        """Write INTENT, then have the vault fetch the key. `vault` is a warm child, if there is one.

        Raises `Problem` when a row cannot be written (and then Graph was not asked), when the session is recorded and
        nobody accepted that, or when the key was refused.
        """
        await self._pass_gate(intake)
        decision, recorded = self.decision(intake), await self.recorded(intake)
        self._decided = None
        if recorded != "no" and decision.delivery is Delivery.DRAW:
            refusal = recorder_refusal(recorded)
            note = f"{refusal.what}: {recorded}"
            await self._audit.append(replace(self._entry(AuditEvent.DENY, "", intake), note=note))
            raise refusal
        flow, request_id = uuid.uuid4().hex, str(uuid.uuid4())
        recorder_note = f"recorder: {recorded}" if recorded != "no" else ""
        entry = replace(
            self._entry(AuditEvent.INTENT, flow, intake),
            client_request_id=request_id,
            channel=decision.delivery,
            note="; ".join(said for said in (recorder_note, intake.clearance.words) if said),
        )
        await self._audit.append(entry)
        clipboard, recorder = self.policy.clipboard, self._recorder
        disclosure = Disclosure(self._audit, entry, decision, clipboard=clipboard, recorder=recorder)
        opening = self._vault.open() if vault is None else _warm(vault)
        hold = min(self.policy.clear_after_seconds, SHOWN_SECONDS)
        await disclosure.read(opening, KeyReadRequest(intake.key.id, request_id, hold, object_of(intake.key)))
        return disclosure

    async def hand_off(self, intake: Intake, channel: str) -> None:
        """Record that the key reaches its user by another verified channel; it is not read here."""
        await self._pass_gate(intake)
        entry = replace(
            self._entry(AuditEvent.INTENT, uuid.uuid4().hex, intake),
            channel=Delivery.HANDOFF,
            note="; ".join(said for said in (f"by {channel}; not read here", intake.clearance.words) if said),
        )
        for event in (AuditEvent.INTENT, AuditEvent.DELIVER):
            await self._audit.append(replace(entry, event=event))
        await self._audit.append(replace(entry, event=AuditEvent.OUTCOME, ended_by="handed-off"))

    async def warm(self) -> OpenVault:
        """Start a vault child while the engineer still types."""
        return await self._vault.open()

    def _refusal(self, intake: Intake) -> Problem | None:
        if not intake.term.matches(intake.key.id):
            return Problem(
                ProblemKind.ALARM,
                "The ID read out is not the ID of this key",
                f"Read out {intake.term}, key {intake.key.id}",
                "Do not disclose; start again from the blue screen.",
            )
        if self.policy.require_ticket and not intake.ticket and intake.clearance.glass is None:
            return Problem(
                ProblemKind.POLICY,
                "No ticket, no key",
                "The configuration asks for a ticket (reveal.require_ticket)",
                "Open the incident of a ticket and start from there.",
            )
        if not intake.reason.strip() or not intake.proof.type:
            return Problem(
                ProblemKind.POLICY,
                "The reason or the caller's verification is missing",
                "",
                "Fill in both; an auditor will read them.",
            )
        return None

    async def _over_limit(self) -> Problem | None:
        hour_ago = self._clock.now() - timedelta(hours=1)
        me = self._operator()
        rows = await self._audit.rows_of({AuditEvent.INTENT}, hour_ago)
        mine = sum(row.entry.operator == me for row in rows)
        if mine < self.policy.max_per_hour:
            return None
        return Problem(
            ProblemKind.POLICY,
            f"{mine} keys were asked for in the last hour; the limit is {self.policy.max_per_hour}",
            "reveal.max_per_hour protects against bulk harvesting",
            "Let a colleague take over, or wait.",
        )

    def _entry(self, event: AuditEvent, flow: str, intake: Intake) -> AuditEntry:
        created = intake.key.created.isoformat() if intake.key.created else ""
        return AuditEntry(
            event=event,
            flow=flow,
            operator=self._operator(),
            ticket=intake.ticket,
            requester=intake.requester,
            proof=intake.proof,
            reason=intake.reason,
            device=intake.device,
            key_id=intake.key.id,
            key_created=created,
            match=Match(str(intake.term), "full-id" if intake.term.is_full else "prefix"),
            channel=Delivery.DRAW,
            escrow=intake.key.escrow,
        )


async def _warm(vault: OpenVault) -> OpenVault:
    return vault
