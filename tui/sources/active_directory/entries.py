"""From LDAP entries to records. Everything readable passes the door for untrusted text here."""

from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.model.recovery_key import Escrow, Volume
from tui.sources.active_directory.connection import Entry
from tui.sources.active_directory.names import (
    file_time,
    first_value,
    generalized_time,
    guid_of,
    parent,
    recovery_name,
)
from tui.text import clean_line

_DISABLED = 0x2
"""ADS_UF_ACCOUNT_DISABLE of userAccountControl (MS-ADTS 2.2.16)."""


def key_of(entry: Entry, computer_guid: str = "") -> OnPremKey | None:
    """A recovery object; None when it has no readable key ID.

    Created is when the domain controller made the object; the time in its name is by the device's clock.
    """
    named_at, named_id = recovery_name(_text(entry, "name"))
    key_id = _guid(entry, "msfve-recoveryguid") or named_id
    if not key_id:
        return None
    computer_dn = parent(dn_of(entry))
    return OnPremKey(
        id=key_id,
        device_id=computer_guid,
        created=generalized_time(_text(entry, "whencreated")) or named_at,
        volume=Volume.UNKNOWN,
        escrow=Escrow.AD,
        object_guid=_guid(entry, "objectguid"),
        computer=clean_line(first_value(computer_dn), 64),
        computer_dn=computer_dn,
        volume_guid=_guid(entry, "msfve-volumeguid"),
    )


def computer_of(entry: Entry) -> OnPremComputer:
    """A computer object, its keys not looked at yet."""
    return OnPremComputer(
        object_guid=_guid(entry, "objectguid"),
        name=clean_line(_text(entry, "cn"), 64),
        dn=dn_of(entry),
        container=parent(dn_of(entry)),
        dns_name=clean_line(_text(entry, "dnshostname"), 255),
        os=clean_line(_text(entry, "operatingsystem"), 100),
        enabled=not _number(entry, "useraccountcontrol") & _DISABLED,
        created=generalized_time(_text(entry, "whencreated")),
        last_logon=file_time(_number(entry, "lastlogontimestamp")),
    )


def dn_of(entry: Entry) -> str:
    """The distinguished name, safe to show; cleaning changes none that AD accepts from a well-behaved client."""
    return clean_line(_text(entry, "distinguishedname"), 2000)


def guid_in(entry: Entry, name: str) -> str:
    """A GUID kept as octets; empty without one."""
    return _guid(entry, name)


def _guid(entry: Entry, name: str) -> str:
    value = _first(entry, name)
    return guid_of(bytes(value)) if isinstance(value, bytes | bytearray) else ""


def _text(entry: Entry, name: str) -> str:
    value = _first(entry, name)
    return (
        value.decode("utf-8", "replace")
        if isinstance(value, bytes | bytearray)
        else ""
        if value is None
        else str(value)
    )


def _number(entry: Entry, name: str) -> int:
    try:
        return int(_text(entry, name) or 0)
    except ValueError:
        return 0


def _first(entry: Entry, name: str) -> object:
    return next(iter(entry.get(name, ())), None)
