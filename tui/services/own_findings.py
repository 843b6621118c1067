"""Findings that the console's own audit decides: rotations that are owed, and machines that come back. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tui.model.audit import AuditEvent, AuditRow
from tui.model.finding import Finding, FindingCode, Severity
from tui.services.rotation import Debt, DebtState
from tui.services.rotation_proof import ON_PREM_PROOF, by_hand

REPEAT = timedelta(days=30)
"""A second recovery of one device within this time was not a one-off: it was not resealed."""

_ROTATION = {
    DebtState.DUE: (
        FindingCode.ROTATION_DUE,
        Severity.WARNING,
        "A disclosed key of this device still opens it",
        "Press T: request the rotation; it counts when the new key is seen.",
    ),
    DebtState.PENDING: (
        FindingCode.ROTATION_PENDING,
        Severity.INFO,
        "A rotation is queued and not yet proven",
        "Have the device go online; the old key works until the new one is seen in Entra ID.",
    ),
    DebtState.FAILED: (
        FindingCode.ROTATION_FAILED,
        Severity.CRITICAL,
        "The rotation of a disclosed key failed",
        "Press T once more, or rotate on the device with manage-bde; events 856 to 863 say why.",
    ),
    DebtState.PROVEN: (
        FindingCode.ROTATION_PROVEN,
        Severity.INFO,
        "The disclosed key was replaced, and the new one was seen",
        "Tell the caller that a written-down key is void.",
    ),
}


def own_findings(
    device_id: str, ticket: str, rows: Sequence[AuditRow], debts: Sequence[Debt], now: datetime
) -> tuple[Finding, ...]:
    """What earlier rows say of a device; `rows` are disclosures, oldest first."""
    return (*_rotation(device_id, debts), *_repeat(device_id, ticket, rows, now))


def _rotation(device_id: str, debts: Sequence[Debt]) -> Iterator[Finding]:
    mine = [debt for debt in debts if debt.device.id == device_id]
    shown = [debt for debt in mine if debt.is_open] or mine[-1:]
    for debt in shown:
        code, severity, title, step = _ROTATION[debt.state]
        said: tuple[str, ...] = (
            f"key {debt.key_id[:8].upper()} disclosed {debt.disclosed_at:%Y-%m-%d %H:%M} for {debt.ticket}",
        )
        if debt.on_prem and debt.is_open:
            title = "A disclosed key of this device was not proven void"
            said, step = (*said, ON_PREM_PROOF), f"Press T where Intune manages it, else: {by_hand(debt.key_id)}"
        yield Finding(code, severity, title, (*said, debt.detail) if debt.detail else said, step)


def _repeat(device_id: str, ticket: str, rows: Sequence[AuditRow], now: datetime) -> Iterator[Finding]:
    earlier = [
        row
        for row in rows
        if row.entry.event is AuditEvent.DRAW
        and row.entry.device.id == device_id
        and row.entry.ticket != ticket
        and now - row.at <= REPEAT
    ]
    if earlier:
        tickets = dict.fromkeys(f"{row.entry.ticket} on {row.at:%Y-%m-%d}" for row in earlier)
        yield Finding(
            FindingCode.REPEAT_RECOVERY,
            Severity.WARNING,
            "This device was recovered before, within 30 days",
            tuple(tickets),
            "A recovery reseals by itself: find out what changes at each boot before the next unlock.",
        )
