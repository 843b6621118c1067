"""The one read of a recovery password from Active Directory. For the vault child alone.

LDAP says `success` when there is no such object, when the account may not read its password, and when it may. Blocking
and not to be cancelled: run it in a thread of the child, which ends with everything in it. Copies made by libldap and
bonsai stay in memory until then.
"""

from typing import NamedTuple

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.sources.active_directory.connection import BASE, Connection, Entry, connect
from tui.sources.active_directory.entries import dn_of, guid_in
from tui.sources.active_directory.names import filter_octets, first_value, octets_of, recovery_name
from tui.sources.active_directory.queries import KEYS, OCTET_ATTRIBUTES, object_base
from tui.sources.active_directory.server import DirectoryServer

_PASSWORD = "msFVE-RecoveryPassword"  # noqa: S105 - the name of an attribute
_LONGEST = 256
"""Octets; an honest password has 55."""
_SUBJECT = "the recovery key"
_ALARM_STEP = "Do not read anything out; tell your security team and the AD team"


class PasswordRequest(NamedTuple):
    """Exactly one recovery object, and the key ID that it must have."""

    object_guid: str
    key_id: str


def read_password(server: DirectoryServer, request: PasswordRequest) -> bytearray:
    """The octets of one recovery password, as they are kept: eight blocks are for the caller to check, and to wipe.

    Raises `Problem`: NOT_FOUND when the account sees no such object, FORBIDDEN when it sees it without its password,
    ALARM when the object has another key ID, several passwords or none that can be one, and what `connect` raises.
    """
    object_guid, key_id = parse_guid(request.object_guid), parse_guid(request.key_id)
    if object_guid is None or key_id is None:
        raise Problem(
            ProblemKind.POLICY,
            "The vault was asked for something that is no whole key ID",
            "A key is read by its full ID and its object only",
            "Select the key again",
        )
    connection = connect(server, (*OCTET_ATTRIBUTES, _PASSWORD))
    try:
        _check(_metadata(connection, object_guid), key_id)
        return _octets(_secret(connection, object_guid, key_id))
    finally:
        connection.close()


def _metadata(connection: Connection, object_guid: str) -> Entry:
    names = ("distinguishedName", "msFVE-RecoveryGuid")
    found = connection.find(object_base(object_guid), KEYS, names, scope=BASE, limit=2, subject=_SUBJECT)
    if len(found) != 1:
        raise _gone()
    return found[0]


def _secret(connection: Connection, object_guid: str, key_id: str) -> Entry:
    """The keyed read: this object, only if it still has this ID, and no other attribute."""
    query = f"(&{KEYS}(msFVE-RecoveryGuid={filter_octets(octets_of(key_id))}))"
    found = connection.find(object_base(object_guid), query, (_PASSWORD,), scope=BASE, limit=2, subject=_SUBJECT)
    if not found:
        raise _gone()
    if len(found) > 1:
        raise _alarm("Active Directory answered with more than one recovery key", "One object was asked for")
    return found[0]


def _check(entry: Entry, key_id: str) -> None:
    kept, named = guid_in(entry, "msfve-recoveryguid"), recovery_name(first_value(dn_of(entry)))[1]
    if kept != key_id or named not in ("", key_id):
        raise _alarm(
            "The recovery object has another key ID than the one asked for",
            f"Asked for {key_id}; the object has {kept or 'none'}, and {named or 'none'} in its name",
        )


def _octets(entry: Entry) -> bytearray:
    values = entry.get(_PASSWORD.lower(), ())
    if not values:
        raise Problem(
            ProblemKind.FORBIDDEN,
            "This account sees the recovery key and may not read its password",
            "The attribute is confidential: it needs Control Access on msFVE-RecoveryPassword, beside Read",
            "Ask the AD team for that right on the computer's unit, or a colleague who holds it",
            code="ad-confidential",
        )
    value = values[0]
    if len(values) > 1 or not isinstance(value, bytes | bytearray) or not 0 < len(value) <= _LONGEST:
        raise _alarm("The recovery password in Active Directory is damaged", "It is not one text of usual length")
    return bytearray(value)


def _gone() -> Problem:
    return Problem(
        ProblemKind.NOT_FOUND,
        "This account sees no such recovery key in Active Directory",
        "It was deleted, or moved out of what the account may list, since it was looked up",
        "Look the key up again; then ask a colleague with more rights, or the AD team",
        code="ad-absent",
    )


def _alarm(what: str, why: str) -> Problem:
    return Problem(ProblemKind.ALARM, what, why, _ALARM_STEP)
