"""What Active Directory knows of recovery keys and their computers."""

from dataclasses import dataclass
from datetime import datetime

from tui.model.recovery_key import RecoveryKey


@dataclass(frozen=True, slots=True)
class OnPremKey(RecoveryKey):
    """A key backed up to AD DS.

    `device_id` is the objectGUID of its computer, empty when that object cannot be read. A hybrid joined device has the
    same GUID as its device id in Entra ID, so that the two are joined by it and not by name. `volume` is unknown: AD
    keeps the volume's GUID and not its kind. `object_guid` names the recovery object; the vault reads it by that.
    """

    object_guid: str = ""
    computer: str = ""
    computer_dn: str = ""
    volume_guid: str = ""


def object_of(key: RecoveryKey) -> str:
    """The objectGUID by which the vault reads a key from AD DS; empty for a key that is kept in Entra ID."""
    return key.object_guid if isinstance(key, OnPremKey) else ""


@dataclass(frozen=True, slots=True)
class OnPremComputer:
    """A computer object; `container` is the distinguished name of the unit that it is in.

    `last_logon` is replicated with up to 14 days of delay (MS-ADA1, lastLogonTimestamp).
    `holds_keys` says whether the account sees recovery objects below it; that it sees none does not prove it.
    """

    object_guid: str
    name: str
    dn: str
    container: str
    dns_name: str
    os: str
    enabled: bool
    created: datetime | None
    last_logon: datetime | None
    holds_keys: bool = False
