"""Rotation to proof: each disclosure opens a debt, which only a new key seen in Entra ID closes."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, DeviceRef, Operator
from tui.model.device import ManagedDevice
from tui.model.recovery_key import Escrow, RecoveryKey
from tui.model.rights import Rights
from tui.ports import AuditTrail
from tui.services.cloud import CloudSources
from tui.services.rotation_proof import ON_PREM_PROOF, Sight, Stage, age_words, by_hand, sight_of, sight_on_prem
from tui.text import clean_line

DEBT_EVENTS = frozenset(
    {
        AuditEvent.DRAW,
        AuditEvent.DELIVER,
        AuditEvent.ROTATE_REQUEST,
        AuditEvent.ROTATE_CONFIRM,
        AuditEvent.OUTCOME,
        AuditEvent.REVIEW,
    }
)
"""The events that debts are computed from."""

PRIVILEGED = "DeviceManagementManagedDevices.PrivilegedOperations.All"
"""Delegated permission of remote actions (Microsoft Graph, `managedDevice: rotateBitLockerKeys`)."""

WAIVED = "waived"


class DebtState(StrEnum):
    """Where a rotation stands. An accepted request is not a rotation."""

    DUE = "due"
    PENDING = "pending"
    FAILED = "failed"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Debt:
    """A disclosed key that is owed a rotation.

    `waiver` is the reason why its ticket may be closed all the same; the debt stays. `flow` is that of the last
    request, `answered` whether an answer to it is on record.
    """

    key_id: str
    device: DeviceRef
    ticket: str
    disclosed_at: datetime
    state: DebtState = DebtState.DUE
    requested_at: datetime | None = None
    detail: str = ""
    flow: str = ""
    answered: bool = True
    waiver: str = ""
    stage: Stage | None = None
    escrow: str = ""
    """Where the disclosed key is kept; empty in rows of older versions, which read from Entra ID alone."""

    @property
    def is_open(self) -> bool:
        """Not yet proven."""
        return self.state is not DebtState.PROVEN

    @property
    def keeps_ticket_open(self) -> bool:
        """The ticket may not be closed over it."""
        return self.is_open and not self.waiver

    @property
    def on_prem(self) -> bool:
        """Active Directory keeps the key, and keeps it after a rotation: no directory shows that it is void."""
        return self.escrow == Escrow.AD

    def words(self, now: datetime) -> str:
        """Where it stands, with its age."""
        if self.state is DebtState.PENDING and self.requested_at is not None:
            asked = f"{self.stage or Stage.QUEUED}, requested {age_words(self.requested_at, now)} ago"
            return f"{asked}; {ON_PREM_PROOF}" if self.on_prem else asked
        said = {
            DebtState.DUE: f"due for {age_words(self.disclosed_at, now)}",
            DebtState.FAILED: f"failed: {self.detail}",
        }.get(self.state, self.detail or str(self.state))
        said = f"{said}; {ON_PREM_PROOF}" if self.on_prem and self.is_open else said
        return f"{said}; waived: {self.waiver}" if self.waiver and self.is_open else said


def debts_of(rows: Iterable[AuditRow]) -> tuple[Debt, ...]:
    """Compute the debts from audit rows, oldest disclosure first. Pure.

    Intune rotates a device, so a request counts for every key of it; a key that is disclosed again is owed again.
    """
    debts: dict[str, Debt] = {}
    requested: dict[str, DeviceRef] = {}
    for row in rows:
        entry = row.entry
        if entry.event in (AuditEvent.DRAW, AuditEvent.DELIVER):
            debts.pop(entry.key_id, None)
            debts[entry.key_id] = Debt(entry.key_id, entry.device, entry.ticket, row.at, escrow=entry.escrow)
        elif entry.event is AuditEvent.ROTATE_REQUEST:
            requested[entry.flow] = entry.device
            asked: dict[str, Any] = {"requested_at": row.at, "flow": entry.flow, "answered": False, "detail": ""}
            _mark(debts, entry.device, state=DebtState.PENDING, **asked)
        elif entry.event is AuditEvent.OUTCOME and entry.flow in requested:
            failed = {"state": DebtState.FAILED, "detail": entry.note} if entry.ended_by == "failed" else {}
            _mark(debts, requested[entry.flow], answered=True, **failed)
        elif entry.event is AuditEvent.ROTATE_CONFIRM and entry.key_id in debts:
            debts[entry.key_id] = replace(debts[entry.key_id], state=DebtState.PROVEN, detail=entry.note)
        elif entry.event is AuditEvent.REVIEW and entry.ended_by == WAIVED and entry.key_id in debts:
            debts[entry.key_id] = replace(debts[entry.key_id], waiver=entry.reason)
    return tuple(debts.values())


def _mark(debts: dict[str, Debt], device: DeviceRef, **changes: Any) -> None:
    for key_id, debt in debts.items():
        if debt.is_open and debt.device.id == device.id:
            debts[key_id] = replace(debt, **changes)


class RotationService:
    """Requests rotations and follows them until the new key is seen."""

    def __init__(
        self,
        audit: AuditTrail,
        cloud: Callable[[], Awaitable[CloudSources]],
        operator: Callable[[], Operator],
        rights: Callable[[], Rights | None] = lambda: None,
    ) -> None:
        self._audit = audit
        self._cloud = cloud
        self._operator = operator
        self._rights = rights
        self._sights: dict[str, Sight] = {}

    async def debts(self) -> tuple[Debt, ...]:
        """Every debt that the audit knows, with what was last seen of those that are pending."""
        return tuple(self._with_sight(debt) for debt in debts_of(await self._audit.rows_of(DEBT_EVENTS)))

    def _with_sight(self, debt: Debt) -> Debt:
        sight = self._sights.get(debt.flow) if debt.state is DebtState.PENDING else None
        return replace(debt, stage=sight.stage, detail=sight.detail) if sight is not None else debt

    async def blocking(self, ticket: str) -> tuple[Debt, ...]:
        """Debts over which this ticket may not be closed."""
        return tuple(debt for debt in await self.debts() if debt.ticket == ticket and debt.keeps_ticket_open)

    async def request(self, debt: Debt) -> None:
        """Ask Intune for a rotation, once. The row is written before the request; its outcome after it.

        Raises `Problem` when the sign-in lacks the permission, when Intune does not know the device or answers with
        another one, and when it refuses.
        """
        self._refuse_without_permission()
        intune = (await self._cloud()).intune
        managed = _checked(debt, await intune.managed_device(debt.device.id))
        request_id = str(uuid.uuid4())
        entry = replace(
            self._entry(AuditEvent.ROTATE_REQUEST, debt), flow=uuid.uuid4().hex, client_request_id=request_id
        )
        await self._audit.append(entry)
        try:
            answer = await intune.request_rotation(managed.id, request_id)
        except Problem as problem:
            explained = self._explained(problem)
            failed = replace(
                entry,
                event=AuditEvent.OUTCOME,
                ended_by="failed",
                note=problem.what,
                http_status=problem.status,
                request_id=problem.request_id,
            )
            await self._audit.append(failed)
            raise explained from None
        queued = replace(entry, event=AuditEvent.OUTCOME, ended_by="queued", http_status=204, request_id=answer)
        await self._audit.append(queued)

    async def follow(self) -> Sequence[Debt]:
        """Look at every pending rotation once; answers those that are proven now. Failures are rows of their own."""
        proven: list[Debt] = []
        for debt in await self.debts():
            if debt.state is not DebtState.PENDING:
                continue
            sight = self._sights[debt.flow] = await self._look(debt)
            if sight.stage is Stage.PROVEN:
                await self._audit.append(replace(self._entry(AuditEvent.ROTATE_CONFIRM, debt), note=sight.detail))
                proven.append(replace(debt, state=DebtState.PROVEN, detail=sight.detail, stage=Stage.PROVEN))
            elif sight.stage in (Stage.FAILED, Stage.NOT_QUEUED):
                failed = replace(
                    self._entry(AuditEvent.OUTCOME, debt), flow=debt.flow, ended_by="failed", note=sight.detail
                )
                await self._audit.append(failed)
        return proven

    async def waive(self, debt: Debt, reason: str) -> None:
        """Let the debt's ticket be closed without proof; the debt itself stays. Raises `Problem(POLICY)`."""
        said = clean_line(reason, 200)
        if len(said.split()) < 2:
            step = "Say why, in a few words: an auditor will read it."
            raise Problem(ProblemKind.POLICY, "A waiver needs a reason", "The old key still opens the device", step)
        await self._audit.append(replace(self._entry(AuditEvent.REVIEW, debt), ended_by=WAIVED, reason=said))

    async def _look(self, debt: Debt) -> Sight:
        sources = await self._cloud()
        requested_at = debt.requested_at or debt.disclosed_at
        try:
            keys = await sources.escrow.keys_of_device(debt.device.id)
        except Problem:
            keys = None  # proof can wait; the debt stays visible
        try:
            managed = await sources.intune.managed_device(debt.device.id)
        except Problem:
            managed = None
        managed = managed if managed is not None and managed.entra_device_id == debt.device.id else None
        if debt.on_prem:
            new = (*(keys or ()), *await _keys_on_prem(sources, debt))
            return sight_on_prem(debt.key_id, debt.disclosed_at, requested_at, new, managed, answered=debt.answered)
        return sight_of(debt.key_id, debt.disclosed_at, requested_at, keys, managed, answered=debt.answered)

    def _refuse_without_permission(self) -> None:
        rights = self._rights()
        if rights is not None and rights.has_scope(PRIVILEGED, "DeviceManagementManagedDevices.ReadWrite.All") is False:
            raise Problem(
                ProblemKind.FORBIDDEN,
                "This sign-in may not rotate keys",
                f"It lacks the permission {PRIVILEGED}, and Intune was not asked",
                "Have an administrator consent to it, and sign in again; a colleague who has it can press T meanwhile.",
            )

    def _explained(self, problem: Problem) -> Problem:
        """A refusal with what is known of the engineer's rights."""
        rights = self._rights()
        if problem.kind is not ProblemKind.FORBIDDEN:
            return problem
        missing = f"Rotating needs the permission {PRIVILEGED}"
        if rights is not None and rights.may("RemoteTasks_RotateBitLockerKeys") is False:
            missing = "Your Intune role lacks Remote tasks / Rotate BitLockerKeys"
        why = ". ".join(part for part in (missing, problem.why) if part)
        return Problem(
            problem.kind, problem.what, why, problem.next_step,
            status=problem.status, code=problem.code, request_id=problem.request_id,
        )  # fmt: skip

    def _entry(self, event: AuditEvent, debt: Debt) -> AuditEntry:
        return AuditEntry(
            event=event,
            operator=self._operator(),
            ticket=debt.ticket,
            device=debt.device,
            key_id=debt.key_id,
            escrow=debt.escrow,
        )


async def _keys_on_prem(sources: CloudSources, debt: Debt) -> Sequence[RecoveryKey]:
    if sources.on_prem is None:
        return ()
    try:
        return await sources.on_prem.keys_of_device(debt.device.id)
    except Problem:
        return ()


def _checked(debt: Debt, managed: ManagedDevice | None) -> ManagedDevice:
    """Intune's record, its device id compared once more: a rotation of another device cannot be taken back."""
    if managed is None:
        raise Problem(
            ProblemKind.NOT_FOUND,
            f"Intune does not manage {debt.device.name}",
            "Only Intune can rotate from here",
            by_hand(debt.key_id) if debt.on_prem else "Rotate on the device with manage-bde, or by policy.",
        )
    if managed.entra_device_id != debt.device.id:
        raise Problem(
            ProblemKind.ALARM,
            "Intune answered with another device, and nothing was rotated",
            f"Asked for {debt.device.id}, got {managed.entra_device_id or 'no id'}",
            "Look the device up again.",
        )
    return managed
