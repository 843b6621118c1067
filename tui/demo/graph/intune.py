"""deviceManagement: managed devices and the rotation of recovery keys, with Intune's own way to filter."""

import re
from collections.abc import Sequence

from tui.demo.clock import iso
from tui.demo.graph.answers import Answer, Call, Json, Refusal, bad_request, no_privilege
from tui.demo.graph.pages import collection, entity
from tui.demo.ids import guid_of
from tui.demo.records import Action, Device

_READ = ("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All")
_REPORT = ("DeviceManagementConfiguration.Read.All", "DeviceManagementConfiguration.ReadWrite.All")
_ROTATE = (
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementManagedDevices.ReadWrite.All",
)
_HELP_DESK_OPERATOR = tuple(
    f"Microsoft.Intune_{action}"
    for action in (
        "ManagedDevices_Read",
        "RemoteTasks_RotateBitLockerKeys",
        "RemoteTasks_SyncDevice",
        "RemoteTasks_OnDemandProactiveRemediation",
        "RemoteTasks_DeviceLogs",
    )
)
_BY_ENTRA_ID = re.compile(r"\s*azureADDeviceId\s+eq\s+'([^']*)'(?:\s+or\s+azureADDeviceId\s+eq\s+'[^']*')*\s*", re.I)
_BY_NAME = re.compile(r"\s*deviceName\s+eq\s+'((?:[^']|'')*)'\s*", re.I)


def list_managed(call: Call, _: re.Match[str]) -> Answer:
    """Managed devices. `or` over azureADDeviceId answers the first alone; any other filter answers everything."""
    _check(call, _READ)
    return collection(call, "deviceManagement/managedDevices", _filtered(call), _managed, largest=1000)


def get_managed(call: Call, found: re.Match[str]) -> Answer:
    """One managed device."""
    _check(call, _READ)
    item = _managed(_find(call, found["id"]))
    if call.version == "beta":
        item["hardwareInformation"] = _hardware(_find(call, found["id"]))
    return entity(call, "deviceManagement/managedDevices", item)


def rotate_keys(call: Call, found: re.Match[str]) -> Answer:
    """Queue a rotation: 204 says that it is queued and no more. The action is there in beta alone."""
    _check_beta(call, call.path.rsplit("/", 1)[-1])
    _check(call, _ROTATE)
    call.play.request_rotation(_find(call, found["id"]))
    return Answer(204)


def list_policy_states(call: Call, found: re.Match[str]) -> Answer:
    """deviceCompliancePolicyStates of one managed device."""
    _check(call, _READ)
    states = [_policy_state(_find(call, found["id"]))]
    return collection(call, "deviceManagement/managedDevices/deviceCompliancePolicyStates", states, lambda item: item)


def list_encryption(call: Call, _: re.Match[str]) -> Answer:
    """The encryption report, in beta alone."""
    _check_beta(call, "managedDeviceEncryptionStates")
    _check(call, _REPORT)
    devices = list(call.play.tenant.by_managed.values())
    return collection(call, "deviceManagement/managedDeviceEncryptionStates", devices, _encryption)


def get_encryption(call: Call, found: re.Match[str]) -> Answer:
    """A device's line of the encryption report; its id is the managed device's."""
    _check_beta(call, "managedDeviceEncryptionStates")
    _check(call, _REPORT)
    return entity(call, "deviceManagement/managedDeviceEncryptionStates", _encryption(_find(call, found["id"])))


def list_permissions(call: Call, _: re.Match[str]) -> Answer:
    """getEffectivePermissions: what the caller's Intune role allows; nothing for those who have none."""
    if not call.caller.has_scope(*_READ):
        raise no_privilege()
    actions = [{"allowedResourceActions": list(_HELP_DESK_OPERATOR), "notAllowedResourceActions": []}]
    permissions = [{"resourceActions": actions}] if call.caller.intune else []
    return collection(call, "Collection(microsoft.graph.rolePermission)", permissions, lambda item: item)


def _filtered(call: Call) -> Sequence[Device]:
    tenant = call.play.tenant
    text = call.query.get("$filter", "")
    if by_id := _BY_ENTRA_ID.fullmatch(text):
        device = tenant.by_device_id.get(by_id[1].lower())
        return [device] if device is not None and device.managed_id else []
    if by_name := _BY_NAME.fullmatch(text):
        wanted = by_name[1].replace("''", "'").lower()
        return [device for device in tenant.by_managed.values() if device.managed_name.lower() == wanted]
    return list(tenant.by_managed.values())


