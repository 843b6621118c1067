"""What this sign-in may do, tried with the smallest call of each kind, and what its token says of itself."""

import base64
import binascii
from uuid import uuid4

import msgspec

from tui.model.rights import Capability
from tui.sources.graph.problems import Ask
from tui.sources.graph.transport import Transport
from tui.text import clean_line

_PROBES = {
    Capability.KEY_METADATA: (
        "/informationProtection/bitlocker/recoveryKeys",
        {},
        Ask(
            "recovery key metadata",
            "BitlockerKey.ReadBasic.All",
            "Helpdesk Administrator or Cloud Device Administrator",
        ),
    ),
    Capability.DEVICES: (
        "/devices",
        {"$top": "1", "$select": "id"},
        Ask("device objects", "Device.Read.All", "Security Reader"),
    ),
    Capability.INTUNE_DEVICES: (
        "/deviceManagement/managedDevices",
        {"$top": "1", "$select": "id"},
        Ask("Intune's devices", "DeviceManagementManagedDevices.Read.All", "Help Desk Operator (an Intune role)"),
    ),
    Capability.DIRECTORY_AUDIT: (
        "/auditLogs/directoryAudits",
        {"$top": "1"},
        Ask("Entra ID's audit log", "AuditLog.Read.All and Directory.Read.All", "Reports Reader"),
    ),
    Capability.SELF_SERVICE_POLICY: (
        "/policies/authorizationPolicy",
        {},
        Ask("the tenant's authorization policy", "Policy.Read.All"),
    ),
}


class _Claims(msgspec.Struct):
    scp: object = None


async def probe(transport: Transport, capability: Capability) -> None:
    """Send it once; raises `Problem` as the real call would. The answer is not looked at."""
    path, query, ask = _PROBES[capability]
    await transport.send(transport.plain("GET", path, query=query), str(uuid4()), ask=ask)


def scopes_of(token: str) -> tuple[str, ...] | None:
    """The delegated permissions in a JWT's payload (`scp`, RFC 7519); None for a token of another make."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 65_536:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        scp = msgspec.json.decode(payload, type=_Claims).scp
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    return tuple(sorted(clean_line(scp, 8000).split())) if isinstance(scp, str) else None
