"""informationProtection/bitlocker/recoveryKeys: metadata in lists, a recovery password one by one, on the record."""

import re
import time

from tui.demo.clock import iso_ticks
from tui.demo.graph.answers import Answer, Call, Json, bad_request, no_permission, not_found
from tui.demo.graph.filters import Comparison, parse_filter
from tui.demo.graph.pages import collection, entity
from tui.demo.identities import READ_KEY
from tui.demo.records import Key

_METADATA = ("BitlockerKey.ReadBasic.All", "BitlockerKey.Read.All")
_CONTEXT = "informationProtection/bitlocker/recoveryKeys"


def list_keys(call: Call, _: re.Match[str]) -> Answer:
    """All keys that the caller may see, or those of one device; never a recovery password, never `$top`.

    Whether Graph trims or refuses the whole list for a role scoped to a unit is not documented; here it is trimmed.
    """
    _check_request(call, _METADATA)
    if "$top" in call.query:
        raise bad_request("The query specified in the URI is not valid. Query option 'Top' is not allowed.")
    tenant, caller = call.play.tenant, call.caller
    wanted = _filtered_device(call)
    if wanted is not None:
        device = tenant.by_device_id.get(wanted)
        if not caller.sees_keys_of(device, tenant.owners_may_read):
            raise no_permission()
        keys = device.keys if device is not None else []
        return collection(call, _CONTEXT, keys, _metadata)
    if not caller.does(READ_KEY):
        raise no_permission()
    return collection(call, _CONTEXT, tenant.keys, _metadata, lambda key: _sees(call, key))


def get_key(call: Call, found: re.Match[str]) -> Answer:
    """One key; with `$select=key` its recovery password, and an audit entry that says so."""
    wants_password = "key" in {name.strip().lower() for name in call.query.get("$select", "").split(",")}
    _check_request(call, ("BitlockerKey.Read.All",) if wants_password else _METADATA)
    tenant = call.play.tenant
    key = tenant.key_named(found["id"])
    if key is None and call.caller.does(READ_KEY):
        raise not_found(found["id"])
    if key is None or not _sees(call, key):
        raise no_permission()
    item = _metadata(key)
    if wants_password:
        item["key"] = tenant.password(key)
        _record_read(call, key)
        return entity(call.without_query(), _CONTEXT, item)
    return entity(call, _CONTEXT, item)


def _record_read(call: Call, key: Key) -> None:
    target: Json = {
        "id": None,
        "displayName": key.id,
        "type": "Other",
        "userPrincipalName": None,
        "modifiedProperties": [],
    }
    play = call.play
    play.tenant.record("Read BitLocker key", "KeyManagement", call.caller.person, target, time.time(), play.clock.now())


def _check_request(call: Call, scopes: tuple[str, ...]) -> None:
    if not call.caller.has_scope(*scopes):
        raise no_permission()
    if not call.headers.get("user-agent"):
        raise bad_request("The User-Agent header is required.")


def _filtered_device(call: Call) -> str | None:
    text = call.query.get("$filter", "")
    if not text:
        return None
    clause = parse_filter(text)
    if not isinstance(clause, Comparison) or clause.path.lower() != "deviceid" or clause.op != "eq":
        raise bad_request("Only 'deviceId eq' is supported in the filter of recovery keys.")
    return clause.value.lower()


def _sees(call: Call, key: Key) -> bool:
    tenant = call.play.tenant
    return call.caller.sees_key(key, tenant.by_device_id.get(key.device_id), tenant.owners_may_read)


def _metadata(key: Key) -> Json:
    return {
        "id": key.id,
        "createdDateTime": iso_ticks(key.created),
        "volumeType": str(key.volume),
        "deviceId": key.device_id,
    }
