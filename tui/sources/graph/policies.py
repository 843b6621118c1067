"""Tenant settings and the engineer's own rights."""

from collections.abc import Sequence

from tui.errors import Problem, ProblemKind
from tui.model.device import User
from tui.ports import RoleGrant, SelfService
from tui.sources.graph.paging import everything, narrow, one
from tui.sources.graph.problems import Ask
from tui.sources.graph.reading import Assignment, allowed_actions, assignment, flag, text, user
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import (
    WireAssignment,
    WireAuthorizationPolicy,
    WireNamed,
    WireRoleDefinition,
    item_decoder,
    page_decoder,
)

READS_KEYS = "microsoft.directory/bitlockerkeys/key/read"
"""The resource action that lets a role read recovery passwords, in lower case."""

ME = Ask("the signed-in account", "User.Read")
POLICY = Ask("the tenant's authorization policy", "Policy.Read.All")
ROLES = Ask("your own roles", "RoleAssignmentSchedule.Read.Directory")

_ME = item_decoder(WireNamed)
_POLICY = item_decoder(WireAuthorizationPolicy)
_ASSIGNMENTS = page_decoder(WireAssignment)
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
        builder = instances.filter_by_current_user_with_on("principal")
        info = narrow(builder.to_get_request_information(), expand="roleDefinition")
        held = await everything(self._transport, info, _ASSIGNMENTS, assignment, ROLES)
        return [await self._grant(item) for item in held]

    async def _grant(self, held: Assignment) -> RoleGrant:
        name, actions = held.role, held.actions
        if actions is None and held.role_id:
            # `$expand` may leave the role's permissions out, so that only the definition itself tells them.
            builder = self._client.role_management.directory.role_definitions
            info = builder.by_unified_role_definition_id(held.role_id).to_get_request_information()
            definition = await one(self._transport, info, _DEFINITION, ROLES)
            name, actions = name or text(definition.display_name), allowed_actions(definition)
        return RoleGrant(name or held.role_id, held.scope, READS_KEYS in (actions or ()))
