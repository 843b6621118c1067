"""From the wire to the model: every string through `tui.text`, every id canonical, unknown values unknown.

A reader gives None for an item that has no usable id, and `Other` for one of another kind than was asked for.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

import msgspec

from tui.model.device import ActionResult, AdministrativeUnit, EntraDevice, Join, ManagedDevice, User
from tui.model.ids import parse_guid
from tui.model.recovery_key import Escrow, RecoveryKey, Volume
from tui.sources.graph.wire import (
    WireAction,
    WireAssignment,
    WireDevice,
    WireKey,
    WireManagedDevice,
    WireNamed,
    WireRoleDefinition,
)
from tui.text import clean_line


class Other(Enum):
    """Lists of directory objects mix users, groups, devices and more."""

    KIND = "another kind of object"


@dataclass(frozen=True, slots=True)
class Assignment:
    """An active role assignment; `actions` (lower case) is None when the answer does not hold the role's rights."""

    role_id: str
    role: str
    scope: str
    actions: tuple[str, ...] | None
    activated: bool = False
    until: datetime | None = None


def text(value: object, limit: int = 500) -> str:
    """A string, cleaned; anything else is not there."""
    return clean_line(value, limit) if isinstance(value, str) else ""


def guid(value: object) -> str:
    """A GUID in canonical form; anything else is not there."""
    return (parse_guid(value) or "") if isinstance(value, str) and len(value) <= 64 else ""


def texts(value: object, limit: int = 32) -> tuple[str, ...]:
    """The strings of a list, cleaned; anything else is not there."""
    return tuple(text(each, 200) for each in value[:limit] if isinstance(each, str)) if isinstance(value, list) else ()


def flag(value: object) -> bool | None:
    """True, false, or not known."""
    return value if isinstance(value, bool) else None


def moment(value: object) -> datetime | None:
    """A date-time of up to 7 fraction digits, aware; Graph's `0001-01-01` stands for none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year > 1601 else None


_VOLUMES = {
    "1": Volume.OPERATING_SYSTEM,
    "2": Volume.FIXED_DATA,
    "3": Volume.REMOVABLE,
    "operatingsystemvolume": Volume.OPERATING_SYSTEM,
    "fixeddatavolume": Volume.FIXED_DATA,
    "removabledatavolume": Volume.REMOVABLE,
}
_JOINS = {"azuread": Join.ENTRA, "serverad": Join.HYBRID, "workplace": Join.REGISTERED}


def volume(value: object) -> Volume:
    """`volumeType` as number, digit or name; new values are unknown."""
    return Volume.UNKNOWN if isinstance(value, bool) else _VOLUMES.get(str(value).lower(), Volume.UNKNOWN)


def recovery_key(wire: WireKey) -> RecoveryKey | None:
    """Key metadata."""
    key_id = guid(wire.id)
    if not key_id:
        return None
    return RecoveryKey(
        key_id, guid(wire.device_id), moment(wire.created_date_time), volume(wire.volume_type), Escrow.ENTRA
    )


def entra_device(wire: WireDevice) -> EntraDevice | Other | None:
    """A device object."""
    if _other(wire.odata_type, "device"):
        return Other.KIND
    object_id, device_id = guid(wire.id), guid(wire.device_id)
    if not object_id or not device_id:
        return None
    return EntraDevice(
        object_id=object_id,
        device_id=device_id,
        name=text(wire.display_name),
        join=_JOINS.get(text(wire.trust_type).lower(), Join.UNKNOWN),
        enabled=wire.account_enabled is not False,
        os_version=text(wire.operating_system_version, 64),
        compliant=flag(wire.is_compliant),
        managed=flag(wire.is_managed),
        registered_at=moment(wire.registration_date_time),
        last_sign_in=moment(wire.approximate_last_sign_in_date_time),
        physical_ids=texts(wire.physical_ids),
    )


def managed_device(wire: WireManagedDevice) -> ManagedDevice | None:
    """Intune's record; `entra_device_id` is empty when Intune gave none."""
    managed_id = guid(wire.id)
    if not managed_id:
        return None
    return ManagedDevice(
        id=managed_id,
        entra_device_id=guid(wire.azure_ad_device_id),
        name=text(wire.device_name),
        user=text(wire.user_principal_name),
        serial=text(wire.serial_number, 128),
        manufacturer=text(wire.manufacturer, 128),
        model=text(wire.model, 128),
        os_version=text(wire.os_version, 64),
        encrypted=flag(wire.is_encrypted),
        compliance=text(wire.compliance_state, 64),
        last_sync=moment(wire.last_sync_date_time),
        actions=_actions(wire.device_action_results),
        enrolled_at=moment(wire.enrolled_date_time),
        agent=text(wire.management_agent, 64),
    )


def _actions(value: object) -> tuple[ActionResult, ...]:
    try:
        wires = msgspec.convert(value or [], list[WireAction])
    except msgspec.ValidationError:
        return ()
    return tuple(
        ActionResult(
            text(wire.action_name, 64),
            text(wire.action_state, 64),
            moment(wire.start_date_time),
            moment(wire.last_updated_date_time),
            wire.error_code if isinstance(wire.error_code, int) else None,
        )
        for wire in wires
    )


def user(wire: WireNamed) -> User | Other | None:
    """A user."""
    if _other(wire.odata_type, "user"):
        return Other.KIND
    user_id = guid(wire.id)
    return User(user_id, text(wire.user_principal_name), text(wire.display_name)) if user_id else None


def administrative_unit(wire: WireNamed) -> AdministrativeUnit | Other | None:
    """An administrative unit."""
    if _other(wire.odata_type, "administrativeunit"):
        return Other.KIND
    unit_id = guid(wire.id)
    return AdministrativeUnit(unit_id, text(wire.display_name)) if unit_id else None


def assignment(wire: WireAssignment) -> Assignment | None:
    """A role assignment; an unknown scope stays empty, it is not taken for the whole tenant."""
    role_id = text(wire.role_definition_id, 64)
    definition = wire.role_definition
    if not role_id and definition is None:
        return None
    name = text(definition.display_name) if definition else ""
    return Assignment(
        role_id,
        name,
        text(wire.directory_scope_id, 200),
        allowed_actions(definition),
        text(wire.assignment_type, 40).lower() == "activated",
        moment(wire.end_date_time),
    )


def allowed_actions(definition: WireRoleDefinition | None) -> tuple[str, ...] | None:
    """Resource actions of a role, in lower case; None when the answer does not hold them."""
    if definition is None or definition.role_permissions is None:
        return None
    return tuple(
        text(action, 200).lower()
        for permission in definition.role_permissions
        for action in permission.allowed_resource_actions or ()
    )


def _other(odata_type: object, wanted: str) -> bool:
    kind = text(odata_type, 100).lower()
    return bool(kind) and kind != f"#microsoft.graph.{wanted}"
