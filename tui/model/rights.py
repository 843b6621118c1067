"""What the signed-in engineer may do: scopes of the sign-in, roles with their reach, and what was tried."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

WHOLE_TENANT = "/"
UNIT_SCOPE = "/administrativeUnits/"


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that is held or could be activated, where it applies (`/` or `/administrativeUnits/{id}`), and whether it
    reads keys (`microsoft.directory/bitlockerKeys/key/read`)."""

    role: str
    scope: str
    reads_keys: bool
    until: datetime | None = None
    activated: bool = False
    reads_audit: bool = False
    role_id: str = ""

    @property
    def unit(self) -> str:
        """The administrative unit that the role is scoped to; empty for any other scope."""
        return self.scope.removeprefix(UNIT_SCOPE).lower() if self.scope.startswith(UNIT_SCOPE) else ""


class Capability(StrEnum):
    """What the console needs, probed one by one: scope and role have to fit for each."""

    KEY_METADATA = "key-metadata"
    DEVICES = "devices"
    INTUNE_DEVICES = "intune-devices"
    DIRECTORY_AUDIT = "directory-audit"
    SELF_SERVICE_POLICY = "self-service-policy"


NEEDS = {
    Capability.KEY_METADATA: ("BitlockerKey.ReadBasic.All", "Helpdesk Administrator or Cloud Device Administrator"),
    Capability.DEVICES: ("Device.Read.All", "Security Reader"),
    Capability.INTUNE_DEVICES: ("DeviceManagementManagedDevices.Read.All", "Help Desk Operator (an Intune role)"),
    Capability.DIRECTORY_AUDIT: ("AuditLog.Read.All and Directory.Read.All", "Reports Reader or Security Reader"),
    Capability.SELF_SERVICE_POLICY: ("Policy.Read.All", ""),
}
"""Permission and role that Microsoft documents for each (Microsoft Graph reference; Entra built-in roles)."""


class Allowed(StrEnum):
    """A probe's answer; `unknown` when the service did not answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a capability's probe told; `detail` is the service's own reason."""

    capability: Capability
    allowed: Allowed
    detail: str = ""

    @property
    def needs(self) -> str:
        """What would allow it, in words."""
        permission, role = NEEDS[self.capability]
        return f"{permission}, and a role such as {role}" if role else permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The answers, each None where it could not be read; `gaps` says why."""

    observed_at: datetime
    upn: str = ""
    scopes: tuple[str, ...] | None = None
    """What the token itself says (`scp`); None when the token is opaque, and then only the probes tell."""
    active: tuple[RoleGrant, ...] | None = None
    eligible: tuple[RoleGrant, ...] | None = None
    intune: tuple[str, ...] | None = None
    """Resource actions of the engineer's Intune role; empty without one."""
    probes: tuple[Probe, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def key_readers(self) -> tuple[RoleGrant, ...]:
        """Active roles that read keys."""
        return tuple(grant for grant in self.active or () if grant.reads_keys)

    @property
    def could_read_keys(self) -> tuple[RoleGrant, ...]:
        """Eligible roles that would read keys once activated."""
        return tuple(grant for grant in self.eligible or () if grant.reads_keys)

    def probe(self, capability: Capability) -> Probe | None:
        """What trying it told."""
        return next((probe for probe in self.probes if probe.capability is capability), None)

    def has_scope(self, *any_of: str) -> bool | None:
        """One of these delegated permissions is in the token, letter case aside; None when the token does not say."""
        if self.scopes is None:
            return None
        held = {scope.lower() for scope in self.scopes}
        return any(scope.lower() in held for scope in any_of)

    def may(self, intune_action: str) -> bool | None:
        """The Intune role carries this action, such as `RemoteTasks_RotateBitLockerKeys`; None when unknown."""
        if self.intune is None:
            return None
        return any(action.lower().endswith(intune_action.lower()) for action in self.intune)
