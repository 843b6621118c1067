"""Findings about escrow, keys and compliance, as far as Entra ID and Intune decide them. Pure."""

from collections.abc import Iterator

from tui.model.dossier import Evidence, Verdict
from tui.model.fact import SourceState
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.recovery_key import Volume
from tui.services.absence import ESCROW_FULL, ESCROW_LIMIT
from tui.services.judgement import Judgement, newest_key

ESCROW_CROWDED = 150
"""Keys on one device object from which the console warns."""

FLAPS = 3
"""Changes of the compliance state within a week that make it flapping."""

_BACKUP_FAILED = "recoverykeybackupfailed"


def escrow_findings(evidence: Evidence, judgement: Judgement) -> Iterator[Finding]:
    """What the escrow holds, lacks, or holds of something else."""
    yield from _absent(evidence, judgement)
    yield from _policy(evidence)
    if len(evidence.keys) >= ESCROW_CROWDED:
        yield Finding(
            FindingCode.ESCROW_CAP,
            Severity.CRITICAL if len(evidence.keys) >= ESCROW_FULL else Severity.WARNING,
            "The device object is nearly full of keys",
            (f"{len(evidence.keys)} of {ESCROW_LIMIT}",),
            "Remove old keys, or the next backup fails in silence.",
        )
    key = judgement.key
    if key is not None and key.volume in (Volume.FIXED_DATA, Volume.REMOVABLE):
        yield Finding(
            FindingCode.WRONG_VOLUME,
            Severity.WARNING,
            "The ID is of a data volume",
            (f"volume: {key.volume}",),
            "Ask which screen the caller sees.",
        )
    known = (*evidence.keys, *evidence.only_on_prem)
    if evidence.query.term is not None and not evidence.matches and known and not evidence.pending:
        current = newest_key(known)
        when = f" of {current.created:%Y-%m-%d}" if current.created else ""
        rotated = tuple(
            f"rotation {action.state} {action.updated_at:%Y-%m-%d}"
            for action in (evidence.managed.actions if evidence.managed else ())
            if action.name.lower() == "rotatebitlockerkeys" and action.updated_at
        )
        yield Finding(
            FindingCode.STALE_KEY,
            Severity.WARNING,
            "The ID read out is not among the device's keys",
            (f"read out: {evidence.query.term}", f"current: {current.id[:8].upper()}{when}", *rotated),
            "A rotation has replaced it, or it was misread: have the blue screen read out again.",
        )


def _absent(evidence: Evidence, judgement: Judgement) -> Iterator[Finding]:
    on_prem = evidence.fits_on_prem
    if on_prem or judgement.verdict is Verdict.AD_ONLY:
        join = f"joined: {evidence.device.join}" if evidence.device else "no device object in Entra ID"
        counted = (f"keys in Active Directory: {len(evidence.on_prem_keys)}",) if evidence.on_prem_keys else ()
        yield Finding(
            FindingCode.ESCROW_AD_ONLY,
            Severity.WARNING,
            "The key is in Active Directory and not in Entra ID"
            if on_prem
            else "Hybrid device without a key in Entra ID",
            (join, f"keys in Entra ID: {len(evidence.keys)}", *counted),
            "Later let the policy back keys up to Entra ID too: only there a rotation can be proven."
            if on_prem
            else "Look in Active Directory; later let the policy back keys up to Entra ID too.",
        )
    if judgement.verdict is Verdict.NEVER_ESCROWED:
        encrypted = evidence.managed.encrypted if evidence.managed else None
        yield Finding(
            FindingCode.ESCROW_MISSING,
            Severity.CRITICAL,
            "No key was ever backed up",
            ("keys in Entra ID: 0", *_none_on_prem(evidence), f"encrypted according to Intune: {_said(encrypted)}"),
            "After the unlock run BackupToAAD-BitLockerKeyProtector and check the policy.",
        )
    causes = evidence.encryption.causes if evidence.encryption else ()
    if any(cause.lower() == _BACKUP_FAILED for cause in causes):
        yield Finding(
            FindingCode.ESCROW_FAILED,
            Severity.WARNING,
            "Intune reports that the key's backup failed",
            (f"encryption report: {', '.join(causes)}",),
            "Read events 845 to 847 on the device; the path to enterpriseregistration.windows.net comes first.",
        )


