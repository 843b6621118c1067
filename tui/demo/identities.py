"""Who may sign in to the demo tenant, with which scopes and roles. Tokens are random, and last until its end."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from tui.demo.ids import guid_of
from tui.demo.play import Play
from tui.demo.records import Device, Key, Person
from tui.demo.tenant import DOMAIN

READ_KEY = "microsoft.directory/bitlockerKeys/key/read"
READ_AUDIT = "microsoft.directory/auditLogs/allProperties/read"
_DEVICE_READ = "microsoft.directory/devices/standard/read"

SCOPES = (
    "User.Read",
    "BitlockerKey.ReadBasic.All",
    "BitlockerKey.Read.All",
    "Device.Read.All",
    "Directory.Read.All",
    "User.Read.All",
    "AdministrativeUnit.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementConfiguration.Read.All",
    "AuditLog.Read.All",
    "RoleManagement.Read.Directory",
    "RoleAssignmentSchedule.Read.Directory",
    "RoleAssignmentSchedule.ReadWrite.Directory",
    "Policy.Read.All",
)
"""The delegated scopes that the console asks for."""


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """A built-in directory role; template ids as Microsoft publishes them."""

    id: str
    name: str
    actions: tuple[str, ...]


HELPDESK = RoleDefinition("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator", (READ_KEY, _DEVICE_READ))
CLOUD_DEVICE = RoleDefinition(
    "7698a772-787b-4ac8-901f-60d6b08affd2", "Cloud Device Administrator", (READ_KEY, READ_AUDIT, _DEVICE_READ)
)
SECURITY_READER = RoleDefinition(
    "5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader", (READ_KEY, READ_AUDIT, _DEVICE_READ)
)
REPORTS_READER = RoleDefinition("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader", (READ_AUDIT,))
DEPLOYER = RoleDefinition(
    "32696413-001a-46ae-978c-ce0f6b3620d2",
    "Windows Update Deployment Administrator",
    ("microsoft.windows.updatesDeployments/allEntities/allProperties/allTasks",),
)
WINDOWS_UPDATES = "WindowsUpdates.ReadWrite.All"
"""The scope of release health: one to write, and none of those that the console asks everybody for."""
ROLE_DEFINITIONS = {role.id: role for role in (HELPDESK, CLOUD_DEVICE, SECURITY_READER, REPORTS_READER, DEPLOYER)}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a scope: `/` or `/administrativeUnits/{id}`."""

    role: RoleDefinition
    scope: str = "/"


@dataclass(frozen=True, slots=True)
class Activation:
    """An eligible role that was activated, until a time (seconds since the epoch)."""

    grant: Grant
    started: float
    ends: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who is signed in. Scopes are lower case; `intune` is the Help Desk Operator role of Intune.

    `activated` holds what is active now, and `requests` every activation that was asked for, as Graph tells it.
    """

    persona: str
    person: Person
    scopes: frozenset[str]
    grants: tuple[Grant, ...] = ()
    eligible: tuple[Grant, ...] = ()
    intune: bool = True
    expired: bool = False
    activated: list[Activation] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def held(self) -> tuple[Grant, ...]:
        """Roles in force now: assigned for good, or activated."""
        return (*self.grants, *(activation.grant for activation in self.activated))

    def has_scope(self, *any_of: str) -> bool:
        """Any of these delegated scopes was consented; letter case does not count."""
        return any(scope.lower() in self.scopes for scope in any_of)

    def does(self, action: str) -> bool:
        """Some role carries this action, wherever it applies."""
        return any(action in grant.role.actions for grant in self.held)

    def sees_keys_of(self, device: Device | None, owners_may_read: bool) -> bool:
        """The registered owner, or a role that reaches the device; a scoped role loses it when the owner changes."""
        if device is not None and owners_may_read and device.owner is self.person:
            return True
        return any(READ_KEY in grant.role.actions and _reaches(grant.scope, device) for grant in self.held)

    def sees_key(self, key: Key, device: Device | None, owners_may_read: bool) -> bool:
        """As for the device that the key was backed up from."""
        return not key.gone and self.sees_keys_of(device, owners_may_read)


def _reaches(scope: str, device: Device | None) -> bool:
    if scope == "/":
        return True
    return device is not None and not device.owner_changed and scope == f"/administrativeUnits/{device.unit}"


def enrol(play: Play) -> dict[str, Identity]:
    """Make the personas and their tokens: token -> identity. One bystander's device belongs to `no-role`."""
    unit = f"/administrativeUnits/{play.tenant.units[0].id}"
    every = frozenset(scope.lower() for scope in SCOPES)
    personas = (
        Identity("engineer", _person(play, "engineer"), every, (Grant(HELPDESK), Grant(REPORTS_READER))),
        Identity("au-engineer", _person(play, "au-engineer"), every, (Grant(HELPDESK, unit),)),
        Identity("no-role", _person(play, "no-role"), every, eligible=(Grant(CLOUD_DEVICE),), intune=False),
        Identity("no-scope", _person(play, "no-scope"), every - {"bitlockerkey.read.all"}, (Grant(HELPDESK),)),
        Identity("auditor", _person(play, "auditor"), every, (Grant(SECURITY_READER),), intune=False),
        Identity("deployer", _person(play, "deployer"), every | {WINDOWS_UPDATES.lower()}, (Grant(DEPLOYER),)),
        Identity("expired", _person(play, "expired"), every, (Grant(HELPDESK),), expired=True),
    )
    own = play.tenant.devices[-1]
    own.owner = own.primary_user = next(one.person for one in personas if one.persona == "no-role")
    return {f"demo-{secrets.token_urlsafe(32)}": identity for identity in personas}


def _person(play: Play, persona: str) -> Person:
    name = f"Demo {persona.replace('-', ' ').title()}"
    person = Person(guid_of("persona", play.seed, persona), f"{persona}@{DOMAIN}", name, "en-brief")
    play.tenant.add_person(person)
    return person
