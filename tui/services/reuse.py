"""A device that has changed hands: what of the evidence tells it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.model.dossier import Evidence
from tui.model.recovery_key import RecoveryKey
from tui.services.refusal import Reuse

REUSE_GRACE = timedelta(days=1)
"""A registration or a new owner this long after the backup of a key is not the set-up that backed it up."""


@dataclass(frozen=True, slots=True)
class Change:
    """What tells that the owner has changed, in words, and when that was."""

    said: tuple[str, ...]
    at: datetime | None = None


def owner_changed(evidence: Evidence, key: RecoveryKey | None = None) -> Change | None:
    """The owner has changed since a key was backed up, or since the first key when no key is in question.

    Told by Entra ID's audit log, else by a registration after the backup, else by Intune naming another user than Entra
    ID on an Autopilot device.
    """
    device = evidence.device
    if device is None:
        return None
    created = [each.created for each in ((key,) if key else evidence.keys) if each.created is not None]
    first = min(created, default=device.registered_at)
    for change in evidence.owner_changes:
        if change.at is not None and (first is None or change.at - first > REUSE_GRACE):
            return Change((f"new owner on {change.at:%Y-%m-%d}", f"set by {change.by or 'somebody'}"), change.at)
    if created and device.registered_at is not None and device.registered_at - min(created) > REUSE_GRACE:
        said = (f"key of {min(created):%Y-%m-%d}", f"registered on {device.registered_at:%Y-%m-%d}")
        return Change(said, device.registered_at)
    owners = {owner.upn.casefold() for owner in evidence.owners if owner.upn}
    user = evidence.managed.user if evidence.managed else ""
    if device.autopilot and owners and user and user.casefold() not in owners:
        return Change((f"entra: {', '.join(sorted(owners))}", f"intune: {user}"))
    return None


def reuse_of(evidence: Evidence) -> Reuse:
    """Whether the device has changed hands, where keys are out of sight and little is known."""
    if owner_changed(evidence) is not None:
        return Reuse.YES
    device = evidence.device
    return Reuse.MAYBE if device is not None and device.autopilot else Reuse.NO
