"""Tenant settings and the engineer's own rights."""

from collections.abc import Sequence
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.model.device import User
from tui.model.rights import Capability, RoleGrant
from tui.ports import SelfService
from tui.sources.graph.paging import everything, narrow, one
from tui.sources.graph.probing import probe, scopes_of
from tui.sources.graph.problems import Ask
from tui.sources.graph.reading import Assignment, allowed_actions, assignment, flag, text, user
from tui.sources.graph.reading_intune import intune_actions
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import (
    WireAssignment,
    WireAuthorizationPolicy,
    WireNamed,
    WireRoleDefinition,
    WireRolePermission,
    item_decoder,
    page_decoder,
)

READS_KEYS = "microsoft.directory/bitlockerkeys/key/read"
"""The resource action that lets a role read recovery passwords, in lower case."""

READS_AUDIT = "microsoft.directory/auditlogs/allproperties/read"
"""The resource action that lets a role read the directory's audit log, in lower case."""

ME = Ask("the signed-in account", "User.Read")
POLICY = Ask("the tenant's authorization policy", "Policy.Read.All")
ROLES = Ask("your own roles", "RoleAssignmentSchedule.Read.Directory")
ELIGIBLE = Ask("the roles that you could activate", "RoleEligibilitySchedule.Read.Directory")
INTUNE_RIGHTS = Ask("your own Intune rights", "DeviceManagementRBAC.Read.All")

_ME = item_decoder(WireNamed)
_POLICY = item_decoder(WireAuthorizationPolicy)
_ASSIGNMENTS = page_decoder(WireAssignment)
_PERMISSIONS = page_decoder(WireRolePermission)
_DEFINITION = item_decoder(WireRoleDefinition)


class TenantPolicies:
    """authorizationPolicy, /me and active role assignments (v1.0)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._client = transport.client

    async def self_service(self) -> SelfService:
        """Whether owners may read their own keys; not allowed to look is an answer too."""
        info = self._client.policies.authorization_policy.to_get_request_information()
        try:
            wire = await one(self._transport, info, _POLICY, POLICY)
        except Problem as problem:
            if problem.kind is not ProblemKind.FORBIDDEN:
                raise
            return SelfService(None, str(problem))
        rights = wire.default_user_role_permissions
        allowed = flag(rights.allowed_to_read_bitlocker_keys_for_owned_device) if rights else None
        return SelfService(allowed, "" if allowed is not None else "The policy does not hold the setting")

    async def me(self) -> User:
        """Who is signed in, as Graph says and not as the token is read here."""
        info = narrow(self._client.me.to_get_request_information(), select="id,displayName,userPrincipalName")
        found = user(await one(self._transport, info, _ME, ME))
        if not isinstance(found, User):
            raise Problem(
                ProblemKind.UPSTREAM,
                "Who is signed in is not known",
                "Graph gave no user id for this sign-in; an app-only sign-in has none",
                "Sign in as yourself: reads must be on record under your own name",
            )
        return found

    async def my_roles(self) -> Sequence[RoleGrant]:
        """Active role assignments, direct and by group, with their scope."""
        instances = self._client.role_management.directory.role_assignment_schedule_instances
        return await self._grants(instances.filter_by_current_user_with_on("principal"), ROLES)

    async def eligible_roles(self) -> Sequence[RoleGrant]:
        """Roles that Privileged Identity Management would let the engineer activate."""
        instances = self._client.role_management.directory.role_eligibility_schedule_instances
        return await self._grants(instances.filter_by_current_user_with_on("principal"), ELIGIBLE)

    async def intune_actions(self) -> Sequence[str]:
        """Resource actions of the engineer's Intune role (getEffectivePermissions)."""
        info = self._transport.plain("GET", "/deviceManagement/getEffectivePermissions(scope='')")
        found = await everything(self._transport, info, _PERMISSIONS, intune_actions, INTUNE_RIGHTS)
        return tuple(action for part in found for action in part)

    async def token_scopes(self) -> Sequence[str] | None:
        """The token's own `scp` claim, read and not verified: it says what the engineer has, Graph decides."""
        return scopes_of(await self._transport.current_token())

    async def probe(self, capability: Capability) -> None:
        """Try the smallest call of a kind."""
        await probe(self._transport, capability)

    async def _grants(self, builder: Any, ask: Ask) -> Sequence[RoleGrant]:
        info = narrow(builder.to_get_request_information(), expand="roleDefinition")
        held = await everything(self._transport, info, _ASSIGNMENTS, assignment, ask)
        return [await self._grant(item) for item in held]

    async def _grant(self, held: Assignment) -> RoleGrant:
        name, actions = held.role, held.actions
        if actions is None and held.role_id:
            # `$expand` may leave the role's permissions out, so that only the definition itself tells them.
            builder = self._client.role_management.directory.role_definitions
            info = builder.by_unified_role_definition_id(held.role_id).to_get_request_information()
            definition = await one(self._transport, info, _DEFINITION, ROLES)
            name, actions = name or text(definition.display_name), allowed_actions(definition)
        carried = actions or ()
        return RoleGrant(
            role=name or held.role_id,
            scope=held.scope,
            reads_keys=READS_KEYS in carried,
            until=held.until,
            activated=held.activated,
            reads_audit=READS_AUDIT in carried,
            role_id=held.role_id,
        )
