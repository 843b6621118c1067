"""Findings: what is wrong with a device's recovery, each with its evidence and its next step."""

from dataclasses import dataclass
from enum import StrEnum


class FindingCode(StrEnum):
    """The finding codes of the outside contract."""

    ESCROW_MISSING = "escrow-missing"
    ESCROW_FAILED = "escrow-failed"
    ESCROW_POLICY_ABSENT = "escrow-policy-absent"
    ESCROW_AD_ONLY = "escrow-ad-only"
    ESCROW_CAP = "escrow-cap"
    MDM_PIPELINE = "mdm-pipeline"
    COMPLIANCE_LAG = "compliance-lag"
    COMPLIANCE_FLAPPING = "compliance-flapping"
    STALE_KEY = "stale-key"
    KEY_ID_NOT_ON_DEVICE = "key-id-not-on-device"
    WRONG_VOLUME = "wrong-volume"
    DUPLICATE_DEVICE_OBJECTS = "duplicate-device-objects"
    RENAMED_DEVICE = "renamed-device"
    OWNER_CHANGED = "owner-changed"
    OUTSIDE_ADMIN_UNIT = "outside-admin-unit"
    ROLE_MISSING = "role-missing"
    PIM_ELIGIBLE = "pim-eligible"
    SELF_SERVICE_AVAILABLE = "self-service-available"
    SELF_SERVICE_BLOCKED = "self-service-blocked"
    PROTECTION_SUSPENDED = "protection-suspended"
    CUSTOM_PCR_PROFILE = "custom-pcr-profile"
    PCR7_BINDING_NOT_POSSIBLE = "pcr7-binding-not-possible"
    APRIL_2026_PREDICATE = "april-2026-predicate"
    KNOWN_ISSUE = "known-issue"
    NETWORK_PATH_BLOCKED = "network-path-blocked"
    TLS_INSPECTION = "tls-inspection"
    NETWORK_UNLOCK = "network-unlock"
    WINRE_NOT_BITLOCKER = "winre-not-bitlocker"
    PIN_PROTECTOR_LOST = "pin-protector-lost"
    ROTATION_DUE = "rotation-due"
    ROTATION_PENDING = "rotation-pending"
    ROTATION_FAILED = "rotation-failed"
    ROTATION_PROVEN = "rotation-proven"
    REPEAT_RECOVERY = "repeat-recovery"
    DEVICE_AT_RISK = "device-at-risk"


class Severity(StrEnum):
    """How much it matters now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding is computed from facts; `evidence` names them, `next` says what to do in one sentence."""

    code: FindingCode
    severity: Severity
    title: str
    evidence: tuple[str, ...]
    next: str
