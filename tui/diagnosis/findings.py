"""Findings that local facts decide, alone or beside what the cloud says. Pure.

Findings that cloud facts alone decide are those of `tui.services.cloud_findings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.diagnosis.findings_boot import boot_findings
from tui.diagnosis.findings_escrow import escrow_findings
from tui.diagnosis.findings_network import network_findings
from tui.diagnosis.findings_protection import protection_findings
from tui.diagnosis.kb_device import local_device
from tui.diagnosis.sample import Parsed
from tui.model.cause import Cause, Update
from tui.model.finding import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSide:
    """What the directory says of the same device; None where it was not asked or did not answer.

    `compliant` and `encrypted` are Intune's, `key_ids` are the recovery key IDs in Entra ID.
    """

    compliant: bool | None = None
    encrypted: bool | None = None
    key_ids: frozenset[str] | None = None


NO_CLOUD = CloudSide()


def local_findings(
    inputs: Sequence[Parsed], cause: Cause, update: Update, cloud: CloudSide = NO_CLOUD
) -> tuple[Finding, ...]:
    """What is wrong, most severe first. The order of inputs is of no account."""
    device = local_device(inputs)
    found = [
        *boot_findings(inputs, device, cause, update),
        *escrow_findings(inputs, device, cloud.key_ids),
        *protection_findings(inputs, device, compliant=cloud.compliant, encrypted=cloud.encrypted),
        *network_findings(inputs, device, cause),
    ]
    order = list(reversed(Severity))
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: (order.index(finding.severity), finding.code)))
