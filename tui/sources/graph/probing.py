"""What this sign-in may do, tried with the smallest call of each kind, and what its token says of itself."""

import base64
import binascii
from uuid import uuid4

import msgspec

from tui.model.rights import NEEDS, Capability
from tui.sources.graph.problems import Ask
from tui.sources.graph.transport import Transport
from tui.text import clean_line

_ONE = {"$top": "1", "$select": "id"}
_PROBES = {
    # `$top` is refused for keys; the page size is Graph's own.
    Capability.KEY_METADATA: ("recovery key metadata", "/informationProtection/bitlocker/recoveryKeys", {}),
    Capability.DEVICES: ("device objects", "/devices", _ONE),
    Capability.INTUNE_DEVICES: ("Intune's devices", "/deviceManagement/managedDevices", _ONE),
    Capability.DIRECTORY_AUDIT: ("Entra ID's audit log", "/auditLogs/directoryAudits", {"$top": "1"}),
    Capability.SELF_SERVICE_POLICY: ("the tenant's authorization policy", "/policies/authorizationPolicy", {}),
}


class _Claims(msgspec.Struct):
    scp: object = None


async def probe(transport: Transport, capability: Capability) -> None:
    """Send it once; raises `Problem` as the real call would. The answer is not looked at."""
    subject, path, query = _PROBES[capability]
    ask = Ask(subject, *NEEDS[capability])
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
