"""Findings that cloud facts alone decide. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from tui.model.dossier import Evidence, Verdict
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.verdict import ESCROW_FULL, Judgement

ESCROW_CROWDED = 150
"""Keys on one device object from which the console warns."""

REUSE_GRACE = timedelta(days=1)
"""A device registered this long after its key was backed up has been set up anew since."""


def cloud_findings(evidence: Evidence, judgement: Judgement) -> tuple[Finding, ...]:
    """What is wrong, most severe first."""
    found = [*_identity(evidence, judgement), *_escrow(evidence, judgement), *_self_service(evidence)]
    order = list(reversed(Severity))
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _identity(evidence: Evidence, judgement: Judgement) -> Iterator[Finding]:
    query, device = evidence.query, evidence.matched_device
    if judgement.verdict is Verdict.KEY_OF_ANOTHER_MACHINE and device is not None:
        yield Finding(
            FindingCode.KEY_ID_NOT_ON_DEVICE,
            Severity.CRITICAL,
            "The key ID is of another device",
            (f"ticket: {query.device_name}", f"key: {device.name}"),
            "Treat it as a cloned or swapped disk until somebody has seen the machine.",
        )
    if len(evidence.named) > 1:
        yield Finding(
            FindingCode.DUPLICATE_DEVICE_OBJECTS,
            Severity.WARNING,
            f"{len(evidence.named)} device objects share this name",
            tuple(f"{device.name} {device.device_id}" for device in evidence.named),
            "Go by the recovery key ID only.",
        )
    if query.device_name and device is not None and not evidence.named:
        yield Finding(
            FindingCode.RENAMED_DEVICE,
            Severity.INFO,
            "The ticket and Entra ID name the device differently",
            (f"ticket: {query.device_name}", f"entra: {device.name}"),
            "The ID decides; correct the name in the ticket.",
        )
    if judgement.key is not None and _reused(evidence, judgement.key):
        yield Finding(
            FindingCode.OWNER_CHANGED,
            Severity.WARNING,
            "The device was registered again after this key was backed up",
            (f"key of {judgement.key.created:%Y-%m-%d}", "registered later"),
            "Check that the caller is today's owner; the new owner cannot read the key themselves.",
        )


def _reused(evidence: Evidence, key: RecoveryKey) -> bool:
    device = evidence.device
    if device is None or device.registered_at is None or key.created is None:
        return False
    return device.registered_at - key.created > REUSE_GRACE


def _escrow(evidence: Evidence, judgement: Judgement) -> Iterator[Finding]:
    if judgement.verdict is Verdict.AD_ONLY:
        yield Finding(
            FindingCode.ESCROW_AD_ONLY,
            Severity.WARNING,
            "Hybrid device without a key in Entra ID",
            ("joined: hybrid", "keys in Entra ID: 0"),
            "Look in Active Directory; later let the policy back keys up to Entra ID too.",
        )
    if judgement.verdict is Verdict.NEVER_ESCROWED:
        encrypted = evidence.managed.encrypted if evidence.managed else None
        yield Finding(
            FindingCode.ESCROW_MISSING,
            Severity.CRITICAL,
            "No key was ever backed up",
            ("keys in Entra ID: 0", f"encrypted according to Intune: {_said(encrypted)}"),
            "After the unlock run BackupToAAD-BitLockerKeyProtector and check the policy.",
        )
    if len(evidence.keys) >= ESCROW_CROWDED:
        yield Finding(
            FindingCode.ESCROW_CAP,
            Severity.CRITICAL if len(evidence.keys) >= ESCROW_FULL else Severity.WARNING,
            "The device object is nearly full of keys",
            (f"{len(evidence.keys)} of 200",),
            "Remove old keys, or the next backup fails in silence.",
        )
    if judgement.key is not None and judgement.key.volume in (Volume.FIXED_DATA, Volume.REMOVABLE):
        yield Finding(
            FindingCode.WRONG_VOLUME,
            Severity.WARNING,
            "The ID is of a data volume",
            (f"volume: {judgement.key.volume}",),
            "Ask which screen the caller sees.",
        )
    if evidence.query.term is not None and not evidence.matches and evidence.keys and not evidence.pending:
        current = max(evidence.keys, key=lambda key: (key.created is not None, key.created))
        yield Finding(
            FindingCode.STALE_KEY,
            Severity.WARNING,
            "The ID read out is not among the device's keys",
            (f"read out: {evidence.query.term}", f"current: {current.id[:8].upper()} of {current.created:%Y-%m-%d}"),
            "A rotation has replaced it, or it was misread: have the blue screen read out again.",
        )


def _self_service(evidence: Evidence) -> Iterator[Finding]:
    if evidence.self_service is None or not evidence.owners:
        return
    owner = evidence.owners[0].upn
    if evidence.self_service:
        yield Finding(
            FindingCode.SELF_SERVICE_AVAILABLE,
            Severity.INFO,
            "The owner may read the key without you",
            (f"owner: {owner}", "the tenant allows it"),
            "From another device: myaccount.microsoft.com, Devices, View BitLocker keys.",
        )
    else:
        yield Finding(
            FindingCode.SELF_SERVICE_BLOCKED,
            Severity.INFO,
            "The tenant does not let owners read their keys",
            (f"owner: {owner}",),
            "The key has to come from you.",
        )


def _said(value: bool | None) -> str:
    return "unknown" if value is None else ("yes" if value else "no")
