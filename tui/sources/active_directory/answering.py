"""From questions to searches. Blocking; runs in the LDAP child."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui.errors import Problem, ProblemKind
from tui.model.ids import KeyTerm, parse_guid, parse_key_term
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.sources.active_directory.connection import BASE, CHILDREN, Connection
from tui.sources.active_directory.entries import computer_of, guid_in, key_of
from tui.sources.active_directory.messages import (
    AllKeys,
    Computers,
    FindComputers,
    FindKeys,
    GetComputer,
    Keys,
    KeysOf,
    MayRead,
    Question,
    Report,
    SeesKeys,
    Truth,
)
from tui.sources.active_directory.queries import (
    COMPUTER_ATTRIBUTES,
    KEY_ATTRIBUTES,
    KEYS,
    computers_by_name,
    keys_by_name,
    keys_by_octets,
    object_base,
)
from tui.sources.active_directory.rights import may_read_password
from tui.sources.active_directory.server import DirectoryServer

MOST_MATCHES = 100
"""Keys or computers that one question may find; more means that it was too wide."""
MOST_KEYS = 900
"""Keys that one computer may have; a domain controller gives 1000 without paging."""
_COMPUTERS = "(objectCategory=computer)"
_KEYS_SUBJECT, _COMPUTERS_SUBJECT = "recovery keys", "computers"


def answers(question: Question, connection: Connection, server: DirectoryServer) -> Iterator[Report]:
    """The reports that answer a question, one but for `AllKeys`; raises `Problem`."""
    match question:
        case FindKeys(digits):
            yield Keys(_find_keys(connection, server, digits))
        case KeysOf(guid):
            yield Keys(_keys_of(connection, guid))
        case AllKeys():
            for page in connection.pages(server.base, KEYS, KEY_ATTRIBUTES, _KEYS_SUBJECT):
                if keys := tuple(key for entry in page if (key := key_of(entry)) is not None):
                    yield Keys(keys)
            yield Keys(())
        case FindComputers(name):
            yield Computers(_find_computers(connection, server, name))
        case GetComputer(guid):
            yield Computers(_computer(connection, guid))
        case SeesKeys(base):
            yield Truth(connection.sees_any(base or server.base, KEYS, subject=_KEYS_SUBJECT))
        case MayRead(guid):
            yield Truth(may_read_password(connection, _whole(guid)))


def _find_keys(connection: Connection, server: DirectoryServer, digits: str) -> tuple[OnPremKey, ...]:
    term = parse_key_term(digits)
    if term is None:
        raise _unfit("A key ID is asked for by 8 to 32 hex digits")
    # By octets first, because that is indexed; the name, which is not, decides before "none" is said.
    found = _matching(connection, server, keys_by_octets(term), term)
    found = found or _matching(connection, server, keys_by_name(term), term)
    computers = {dn: _guid_of(connection, dn) for dn in {key.computer_dn for key in found}}
    return tuple(replace(key, device_id=computers[key.computer_dn]) for key in found)


def _matching(connection: Connection, server: DirectoryServer, query: str, term: KeyTerm) -> list[OnPremKey]:
    found = connection.find(server.base, query, KEY_ATTRIBUTES, limit=MOST_MATCHES + 1, subject=_KEYS_SUBJECT)
    _refuse_many(found, MOST_MATCHES, _KEYS_SUBJECT)
    # The filter may have been wider than the term, or not been heeded.
    return [key for entry in found if (key := key_of(entry)) is not None and term.matches(key.id)]


def _keys_of(connection: Connection, guid: str) -> tuple[OnPremKey, ...]:
    base = object_base(_whole(guid))
    found = connection.find(base, KEYS, KEY_ATTRIBUTES, scope=CHILDREN, limit=MOST_KEYS + 1, subject=_KEYS_SUBJECT)
    _refuse_many(found, MOST_KEYS, _KEYS_SUBJECT)
    return tuple(key for entry in found if (key := key_of(entry, guid)) is not None)


def _find_computers(connection: Connection, server: DirectoryServer, name: str) -> tuple[OnPremComputer, ...]:
    if not name:
        raise _unfit("A computer is asked for by its name")
    query = computers_by_name(name)
    found = connection.find(server.base, query, COMPUTER_ATTRIBUTES, limit=MOST_MATCHES + 1, subject=_COMPUTERS_SUBJECT)
    _refuse_many(found, MOST_MATCHES, _COMPUTERS_SUBJECT)
    return tuple(_with_keys(connection, computer_of(entry)) for entry in found)


def _computer(connection: Connection, guid: str) -> tuple[OnPremComputer, ...]:
    base = object_base(_whole(guid))
    found = connection.find(base, _COMPUTERS, COMPUTER_ATTRIBUTES, scope=BASE, limit=1, subject=_COMPUTERS_SUBJECT)
    return tuple(_with_keys(connection, computer_of(entry)) for entry in found)


def _with_keys(connection: Connection, computer: OnPremComputer) -> OnPremComputer:
    base = object_base(computer.object_guid)
    return replace(computer, holds_keys=connection.sees_any(base, KEYS, scope=CHILDREN, subject=_KEYS_SUBJECT))


def _guid_of(connection: Connection, dn: str) -> str:
    found = connection.find(dn, _COMPUTERS, ("objectGUID",), scope=BASE, limit=1, subject=_COMPUTERS_SUBJECT)
    return guid_in(found[0], "objectguid") if found else ""


def _refuse_many(found: Sequence[object], most: int, subject: str) -> None:
    if len(found) > most:
        raise Problem(
            ProblemKind.UPSTREAM,
            f"More than {most} {subject} fit",
            "So many cannot be told apart by an engineer, or the server does not heed what it is asked",
            "Give more of the recovery key ID, up to all 32 characters",
            code="ldap-4",
        )


def _whole(guid: str) -> str:
    canonical = parse_guid(guid)
    if canonical is None:
        raise _unfit("An object is asked for by its whole GUID")
    return canonical


def _unfit(why: str) -> Problem:
    return Problem(ProblemKind.LOCAL, "Active Directory was asked for something that cannot be looked up", why)
