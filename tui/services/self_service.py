"""Self-service first: a user who may read the key alone needs no engineer, and nobody else sees it. Pure."""

from dataclasses import dataclass

from tui.model.device import User
from tui.model.dossier import Evidence
from tui.model.recovery_key import RecoveryKey
from tui.services.reuse import owner_changed

PAGE = "https://aka.ms/aadrecoverykey"
"""Where owners read their own keys (Microsoft Learn, "BitLocker recovery process", self-recovery in Entra ID)."""

PRECONDITIONS = (
    "a phone or a second device on which the user can sign in",
    "multifactor authentication works there; Conditional Access may ask for a managed device",
    "the user is the registered owner of the locked device",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What to send. `certain` is False where the caller is not known to be the owner."""

    owner: User
    certain: bool
    text: str
    preconditions: tuple[str, ...] = PRECONDITIONS

    @property
    def words(self) -> str:
        """One line for the intake."""
        who = f"{self.owner.upn} may read this key without you" if self.certain else f"{self.owner.upn}, the owner, may"
        return f"{who} (self-service)."


def offer(evidence: Evidence, caller: str, key: RecoveryKey | None = None) -> Offer | None:
    """The offer for a caller; None when the tenant forbids it, does not tell, or the key is out of the owner's reach.

    After a change of owner the new one cannot read the keys from before (Microsoft Entra, "Manage device identities").
    """
    if evidence.self_service is not True or len(evidence.owners) != 1 or owner_changed(evidence, key) is not None:
        return None
    if evidence.fits_on_prem:
        return None
    device = evidence.device
    if key is not None and device is not None and key.device_id != device.device_id:
        return None
    (owner,) = evidence.owners
    names = {name.casefold() for name in (owner.upn, owner.name) if name}
    return Offer(owner, caller.casefold() in names, _text(owner, device.name if device else "", key))


def _text(owner: User, device: str, key: RecoveryKey | None) -> str:
    which = (
        f"the key whose ID begins with {key.id[:8].upper()}" if key else "the key whose ID stands on the blue screen"
    )
    return "\n".join(
        (
            f"Hello {owner.name or owner.upn},",
            f"you can read the recovery key of {device or 'your device'} yourself:",
            f"1. On your phone or another device open {PAGE} and sign in with your work account.",
            f"2. Choose {device or 'the locked device'}, then View BitLocker keys, and take {which}.",
            "3. Type the 48 digits into the blue screen. Do not send them to anybody, us included.",
            "If you cannot sign in, call us back.",
        )
    )
