"""Whether the account may read a recovery password, asked without reading one.

msFVE-RecoveryPassword is confidential: reading it needs READ_PROPERTY and CONTROL_ACCESS. Without them the attribute
"does not exist", in answers and in filters alike (MS-ADTS 3.1.1.4.3 and 3.1.1.4.4), so a filter for its presence
tells. allowedAttributesEffective does not: it is about writing (MS-ADTS 3.1.1.4.5.7).
"""

from tui.sources.active_directory.connection import BASE, Connection
from tui.sources.active_directory.queries import KEYS, NO_ATTRIBUTES, object_base

_READABLE = f"(&{KEYS}(msFVE-RecoveryPassword=*))"
"""The schema demands a password of every recovery object (MS-ADSC), so an unseen one is a missing right."""


def may_read_password(connection: Connection, object_guid: str) -> bool:
    """The account holds the right to the password of this recovery object; False too when it does not see it."""
    base = object_base(object_guid)
    return bool(
        connection.find(base, _READABLE, NO_ATTRIBUTES, scope=BASE, limit=1, subject="the right to a recovery password")
    )
