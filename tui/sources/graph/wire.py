"""Graph's JSON, as far as the console uses it.

Structs name the wire's fields and take any JSON value in them: an unknown field or enum value, a null or a field of
another type than documented makes that one value unknown and not the whole answer unreadable. There is no field for a
recovery password, so none is ever decoded here. `reading` turns structs into model values.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from tui.text import clean_line

Wire = TypeVar("Wire")


class Unreadable(Exception):
    """The body is not JSON, is cut short, or has another shape than Graph documents; the text says which."""


class _Item(msgspec.Struct, rename="camel"):
    pass


class WireKey(_Item):
    """bitlockerRecoveryKey without its `key`."""

    id: object = None
    created_date_time: object = None
    volume_type: object = None
    device_id: object = None


class WireDevice(_Item):
    """device."""

    id: object = None
    device_id: object = None
    display_name: object = None
    trust_type: object = None
    account_enabled: object = None
    operating_system_version: object = None
    is_compliant: object = None
    is_managed: object = None
    registration_date_time: object = None
    approximate_last_sign_in_date_time: object = None
    physical_ids: object = None
    odata_type: object = msgspec.field(default=None, name="@odata.type")


class WireManagedDevice(_Item):
    """managedDevice."""

    id: object = None
    azure_ad_device_id: object = msgspec.field(default=None, name="azureADDeviceId")
    device_name: object = None
    user_principal_name: object = None
    serial_number: object = None
    manufacturer: object = None
    model: object = None
    os_version: object = None
    is_encrypted: object = None
    compliance_state: object = None
    last_sync_date_time: object = None
    device_action_results: object = None
    enrolled_date_time: object = None
    management_agent: object = None


class WireAction(_Item):
    """deviceActionResult."""

    action_name: object = None
    action_state: object = None
    start_date_time: object = None
    last_updated_date_time: object = None
    error_code: object = None


class WirePolicyState(_Item):
    """deviceCompliancePolicyState."""

    id: object = None
    display_name: object = None
    state: object = None
    setting_states: object = None


class WireSettingState(_Item):
    """deviceCompliancePolicySettingState."""

    setting: object = None
    setting_name: object = None
    state: object = None


class WireEncryption(_Item):
    """managedDeviceEncryptionState (beta)."""

    id: object = None
    encryption_readiness_state: object = None
    encryption_state: object = None
    encryption_policy_setting_state: object = None
    policy_details: object = None
    advanced_bit_locker_states: object = None


class WirePolicyDetail(_Item):
    """encryptionReportPolicyDetails."""

    policy_name: object = None


class WireHardware(_Item):
    """hardwareInformation (beta)."""

    system_management_bios_version: object = msgspec.field(default=None, name="systemManagementBIOSVersion")
    tpm_specification_version: object = None
    tpm_manufacturer: object = None
    operating_system_edition: object = None


class WireInventory(_Item):
    """managedDevice with its inventory, which only the single GET gives."""

    id: object = None
    hardware_information: WireHardware | None = None


class WireRolePermission(_Item):
    """rolePermission of Intune."""

    resource_actions: list["WireResourceAction"] | None = None


class WireResourceAction(_Item):
    """resourceAction."""

    allowed_resource_actions: list[object] | None = None


class WireInitiator(_Item):
    """userIdentity or appIdentity of an audit entry."""

    user_principal_name: object = None
    display_name: object = None


class WireInitiators(_Item):
    """auditActivityInitiator."""

    user: WireInitiator | None = None
    app: WireInitiator | None = None


class WireTarget(_Item):
    """targetResource."""

    id: object = None
    display_name: object = None
    type: object = None


class WireAudit(_Item):
    """directoryAudit."""

    id: object = None
    activity_display_name: object = None
    activity_date_time: object = None
    initiated_by: WireInitiators | None = None
    target_resources: list[WireTarget] | None = None


class WireNamed(_Item):
    """User, group or administrative unit."""

    id: object = None
    display_name: object = None
    user_principal_name: object = None
    odata_type: object = msgspec.field(default=None, name="@odata.type")


class WirePermission(_Item):
    """unifiedRolePermission."""

    allowed_resource_actions: list[object] | None = None


class WireRoleDefinition(_Item):
    """unifiedRoleDefinition."""

    id: object = None
    display_name: object = None
    role_permissions: list[WirePermission] | None = None


class WireAssignment(_Item):
    """unifiedRoleAssignmentScheduleInstance."""

    role_definition_id: object = None
    directory_scope_id: object = None
    assignment_type: object = None
    end_date_time: object = None
    role_definition: WireRoleDefinition | None = None


class WireUserRights(_Item):
    """defaultUserRolePermissions."""

    allowed_to_read_bitlocker_keys_for_owned_device: object = None


class WireAuthorizationPolicy(_Item):
    """authorizationPolicy."""

    default_user_role_permissions: WireUserRights | None = None


class Page(msgspec.Struct, Generic[Wire]):
    """One page of a list."""

    value: list[Wire]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


class _Wrapped(msgspec.Struct, Generic[Wire]):
    value: Wire


class _Probe(msgspec.Struct):
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def page_decoder(wire: type[Wire]) -> Callable[[bytes], Page[Wire]]:
    """Reads a page of such items; raises `Unreadable`."""
    decoder = msgspec.json.Decoder(Page[wire])  # type: ignore[valid-type]

    def decode(body: bytes) -> Page[Wire]:
        try:
            return decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unreadable(_reason(body, error)) from None

    return decode


def item_decoder(wire: type[Wire]) -> Callable[[bytes], Wire]:
    """Reads one item, bare or wrapped in `value` (Graph's pages show both); raises `Unreadable`."""
    bare = msgspec.json.Decoder(wire)
    wrapped = msgspec.json.Decoder(_Wrapped[wire])  # type: ignore[valid-type]
    probe = msgspec.json.Decoder(_Probe)

    def decode(body: bytes) -> Wire:
        try:
            if probe.decode(body).value is msgspec.UNSET:
                return bare.decode(body)
            return wrapped.decode(body).value
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unreadable(_reason(body, error)) from None

    return decode


def _reason(body: bytes, error: Exception) -> str:
    if not body.strip():
        return "The answer is empty"
    if isinstance(error, msgspec.ValidationError):
        return f"Its shape is not the documented one: {clean_line(str(error), 200)}"
    return f"It is not whole JSON (cut short or damaged): {clean_line(str(error), 200)}"
