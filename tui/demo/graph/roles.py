"""roleManagement/directory: which roles the signed-in engineer holds, could activate, and what they allow."""

import re
from functools import partial

from tui.demo.clock import iso
from tui.demo.graph.answers import Answer, Call, Json, not_found, require_scope
from tui.demo.graph.filters import holds, parse_filter, read_path
from tui.demo.graph.pages import collection, entity
from tui.demo.identities import ROLE_DEFINITIONS, Activation, Grant, RoleDefinition
from tui.demo.ids import guid_of

_SCHEDULES = ("RoleAssignmentSchedule.Read.Directory", "RoleManagement.Read.Directory")
_ROLES = ("RoleManagement.Read.Directory", "Directory.Read.All")


def list_active(call: Call, _: re.Match[str]) -> Answer:
    """roleAssignmentScheduleInstances/filterByCurrentUser."""
    require_scope(call, *_SCHEDULES)
    context = "roleManagement/directory/roleAssignmentScheduleInstances"
    assigned = [_assigned(call, grant) for grant in call.caller.grants]
    activated = [_activated(call, activation) for activation in call.caller.activated]
    return collection(call, context, assigned + activated, lambda item: item)


def list_eligible(call: Call, _: re.Match[str]) -> Answer:
    """roleEligibilityScheduleInstances/filterByCurrentUser: what could be activated."""
    require_scope(call, "RoleEligibilitySchedule.Read.Directory", *_SCHEDULES)
    context = "roleManagement/directory/roleEligibilityScheduleInstances"
    return collection(call, context, call.caller.eligible, lambda grant: _instance(call, grant))


def list_assignments(call: Call, _: re.Match[str]) -> Answer:
    """roleAssignments: the caller's own; filtered by another principal, none."""
    require_scope(call, *_ROLES)
    return _assignments(call, "roleManagement/directory/roleAssignments")


def list_transitive(call: Call, _: re.Match[str]) -> Answer:
    """transitiveRoleAssignments: beta alone, and 404 without `ConsistencyLevel: eventual`."""
    require_scope(call, *_ROLES)
    if call.version != "beta" or call.headers.get("consistencylevel", "").lower() != "eventual":
        raise not_found("transitiveRoleAssignments")
    return _assignments(call, "roleManagement/directory/transitiveRoleAssignments")


def get_definition(call: Call, found: re.Match[str]) -> Answer:
    """A role definition with its allowed actions."""
    require_scope(call, *_ROLES)
    role = ROLE_DEFINITIONS.get(found["id"].lower())
    if role is None:
        raise not_found(found["id"])
    return entity(call, "roleManagement/directory/roleDefinitions", _definition(role))


def _assignments(call: Call, context: str) -> Answer:
    items = [_assignment(call, grant) for grant in call.caller.held]
    text = call.query.get("$filter", "")
    if text:
        clause = parse_filter(text)
        items = [item for item in items if holds(clause, partial(read_path, item))]
    return collection(call, context, items, lambda item: item | _expanded(call, item["roleDefinitionId"]))


def _assignment(call: Call, grant: Grant) -> Json:
    return {
        "id": guid_of("assignment", call.caller.person.id, grant.role.id, grant.scope),
        "principalId": call.caller.person.id,
        "roleDefinitionId": grant.role.id,
        "directoryScopeId": grant.scope,
        "appScopeId": None,
    }


def _assigned(call: Call, grant: Grant) -> Json:
    item = _instance(call, grant)
    return item | {"assignmentType": "Assigned", "roleAssignmentOriginId": item["id"]}


def _activated(call: Call, activation: Activation) -> Json:
    item = _instance(call, activation.grant) | {"assignmentType": "Activated"}
    return item | {"startDateTime": iso(activation.started), "endDateTime": iso(activation.ends)}


def _instance(call: Call, grant: Grant) -> Json:
    item = _assignment(call, grant) | {
        "startDateTime": iso(call.play.clock.started_at - 3600),
        "endDateTime": None,
        "memberType": "Direct",
    }
    return item | _expanded(call, grant.role.id)


def _expanded(call: Call, role_id: str) -> Json:
    wanted = {name.strip().lower() for name in call.query.get("$expand", "").split(",")}
    return {"roleDefinition": _definition(ROLE_DEFINITIONS[role_id])} if "roledefinition" in wanted else {}


def _definition(role: RoleDefinition) -> Json:
    return {
        "id": role.id,
        "displayName": role.name,
        "description": role.name,
        "isBuiltIn": True,
        "isEnabled": True,
        "templateId": role.id,
        "version": "1",
        "rolePermissions": [{"allowedResourceActions": list(role.actions), "condition": None}],
    }
