"""Device objects of the directory, their owners and administrative units, and the devices of a user."""

import re
from collections.abc import Sequence
from functools import partial

from tui.demo.clock import iso
from tui.demo.graph.answers import Answer, Call, Json, bad_request, not_found, require_scope
from tui.demo.graph.filters import Comparison, holds, parse_filter, paths, unsupported
from tui.demo.graph.pages import collection, entity
from tui.demo.ids import guid_of
from tui.demo.records import Device, Person, Unit

_SCOPES = ("Device.Read.All", "Directory.Read.All")
_USER_SCOPES = ("User.Read.All", "Directory.Read.All")
_FILTERABLE = {"deviceid": "device_id", "displayname": "name", "id": "object_id", "trusttype": "trust"}


def list_devices(call: Call, _: re.Match[str]) -> Answer:
    """Device objects; names are not unique."""
    require_scope(call, *_SCOPES)
    tenant = call.play.tenant
    text = call.query.get("$filter", "")
    if "$search" in call.query or "$orderby" in call.query:
        raise bad_request("Request with $search or $orderby needs advanced query support.", "Request_UnsupportedQuery")
    if not text:
        return collection(call, "devices", tenant.devices, _device)
    clause = parse_filter(text)
    refused = next((path for path in paths(clause) if path.lower() not in _FILTERABLE), None)
    if refused is not None:
        raise unsupported(refused)
    match clause:
        case Comparison(path, "eq", value) if path.lower() == "deviceid":
            device = tenant.by_device_id.get(value.lower())
            found: Sequence[Device] = [device] if device is not None else []
        case Comparison(path, "eq", value) if path.lower() == "displayname":
            found = list(tenant.by_name.get(value.lower(), ()))
        case _:
            found = [one for one in tenant.devices if holds(clause, partial(_property, one))]
    return collection(call, "devices", found, _device)


def get_device(call: Call, found: re.Match[str]) -> Answer:
    """One device object, by object id or by device id."""
    require_scope(call, *_SCOPES)
    return entity(call, "devices", _device(_find(call, found)))


def list_owners(call: Call, found: re.Match[str]) -> Answer:
    """registeredOwners, and registeredUsers, which start equal to them."""
    require_scope(call, *_SCOPES)
    owner = _find(call, found).owner
    return collection(call, "directoryObjects", [owner] if owner else [], _user_object)


def list_memberships(call: Call, found: re.Match[str]) -> Answer:
    """memberOf: administrative units and a group that says nothing; with a cast, administrative units alone."""
    require_scope(call, *_SCOPES)
    device = _find(call, found)
    units = [_unit(unit) for unit in call.play.tenant.units if unit.id == device.unit]
    if found["cast"]:
        return collection(call, "administrativeUnits", units, lambda item: _without_type(item))
    return collection(call, "directoryObjects", [*units, _group(call.play.seed)], lambda item: item)


def me(call: Call, _: re.Match[str]) -> Answer:
    """The signed-in engineer."""
    require_scope(call, "User.Read", *_USER_SCOPES)
    return entity(call, "users", _user(call.caller.person))


def get_user(call: Call, found: re.Match[str]) -> Answer:
    """A user by id or user principal name."""
    require_scope(call, *_USER_SCOPES)
    return entity(call, "users", _user(_person(call, found["id"])))


def list_owned_devices(call: Call, found: re.Match[str]) -> Answer:
    """Devices that a user owns, as directory objects or, with a cast, as devices."""
    require_scope(call, *_USER_SCOPES)
    person = _person(call, found["id"])
    owned = [device for device in call.play.tenant.devices if device.owner is person]
    if found["cast"]:
        return collection(call, "devices", owned, _device)
    return collection(
        call, "directoryObjects", owned, lambda one: {"@odata.type": "#microsoft.graph.device"} | _device(one)
    )


def _person(call: Call, named: str) -> Person:
    person = call.play.tenant.people.get(named.lower())
    if person is None:
        raise not_found(named)
    return person


def _find(call: Call, found: re.Match[str]) -> Device:
    tenant, groups = call.play.tenant, found.groupdict()
    by_device_id = groups.get("device_id")
    named = by_device_id or groups["id"] or ""
    device = (tenant.by_device_id if by_device_id else tenant.by_object).get(named.lower())
    if device is None:
        raise not_found(named)
    return device


def _property(device: Device, path: str) -> object:
    return getattr(device, _FILTERABLE[path.lower()])


def _device(device: Device) -> Json:
    return {
        "id": device.object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "approximateLastSignInDateTime": iso(device.last_seen),
        "createdDateTime": iso(device.registered),
        "deviceId": device.device_id,
        "deviceOwnership": "Company",
        "displayName": device.name,
        "enrollmentType": "AutoEnrollment" if device.trust == "ServerAd" else "AzureDomainJoined",
        "isCompliant": _compliant(device),
        "isManaged": bool(device.managed_id) or None,
        "isManagementRestricted": False,
        "manufacturer": device.hardware.manufacturer,
        "model": device.hardware.model,
        "onPremisesSyncEnabled": True if device.trust == "ServerAd" else None,
        "operatingSystem": "Windows",
        "operatingSystemVersion": device.told.os_version,
        "physicalIds": list(device.physical_ids),
        "profileType": "RegisteredDevice",
        "registrationDateTime": iso(device.registered),
        "trustType": device.trust,
    }


def _compliant(device: Device) -> bool | None:
    if not device.managed_id:
        return None
    return device.compliance == "compliant" if device.entra_compliant is None else device.entra_compliant


def _user(person: Person) -> Json:
    return {
        "id": person.id,
        "displayName": person.name,
        "givenName": person.name.split()[0],
        "surname": person.name.split()[-1],
        "mail": person.upn,
        "userPrincipalName": person.upn,
        "jobTitle": None,
        "businessPhones": [],
    }


def _user_object(person: Person) -> Json:
    return {"@odata.type": "#microsoft.graph.user"} | _user(person)


def _unit(unit: Unit) -> Json:
    item: Json = {"@odata.type": "#microsoft.graph.administrativeUnit", "id": unit.id}
    return item | {"displayName": unit.name, "description": None, "isMemberManagementRestricted": False}


def _group(seed: int) -> Json:
    named = {"id": guid_of("group", seed), "displayName": "All Windows devices"}
    return {"@odata.type": "#microsoft.graph.group"} | named


def _without_type(item: Json) -> Json:
    return {name: value for name, value in item.items() if name != "@odata.type"}
