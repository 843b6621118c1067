"""Entra ID's directory: device objects, their owners and their administrative units."""

from collections.abc import Sequence
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.model.device import AdministrativeUnit, EntraDevice, User
from tui.model.ids import parse_guid
from tui.sources.graph.paging import everything, literal, narrow, one
from tui.sources.graph.problems import Ask
from tui.sources.graph.reading import administrative_unit, entra_device, user
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import WireDevice, WireNamed, item_decoder, page_decoder
from tui.text import clean_line

_ROLE = "Cloud Device Administrator or Security Reader"
DEVICE = Ask("the device object", "Device.Read.All", _ROLE)
DEVICES = Ask("device objects of this name", "Device.Read.All", _ROLE)
OWNERS = Ask("the device's registered owners", "Device.Read.All", _ROLE)
UNITS = Ask("the device's administrative units", "Device.Read.All and AdministrativeUnit.Read.All", _ROLE)
USERS = Ask("the device's registered users", "Device.Read.All", _ROLE)
OWNED = Ask("the devices that this user owns", "User.Read.All", _ROLE)

DEVICE_FIELDS = (
    "id,deviceId,displayName,trustType,accountEnabled,operatingSystemVersion,isCompliant,isManaged,"
    "registrationDateTime,approximateLastSignInDateTime,physicalIds"
)
_USER_FIELDS = "id,displayName,userPrincipalName"
_DEVICE = item_decoder(WireDevice)
_DEVICES = page_decoder(WireDevice)
_NAMED = page_decoder(WireNamed)


class EntraDirectory:
    """Device objects by device id or name (v1.0)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._client = transport.client

    async def device(self, device_id: str) -> EntraDevice:
        """The device object with this device id; `Problem(NOT_FOUND)` when there is none in sight."""
        wanted = _guid(device_id, DEVICE)
        builder = self._client.devices_with_device_id(wanted)
        info = narrow(builder.to_get_request_information(), select=DEVICE_FIELDS)
        found = entra_device(await one(self._transport, info, _DEVICE, DEVICE))
        if not isinstance(found, EntraDevice) or found.device_id != wanted:
            raise Problem(
                ProblemKind.ALARM,
                "Entra answered with another device than the one asked for",
                f"Asked for {wanted}, got {found.device_id if isinstance(found, EntraDevice) else 'no device'}",
                "Do not use it; check for a proxy in between and tell your security team",
            )
        return found

    async def devices_named(self, name: str) -> Sequence[EntraDevice]:
        """All device objects with this display name, letter case aside, each one's name checked."""
        if not name.strip():
            return ()
        builder = self._client.devices
        info = narrow(
            builder.to_get_request_information(), filter=f"displayName eq {literal(name)}", select=DEVICE_FIELDS
        )
        found = await everything(self._transport, info, _DEVICES, entra_device, DEVICES)
        wanted = clean_line(name).casefold()
        return [device for device in found if device.name.casefold() == wanted]

    async def owners(self, device_id: str) -> Sequence[User]:
        """Registered owners of a device; empty for most hybrid-joined devices."""
        return await self._people(device_id, "registeredOwners", OWNERS)

    async def users(self, device_id: str) -> Sequence[User]:
        """Registered users of a device."""
        return await self._people(device_id, "registeredUsers", USERS)

    async def _people(self, device_id: str, relation: str, ask: Ask) -> Sequence[User]:
        info = self._related(device_id, relation, ask, _USER_FIELDS)
        return await everything(self._transport, info, _NAMED, user, ask)

    async def administrative_units(self, device_id: str) -> Sequence[AdministrativeUnit]:
        """Administrative units that hold the device object directly."""
        relation = "memberOf/microsoft.graph.administrativeUnit"
        info = self._related(device_id, relation, UNITS, "id,displayName")
        return await everything(self._transport, info, _NAMED, administrative_unit, UNITS)

    def _related(self, device_id: str, relation: str, ask: Ask, fields: str) -> Any:
        # By device id instead of object id, so that nothing has to be asked before; the SDK has no builder for it.
        path = f"/devices(deviceId='{_guid(device_id, ask)}')/{relation}"
        return self._transport.plain("GET", path, query={"$select": fields})

    async def owned_devices(self, upn: str) -> Sequence[EntraDevice]:
        """Devices that a user owns."""
        if not upn.strip(" ."):
            return ()
        builder = self._client.users.by_user_id(upn).owned_devices
        info = narrow(builder.to_get_request_information(), select=DEVICE_FIELDS)
        return await everything(self._transport, info, _DEVICES, entra_device, OWNED)


def _guid(value: str, ask: Ask) -> str:
    found = parse_guid(value)
    if found is None:
        raise Problem(
            ProblemKind.NOT_FOUND,
            f"Not found: {ask.subject}",
            f"{clean_line(value, 80) or 'Nothing'} is not a GUID",
            "Give the whole id, 32 hex digits",
        )
    return found
