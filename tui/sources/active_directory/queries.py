"""The questions that are put to the directory: filters and attributes. No attribute here holds a secret."""

from tui.model.ids import KeyTerm, format_key_id
from tui.sources.active_directory.names import filter_octets, filter_text, octets_of

KEYS = "(objectCategory=msFVE-RecoveryInformation)"
"""All recovery objects. objectCategory is indexed and objectClass is not (MS-ADA3)."""

KEY_ATTRIBUTES = ("distinguishedName", "name", "objectGUID", "whenCreated", "msFVE-RecoveryGuid", "msFVE-VolumeGuid")
COMPUTER_ATTRIBUTES = (
    "cn",
    "distinguishedName",
    "dNSHostName",
    "lastLogonTimestamp",
    "objectGUID",
    "operatingSystem",
    "userAccountControl",
    "whenCreated",
)
NO_ATTRIBUTES = ("1.1",)
"""Asks for no attribute at all (RFC 4511, 4.5.1.8)."""

OCTET_ATTRIBUTES = ("objectGUID", "msFVE-RecoveryGuid", "msFVE-VolumeGuid")

_FIRST_FIELD = 8


def keys_by_octets(term: KeyTerm) -> str:
    """Keys by their GUID attribute, which is indexed: all of it, or its first field, which is kept in reverse."""
    if term.is_full:
        return f"(&{KEYS}(msFVE-RecoveryGuid={filter_octets(octets_of(term.digits))}))"
    first = bytes.fromhex(term.digits[:_FIRST_FIELD])[::-1]
    return f"(&{KEYS}(msFVE-RecoveryGuid={filter_octets(first)}*))"


def keys_by_name(term: KeyTerm) -> str:
    """Keys by the GUID in the object's name, as the Recovery Password Viewer finds them; not indexed."""
    end = "\\7d" if term.is_full else ""
    return f"(&{KEYS}(name=*\\7b{format_key_id(term.digits).upper()}{end}*))"


def computers_by_name(name: str) -> str:
    """Computers by account name, common name or DNS name."""
    value = filter_text(name)
    return f"(&(objectCategory=computer)(|(sAMAccountName={value}$)(cn={value})(dNSHostName={value})))"


def object_base(guid: str) -> str:
    """A base that names one object by its objectGUID, whatever it is called now (MS-ADTS 3.1.1.3.1.2.4)."""
    return f"<GUID={guid}>"