def _check_beta(call: Call, segment: str) -> None:
    if call.version != "beta":
        raise bad_request(f"Resource not found for the segment '{segment}'.")


def _check(call: Call, scopes: tuple[str, ...]) -> None:
    if call.caller.intune and call.caller.has_scope(*scopes):
        return
    needs = ", ".join(scopes)
    raise Refusal(
        403,
        "Forbidden",
        '{\r\n  "_version": 3,\r\n  "Message": "Application is not authorized to perform this operation. '
        f'Application must have one of the following scopes: {needs}, and the user an Intune role."\r\n}}',
    )


def _find(call: Call, managed_id: str) -> Device:
    device = call.play.tenant.by_managed.get(managed_id.lower())
    if device is None:
        message = f'{{\r\n  "_version": 3,\r\n  "Message": "Device with id {managed_id} not found"\r\n}}'
        raise Refusal(404, "ResourceNotFound", message)
    return device


def _managed(device: Device) -> Json:
    user = device.primary_user
    return {
        "id": device.managed_id,
        "userId": user.id if user else "",
        "deviceName": device.managed_name,
        "managedDeviceOwnerType": "company",
        "enrolledDateTime": iso(device.registered),
        "lastSyncDateTime": iso(device.last_sync),
        "operatingSystem": "Windows",
        "complianceState": device.compliance,
        "jailBroken": "Unknown",
        "managementAgent": "mdm",
        "managementState": "managed",
        "osVersion": device.told.os_version,
        "azureADRegistered": True,
        "azureADDeviceId": device.device_id,
        "deviceEnrollmentType": "windowsAzureADJoin",
        "deviceCategoryDisplayName": "Unknown",
        "isEncrypted": True,
        "isSupervised": False,
        "userPrincipalName": user.upn if user else "",
        "userDisplayName": user.name if user else "",
        "emailAddress": user.upn if user else "",
        "model": device.hardware.model,
        "manufacturer": device.hardware.manufacturer,
        "serialNumber": device.serial,
        "notes": None,
        "physicalMemoryInBytes": 0,
        "ethernetMacAddress": None,
        "partnerReportedThreatState": "unknown",
        "deviceHealthAttestationState": None,
        "complianceGracePeriodExpirationDateTime": "9999-12-31T23:59:59Z",
        "deviceActionResults": [_action(action) for action in device.actions],
    }


def _policy_state(device: Device) -> Json:
    unmet = [{"setting": name, "settingName": name, "state": "nonCompliant"} for name in device.unmet]
    met = [{"setting": "osVersion", "settingName": "Minimum OS version", "state": "compliant"}]
    return {
        "id": guid_of("policy-state", device.managed_id),
        "displayName": "Demo compliance policy",
        "platformType": "windows10AndLater",
        "state": "nonCompliant" if unmet else "compliant",
        "settingCount": len(unmet) + 1,
        "version": 1,
        "settingStates": unmet + met,
    }


def _encryption(device: Device) -> Json:
    policy = device.encryption_policy
    return {
        "id": device.managed_id,
        "deviceName": device.managed_name,
        "deviceType": "windowsRT",
        "userPrincipalName": device.primary_user.upn if device.primary_user else "",
        "osVersion": device.told.os_version,
        "tpmSpecificationVersion": "2.0",
        "encryptionReadinessState": "ready",
        "encryptionState": "encrypted",
        "encryptionPolicySettingState": "compliant" if policy else "notAssigned",
        "advancedBitLockerStates": device.encryption_causes,
        "policyDetails": [{"policyId": guid_of("policy", policy), "policyName": policy}] if policy else [],
    }


def _action(action: Action) -> Json:
    return {
        "@odata.type": "#microsoft.graph.rotateBitLockerKeysDeviceActionResult",
        "actionName": action.name,
        "actionState": action.state,
        "startDateTime": iso(action.started),
        "lastUpdatedDateTime": iso(action.updated),
        "errorCode": action.error_code,
    }


def _hardware(device: Device) -> Json:
    return {
        "serialNumber": device.serial,
        "manufacturer": device.hardware.manufacturer,
        "model": device.hardware.model,
        "tpmSpecificationVersion": "2.0",
        "tpmManufacturer": "DEMO",
        "systemManagementBIOSVersion": device.hardware.bios,
        "operatingSystemEdition": "Enterprise",
        "isEncrypted": True,
    }
