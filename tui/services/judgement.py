"""A verdict with its words, and the words that several verdicts share. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.model.dossier import Evidence, Verdict
from tui.model.on_prem import OnPremKey
from tui.model.recovery_key import RecoveryKey


@dataclass(frozen=True, slots=True)
class Judgement:
    """`key` is the one key that may be disclosed, or None; `reason` says by a word why keys are out of reach."""

    verdict: Verdict
    headline: str
    next_step: str
    key: RecoveryKey | None = None
    reason: str = ""


def day(key: RecoveryKey) -> str:
    """The day of a key's backup, in words when there is none."""
    return key.created.strftime("%Y-%m-%d") if key.created else "an unknown day"


def newest_key(keys: Sequence[RecoveryKey]) -> RecoveryKey:
    """The key that was backed up last."""
    return max(keys, key=lambda key: key.created.timestamp() if key.created else 0.0)


def owner_of(evidence: Evidence, key: RecoveryKey) -> str:
    """The name of the device that a key belongs to, as far as it is known."""
    if evidence.matched_device is not None:
        return evidence.matched_device.name
    return (key.computer if isinstance(key, OnPremKey) else "") or key.device_id


def asked_for(evidence: Evidence) -> str:
    """The name of the device that was asked for."""
    names = [*(one.name for one in evidence.named), *(one.name for one in evidence.computers)]
    return evidence.query.device_name or (names[0] if names else "another device")