def _none_on_prem(evidence: Evidence) -> tuple[str, ...]:
    health = evidence.sources.get("ad")
    return ("keys in Active Directory: 0",) if health is not None and health.state is SourceState.NOT_FOUND else ()


def _policy(evidence: Evidence) -> Iterator[Finding]:
    """Known to be absent only where the report says that no setting is assigned and names no policy."""
    report = evidence.encryption
    if report is not None and report.policy_state.lower() == "notassigned" and not report.policies:
        yield Finding(
            FindingCode.ESCROW_POLICY_ABSENT,
            Severity.WARNING,
            "No policy asks for BitLocker, nor for the backup of its keys",
            ("encryption policy: not assigned",),
            'Assign one with "Save BitLocker recovery information to Entra ID" and "before enabling BitLocker".',
        )


def compliance_findings(evidence: Evidence) -> Iterator[Finding]:
    """Where Intune's word stands against Entra ID's, against itself, or against the escrow."""
    managed, device, report = evidence.managed, evidence.device, evidence.encryption
    if managed is None or device is None:
        return
    unmet = tuple(name for policy in evidence.policies for name in policy.settings if "bitlocker" in name.lower())
    encrypted = managed.encrypted is True and (report is None or report.encryption.lower() == "encrypted")
    if encrypted and managed.compliance == "noncompliant" and unmet and evidence.keys:
        yield Finding(
            FindingCode.MDM_PIPELINE,
            Severity.WARNING,
            "Encrypted and escrowed, and Intune still says non-compliant",
            ("intune: encrypted", f"keys in Entra ID: {len(evidence.keys)}", f"not met: {', '.join(unmet)}"),
            "The disk decides: run manage-bde -status, then sync the device; the fault is in the report's way.",
        )
    yield from _lag(evidence)
    if evidence.compliance_changes >= FLAPS and not evidence.keys and _keys_seen(evidence):
        yield Finding(
            FindingCode.COMPLIANCE_FLAPPING,
            Severity.WARNING,
            "Compliance flips, and no key has reached the escrow",
            (f"{evidence.compliance_changes} changes within a week", "keys in Entra ID: 0"),
            "Look at the escrow's way first: events 845 to 847 and the network path.",
        )


def _lag(evidence: Evidence) -> Iterator[Finding]:
    managed, device = evidence.managed, evidence.device
    if managed is None or device is None or managed.last_sync is None:
        return
    said: tuple[str, ...] = ()
    newer = device.last_sign_in is not None and device.last_sign_in > managed.last_sync
    theirs = {"compliant": True, "noncompliant": False}.get(managed.compliance)
    if newer and device.compliant is not None and theirs is not None and theirs is not device.compliant:
        said = (f"intune: {managed.compliance}", f"entra: {'compliant' if device.compliant else 'noncompliant'}")
    after = [key for key in evidence.keys if key.created is not None and key.created > managed.last_sync]
    if managed.encrypted is False and after:
        said = ("intune: not encrypted", f"entra: key of {after[-1].created:%Y-%m-%d %H:%M}")
    if said:
        yield Finding(
            FindingCode.COMPLIANCE_LAG,
            Severity.INFO,
            "Intune says what was true at its last sync",
            (*said, f"last sync {managed.last_sync:%Y-%m-%d %H:%M}"),
            "Go by Entra ID; sync the device, and do not decrypt anything.",
        )


def _keys_seen(evidence: Evidence) -> bool:
    health = evidence.sources.get("entra-keys")
    return health is not None and health.state is SourceState.OK


def _said(value: bool | None) -> str:
    return "unknown" if value is None else ("yes" if value else "no")
