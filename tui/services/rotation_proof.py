"""How far a requested rotation has come, by what Intune and Entra ID show of the device. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tui.model.device import ActionResult, ManagedDevice
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.recovery_key import Escrow, RecoveryKey

ROTATE = "rotatebitlockerkeys"
"""Intune's name of the action, in lower case."""

SKEW = timedelta(minutes=1)
"""How far Intune's clock may lie behind this one."""

_FAILED = frozenset({"failed", "notsupported", "canceled"})

_CODES = {
    0x87D1FDE8: "the device tried and could not (remediation failed): BitLocker events 856 to 863 say why",
    0x80310000: "the drive is locked",
    0x80310001: "the drive is not encrypted",
    0x80310021: "protection is suspended: resume it first",
    0x80070005: "access was denied on the device",
    0x80072EE7: "the device could not resolve the name of the escrow service",
    0x80072EFD: "the device could not reach the escrow service",
    0x80072F8F: "the device does not trust the escrow service's certificate: TLS inspection, or a wrong clock",
}
"""Error codes as people can use them (winerror.h; Microsoft Learn, "Troubleshoot device actions in Intune")."""


class Stage(StrEnum):
    """Steps of a rotation, in their order."""

    QUEUED = "queued"
    CHECKED_IN = "device checked in"
    NEW_ID_SEEN = "new key seen, old key still there"
    PROVEN = "old key gone"
    FAILED = "failed"
    NOT_QUEUED = "not queued"


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of one rotation, and in words what is worth telling."""

    stage: Stage
    detail: str = ""


def sight_of(
    key_id: str,
    disclosed_at: datetime,
    requested_at: datetime,
    keys: Sequence[RecoveryKey] | None,
    managed: ManagedDevice | None,
    *,
    answered: bool = True,
) -> Sight:
    """Put the sources together. `keys` are the device's keys in Entra ID, None when it could not be asked.

    Only Entra ID proves: a new key, and the old one gone. `answered` is False when no answer to the request is on
    record, so that Intune may never have had it.
    """
    action = _action(managed, requested_at)
    if keys is not None:
        newer = [key for key in keys if key.created is not None and key.created > disclosed_at and key.id != key_id]
        if newer:
            newest = max(newer, key=lambda key: key.created or disclosed_at)
            if all(key.id != key_id for key in keys):
                return Sight(Stage.PROVEN, f"new key {newest.id}, old key gone")
            return Sight(Stage.NEW_ID_SEEN, f"new key {newest.id[:8].upper()}; the old one still opens the device")
    if action is not None and action.state.lower() in _FAILED:
        return Sight(Stage.FAILED, error_words(action))
    if action is None and not answered and managed is not None:
        return Sight(Stage.NOT_QUEUED, "Intune knows of no rotation since then; it may be requested again")
    synced = managed.last_sync if managed is not None else None
    if (action is not None and action.state.lower() == "done") or (synced is not None and synced > requested_at):
        return Sight(Stage.CHECKED_IN, "the device has checked in; no new key is in Entra ID yet")
    return Sight(Stage.QUEUED, "waits for the device to check in")


ON_PREM_PROOF = "Active Directory keeps old keys, so only the device proves it"
"""AD DS deletes no recovery information when a password changes (Microsoft Learn, "BitLocker FAQ", AD DS)."""


def sight_on_prem(
    key_id: str,
    disclosed_at: datetime,
    requested_at: datetime,
    keys: Sequence[RecoveryKey],
    managed: ManagedDevice | None,
    *,
    answered: bool = True,
) -> Sight:
    """A rotation of a key that Active Directory keeps: never proven from here. `keys` are those of both directories.

    That Entra ID does not have the old key shows nothing: it never had it.
    """
    newer = [key for key in keys if key.created is not None and key.created > disclosed_at and key.id != key_id]
    if newer:
        newest = max(newer, key=lambda key: key.created or disclosed_at)
        where = "Active Directory" if newest.escrow is Escrow.AD else "Entra ID"
        said = f"new key {newest.id[:8].upper()} in {where}; see manage-bde -protectors -get C: before it is waived"
        return Sight(Stage.NEW_ID_SEEN, said)
    return sight_of(key_id, disclosed_at, requested_at, None, managed, answered=answered)


def by_hand(key_id: str) -> str:
    """How a key that only Active Directory keeps is replaced on the device itself (manage-bde, `-protectors`)."""
    return (
        "On the device: manage-bde -protectors -add C: -RecoveryPassword, -adbackup C: -id of the new one, "
        f"then -delete C: -id {{{key_id.upper()}}}; afterwards close the ticket with a waiver that says so."
    )


def _action(managed: ManagedDevice | None, requested_at: datetime) -> ActionResult | None:
    """The rotation that this request led to; an older one says nothing."""
    if managed is None:
        return None
    found = [
        action
        for action in managed.actions
        if action.name.lower() == ROTATE and (action.started_at is None or action.started_at >= requested_at - SKEW)
    ]
    return found[-1] if found else None


def error_words(action: ActionResult) -> str:
    """Intune's error code in words; a code that is not known is given as it is."""
    if not action.error_code:
        return f"Intune says {action.state}, without a code"
    code = action.error_code & 0xFFFFFFFF
    return f"Intune says {action.state}: {_CODES.get(code, 'an error that is not in the list')} (0x{code:08X})"


def age_words(since: datetime, now: datetime) -> str:
    """How long something has been pending."""
    minutes = max(int((now - since).total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


_PIN = frozenset({"TpmPin", "TpmPinStartupKey"})


def pin_lost(before: Sequence[str], after: Sequence[str]) -> Finding | None:
    """Compare protector types (manage-bde's, without blanks) before and after a rotation; None when nothing is lost.

    A TPM protector beside TPM and PIN opens the drive without the PIN, so that is lost too.
    """
    if not before or not after:
        return None
    had, has = set(before) & _PIN, set(after) & _PIN
    if not had or (has and ("Tpm" in before or "Tpm" not in after)):
        return None
    return Finding(
        FindingCode.PIN_PROTECTOR_LOST,
        Severity.CRITICAL,
        "The drive no longer asks for its PIN before it starts",
        (f"before: {', '.join(sorted(set(before)))}", f"after: {', '.join(sorted(set(after)))}"),
        "Set the PIN anew (manage-bde -protectors -add -TPMAndPIN) and delete the protector with the TPM alone.",
    )
