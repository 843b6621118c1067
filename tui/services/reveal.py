"""The disclosure of one recovery key: INTENT, read, DRAW, OUTCOME, in that order and never otherwise."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Match, Operator, Proof
from tui.model.ids import KeyTerm
from tui.model.recovery_key import RecoveryKey
from tui.ports import AuditTrail, Cleared, DrawRegion, KeyRead, KeyReadRequest, KeyVault, OpenVault


@dataclass(frozen=True, slots=True)
class RevealPolicy:
    """Limits from the configuration."""

    clear_after_seconds: int
    max_per_hour: int
    require_ticket: bool


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
    """`no`, or the recorder whose presence the engineer has accepted."""


class RevealService:
    """Begins disclosures. One engineer, one disclosure at a time."""

    def __init__(
        self,
        audit: AuditTrail,
        vault: KeyVault,
        clock: Clock,
        policy: RevealPolicy,
        operator: Callable[[], Operator],
    ) -> None:
        self.policy = policy
        self._audit = audit
        self._vault = vault
        self._clock = clock
        self._operator = operator

    async def check(self, intake: Intake) -> None:
        """Raise `Problem(POLICY)` when the disclosure is not allowed; the refusal is a row of its own."""
        refusal = self._refusal(intake) or await self._over_limit()
        if refusal is not None:
            await self._audit.append(replace(self._entry(AuditEvent.DENY, "", intake), note=refusal.what))
            raise refusal

    async def begin(self, intake: Intake, vault: OpenVault | None = None) -> "Disclosure":
        """Write INTENT, then have the vault fetch the key. `vault` is a warm child, if there is one.

        Raises `Problem` when a row cannot be written (and then Graph was not asked), or when the key was refused.
        """
        await self.check(intake)
        flow, request_id = uuid.uuid4().hex, str(uuid.uuid4())
        entry = replace(self._entry(AuditEvent.INTENT, flow, intake), client_request_id=request_id)
        await self._audit.append(entry)
        disclosure = Disclosure(self._audit, self._clock, self.policy, entry)
        opening = self._vault.open() if vault is None else _warm(vault)
        await disclosure.read(opening, KeyReadRequest(intake.key.id, request_id))
        return disclosure

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
        if self.policy.require_ticket and not intake.ticket:
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
            channel="draw-accepted" if intake.recorded != "no" else "draw",
            note=f"recorder: {intake.recorded}" if intake.recorded != "no" else "",
        )


class Disclosure:
    """One key in the vault's hands. Ends exactly once, whatever ends it, with one OUTCOME row."""

    def __init__(self, audit: AuditTrail, clock: Clock, policy: RevealPolicy, intent: AuditEntry) -> None:
        self._audit = audit
        self._clock = clock
        self._policy = policy
        self._entry = intent
        self._vault: OpenVault | None = None
        self._drawn = False
        self._ended: asyncio.Task[Cleared] | None = None
        self.deadline_ns = 0

    @property
    def key_id(self) -> str:
        """The key's ID."""
        return self._entry.key_id

    async def read(self, opening: Awaitable[OpenVault], request: KeyReadRequest) -> None:
        """Have the vault fetch and check the key; its failure is an OUTCOME row and is raised."""
        try:
            self._vault = await opening
            answer = await self._vault.read(request)
        except Problem as problem:
            await self._fail(problem)
            raise
        except BaseException:
            await asyncio.shield(self.end("cancelled"))
            raise
        self._entry = _with_answer(self._entry, answer)
        self.deadline_ns = self._clock.boottime_ns() + self._policy.clear_after_seconds * 1_000_000_000

    async def draw(self, region: DrawRegion) -> None:
        """Write DRAW if none was written, then let the vault draw. Nothing is drawn without the row."""
        vault = self._vault
        if vault is None or self._ended is not None:
            raise Problem(ProblemKind.LOCAL, "The key is already gone", "", "Start the disclosure again.")
        try:
            if not self._drawn:
                await self._audit.append(replace(self._entry, event=AuditEvent.DRAW))
                self._drawn = True
            await vault.draw(region, self.deadline_ns)
        except BaseException:
            await asyncio.shield(self.end("draw-failed"))
            raise

    async def wait(self) -> Cleared:
        """Wait until the vault has ended by itself (deadline, its death), and write the OUTCOME."""
        if self._vault is None:
            raise RuntimeError("nothing was read")
        cleared = await self._vault.cleared()
        return await self.end(cleared.ended_by)

    async def clear(self, why: str) -> None:
        """Take the digits away now; `end` records it. Safe to call at any time."""
        if self._vault is not None:
            await asyncio.shield(asyncio.ensure_future(self._vault.clear(why)))

    async def end(self, why: str) -> Cleared:
        """Clear now and write the OUTCOME; later calls answer what the first one found."""
        if self._ended is None:
            self._ended = asyncio.ensure_future(self._end(why))
        return await asyncio.shield(self._ended)

    async def _end(self, why: str) -> Cleared:
        cleared = await self._vault.clear(why) if self._vault is not None else Cleared(why, 0)
        outcome = replace(self._entry, event=AuditEvent.OUTCOME, ended_by=cleared.ended_by, shown_ms=cleared.shown_ms)
        await self._audit.append(outcome)
        return cleared

    async def _fail(self, problem: Problem) -> None:
        self._entry = replace(self._entry, http_status=problem.status, request_id=problem.request_id, note=problem.what)
        await asyncio.shield(self.end("refused" if problem.kind is ProblemKind.FORBIDDEN else "failed"))


async def _warm(vault: OpenVault) -> OpenVault:
    return vault


def _with_answer(entry: AuditEntry, answer: KeyRead) -> AuditEntry:
    return replace(entry, request_id=answer.request_id, graph_date=answer.graph_date, http_status=answer.http_status)
