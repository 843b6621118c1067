"""Which path is answered by what. Paths begin after the version; Graph does not mind letter case."""

import re
from collections.abc import Callable

from tui.demo.graph import activation, audit_logs, devices, diagnostics, intune, recovery_keys, release_health, roles
from tui.demo.graph.answers import Answer, Call, bad_request

Handler = Callable[[Call, re.Match[str]], Answer]

_GUID = r"(?P<id>[0-9a-f-]{36})"
_DEVICE = rf"/devices(?:/{_GUID}|\(deviceId='(?P<device_id>[^']*)'\))"
_BITLOCKER = "/informationProtection/bitlocker/recoveryKeys"
_ROLES = "/roleManagement/directory"
_MINE = r"/filterByCurrentUser\(on='principal'\)"
_UNIT_CAST = r"(?P<cast>/(?:microsoft\.)?graph\.administrativeUnit)?"
_DEVICE_CAST = r"(?P<cast>/(?:microsoft\.)?graph\.device)?"

_ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
    (method, re.compile(pattern, re.IGNORECASE), handler)
    for method, pattern, handler in (
        ("GET", "/me", devices.me),
        ("GET", "/devices", devices.list_devices),
        ("GET", _DEVICE, devices.get_device),
        ("GET", f"{_DEVICE}/registered(?:Owners|Users)", devices.list_owners),
        ("GET", f"{_DEVICE}/(?:transitiveM|m)emberOf{_UNIT_CAST}", devices.list_memberships),
        ("GET", r"/users/(?P<id>[^/]+)", devices.get_user),
        ("GET", rf"/users/(?P<id>[^/]+)/ownedDevices{_DEVICE_CAST}", devices.list_owned_devices),
        ("GET", "/deviceManagement/managedDevices", intune.list_managed),
        ("GET", f"/deviceManagement/managedDevices/{_GUID}", intune.get_managed),
        ("GET", f"/deviceManagement/managedDevices/{_GUID}/deviceCompliancePolicyStates", intune.list_policy_states),
        ("GET", "/deviceManagement/managedDeviceEncryptionStates", intune.list_encryption),
        ("GET", f"/deviceManagement/managedDeviceEncryptionStates/{_GUID}", intune.get_encryption),
        ("GET", r"/deviceManagement/getEffectivePermissions\(scope='[^']*'\)", intune.list_permissions),
        ("POST", f"/deviceManagement/managedDevices/{_GUID}/rotateBitLockerKeys", intune.rotate_keys),
        *diagnostics.ROUTES,
        *release_health.ROUTES,
        ("GET", _BITLOCKER, recovery_keys.list_keys),
        ("GET", rf"{_BITLOCKER}/(?P<id>[^/]+)", recovery_keys.get_key),
        ("GET", "/auditLogs/directoryAudits", audit_logs.list_audits),
        ("GET", "/policies/authorizationPolicy", audit_logs.get_policy),
        ("GET", f"{_ROLES}/roleAssignmentScheduleInstances{_MINE}", roles.list_active),
        ("GET", f"{_ROLES}/roleEligibilityScheduleInstances{_MINE}", roles.list_eligible),
        ("POST", f"{_ROLES}/roleAssignmentScheduleRequests", activation.activate),
        ("GET", f"{_ROLES}/roleAssignmentScheduleRequests{_MINE}", activation.list_requests),
        ("GET", f"{_ROLES}/roleAssignments", roles.list_assignments),
        ("GET", f"{_ROLES}/transitiveRoleAssignments", roles.list_transitive),
        ("GET", rf"{_ROLES}/roleDefinitions/(?P<id>[^/]+)", roles.get_definition),
    )
)


def answer(call: Call) -> Answer:
    """Find who answers a call and let them; 400 for a path that nobody has, 405 for a method that it has not."""
    known = False
    for method, pattern, handler in _ROUTES:
        found = pattern.fullmatch(call.path)
        if found is None:
            continue
        if method == call.method:
            return handler(call, found)
        known = True
    if known:
        raise bad_request(f"The request method '{call.method}' is not supported here.", "Request_BadRequest")
    raise bad_request(f"Resource not found for the segment '{call.path.strip('/').split('/')[0]}'.")
