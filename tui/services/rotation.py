"""Rotation to proof: each disclosure opens a debt, which only a new key seen in Entra ID closes."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, DeviceRef, Operator
from tui.ports import AuditTrail
from tui.services.dossier import CloudSources

DEBT_EVENTS = frozenset(
    {AuditEvent.DRAW, AuditEvent.DELIVER, AuditEvent.ROTATE_REQUEST, AuditEvent.ROTATE_CONFIRM, AuditEvent.OUTCOME}
)
"""The events that debts are computed from."""


class DebtState(StrEnum):
    """Where a rotation stands. An accepted request is not a rotation."""

    DUE = "due"
    PENDING = "pending"
    FAILED = "failed"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class Debt:
    """A disclosed key that is owed a rotation."""

    key_id: str
    device: DeviceRef
    ticket: str
    disclosed_at: datetime
    state: DebtState = DebtState.DUE
    requested_at: datetime | None = None
    detail: str = ""

    @property
    def is_open(self) -> bool:
        """Not yet proven."""
        return self.state is not DebtState.PROVEN


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
            debts[entry.key_id] = Debt(entry.key_id, entry.device, entry.ticket, row.at)
        elif entry.event is AuditEvent.ROTATE_REQUEST:
            requested[entry.flow] = entry.device
            _mark(debts, entry.device, state=DebtState.PENDING, requested_at=row.at, detail="")
        elif entry.event is AuditEvent.OUTCOME and entry.flow in requested and entry.ended_by == "failed":
            _mark(debts, requested[entry.flow], state=DebtState.FAILED, detail=entry.note)
        elif entry.event is AuditEvent.ROTATE_CONFIRM and entry.key_id in debts:
            debts[entry.key_id] = replace(debts[entry.key_id], state=DebtState.PROVEN, detail=entry.note)
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
    ) -> None:
        self._audit = audit
        self._cloud = cloud
        self._operator = operator

    async def debts(self) -> tuple[Debt, ...]:
        """Every debt that the audit knows."""
        return debts_of(await self._audit.rows_of(DEBT_EVENTS))

    async def request(self, debt: Debt) -> None:
        """Ask Intune for a rotation, once. The row is written before the request; its outcome after it."""
        intune = (await self._cloud()).intune
        managed = await intune.managed_device(debt.device.id)
        if managed is None:
            raise Problem(
                ProblemKind.NOT_FOUND,
                f"Intune does not manage {debt.device.name}",
                "Only Intune can rotate from here",
                "Rotate on the device with manage-bde, or by policy when it is next used.",
            )
        request_id = str(uuid.uuid4())
        entry = replace(
            self._entry(AuditEvent.ROTATE_REQUEST, debt), flow=uuid.uuid4().hex, client_request_id=request_id
        )
        await self._audit.append(entry)
        try:
            answer = await intune.request_rotation(managed.id, request_id)
        except Problem as problem:
            failed = replace(
                entry,
                event=AuditEvent.OUTCOME,
                ended_by="failed",
                note=problem.what,
                http_status=problem.status,
                request_id=problem.request_id,
            )
            await self._audit.append(failed)
            raise
        queued = replace(entry, event=AuditEvent.OUTCOME, ended_by="queued", http_status=204, request_id=answer)
        await self._audit.append(queued)

    async def follow(self) -> Sequence[Debt]:
        """Look at every pending rotation once; answers those that are proven now."""
        proven: list[Debt] = []
        for debt in await self.debts():
            if debt.state is DebtState.PENDING and (new_id := await self._proof(debt)):
                note = f"new key {new_id}, old key gone"
                await self._audit.append(replace(self._entry(AuditEvent.ROTATE_CONFIRM, debt), note=note))
                proven.append(replace(debt, state=DebtState.PROVEN, detail=note))
        return proven

    async def _proof(self, debt: Debt) -> str:
        """The ID of the new key, once it is there and the old one is gone."""
        try:
            keys = await (await self._cloud()).escrow.keys_of_device(debt.device.id)
        except Problem:
            return ""  # proof can wait; the debt stays visible
        if any(key.id == debt.key_id for key in keys):
            return ""
        newer = [key for key in keys if key.created is not None and key.created > debt.disclosed_at]
        return max(newer, key=lambda key: key.created or debt.disclosed_at).id if newer else ""

    def _entry(self, event: AuditEvent, debt: Debt) -> AuditEntry:
        return AuditEntry(
            event=event, operator=self._operator(), ticket=debt.ticket, device=debt.device, key_id=debt.key_id
        )
