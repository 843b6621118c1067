"""auditLogs/directoryAudits and policies/authorizationPolicy."""

import re
from functools import partial

from tui.demo.graph.answers import Answer, Call, Refusal, bad_request, no_privilege, require_scope
from tui.demo.graph.filters import Clause, holds, parse_filter, paths, read_path, unsupported
from tui.demo.graph.pages import collection, entity
from tui.demo.identities import READ_AUDIT
from tui.demo.ids import guid_of

_FILTERABLE = frozenset(
    {
        "activitydatetime",
        "activitydisplayname",
        "category",
        "correlationid",
        "loggedbyservice",
        "initiatedby/user/id",
        "initiatedby/user/userprincipalname",
        "targetresources",
    }
)


def list_audits(call: Call, _: re.Match[str]) -> Answer:
    """Audit entries, newest first unless `$orderby` says otherwise; scope and role are both needed."""
    if not (call.caller.has_scope("AuditLog.Read.All") and call.caller.has_scope("Directory.Read.All")):
        raise no_privilege()
    if not call.caller.does(READ_AUDIT):
        raise Refusal(403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles")
    play = call.play
    now = play.clock.now()
    items = [entry.item for entry in play.tenant.audits if entry.play_second + play.tenant.audit_delay <= now]
    items.sort(key=lambda item: item["activityDateTime"], reverse=not _ascending(call))
    text = call.query.get("$filter", "")
    if text:
        clause = parse_filter(text)
        _check_paths(clause)
        items = [item for item in items if holds(clause, partial(read_path, item))]
    return collection(call, "auditLogs/directoryAudits", items, lambda item: item)


def get_policy(call: Call, _: re.Match[str]) -> Answer:
    """The authorization policy, with what owners of devices may read."""
    require_scope(call, "Policy.Read.All")
    tenant = call.play.tenant
    permissions = {
        "allowedToCreateApps": False,
        "allowedToCreateSecurityGroups": False,
        "allowedToReadBitlockerKeysForOwnedDevice": tenant.owners_may_read,
        "allowedToReadOtherUsers": True,
    }
    item = {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "guestUserRoleId": guid_of("guest", tenant.seed),
        "defaultUserRolePermissions": permissions,
    }
    return entity(call, "policies/authorizationPolicy", item)


def _ascending(call: Call) -> bool:
    order = call.query.get("$orderby", "activityDateTime desc").split()
    if not order or order[0].lower() != "activitydatetime":
        raise bad_request("Only activityDateTime can be sorted by.")
    return len(order) == 1 or order[1].lower() == "asc"


def _check_paths(clause: Clause) -> None:
    for path in paths(clause):
        if path.lower() not in _FILTERABLE:
            raise unsupported(path)
