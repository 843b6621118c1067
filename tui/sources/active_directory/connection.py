"""The only place that speaks LDAP. Blocking: it runs in a child process, libldap's settings being those of a process.

Safe settings go into the process's environment before libldap is loaded: versions of TLS, no referrals, no host names
from reverse DNS (RFC 4513, 4.1.1 of RFC 4752), Kerberos bound to the TLS channel (RFC 5929, tls-server-end-point).
"""

import itertools
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.probing import probe
from tui.sources.active_directory.problems import (
    CONNECTION_CODES,
    NO_SUCH_OBJECT,
    base_problem,
    ldap_problem,
    no_ldap,
)
from tui.sources.active_directory.queries import NO_ATTRIBUTES
from tui.sources.active_directory.secrets import bind_password
from tui.sources.active_directory.server import DirectoryServer, checked

BASE, CHILDREN, SUBTREE = 0, 1, 2
"""Scopes of a search (RFC 4511, 4.5.1.2)."""
ANYTHING = "(objectClass=*)"

Entry = Mapping[str, Sequence[object]]
"""Attributes by name in lower case; only those that were asked for."""

_ENVIRONMENT = {
    "GNUTLS_SYSTEM_PRIORITY_FILE": str(Path(__file__).with_name("tls.conf")),
    "LDAPREFERRALS": "off",
    "LDAPSASL_CBINDING": "tls-endpoint",
    "LDAPSASL_NOCANON": "on",
}


class Connection:
    """A bound connection. Every method raises `Problem`; after one of `CONNECTION_CODES` it is of no more use."""

    def __init__(self, server: DirectoryServer, ldap: Any) -> None:
        self._server = server
        self._ldap = ldap

    def find(
        self, base: str, query: str, attributes: Sequence[str], *, scope: int = SUBTREE, limit: int, subject: str
    ) -> list[Entry]:
        """Up to `limit` entries; an empty list for nothing there and for nothing that may be seen alike.

        A server that has more may refuse with code `ldap-4` instead.
        """
        seconds = self._server.search_seconds
        with _speaking(self._server, subject):
            found = self._ldap.search(base, scope, query, list(attributes), seconds, sizelimit=limit)
        return [_entry(entry, attributes) for entry in found[:limit]]

    def sees_any(self, base: str, query: str, *, scope: int = SUBTREE, subject: str) -> bool:
        """Something below the base fits and may be seen. No attribute is asked for, and one entry at the most."""
        try:
            return any(True for _ in self._paged(base, query, NO_ATTRIBUTES, scope, 1, subject))
        except Problem as problem:
            if problem.code == NO_SUCH_OBJECT:
                return False
            raise

    def pages(self, base: str, query: str, attributes: Sequence[str], subject: str) -> Iterator[list[Entry]]:
        """All entries below the base, a page at a time; the next page is fetched when it is asked for."""
        size = self._server.page_size
        entries = self._paged(base, query, attributes, SUBTREE, size, subject)
        while page := list(itertools.islice(entries, size)):
            yield page

    def close(self) -> None:
        """Let go of it, whatever state it is in."""
        import bonsai

        try:
            self._ldap.close()
        except bonsai.LDAPError:
            return

    def _paged(
        self, base: str, query: str, attributes: Sequence[str], scope: int, size: int, subject: str
    ) -> Iterator[Entry]:
        with _speaking(self._server, subject):
            # Without a time limit: bonsai 1.5.5 crashes when a paged search runs out of time. The console ends a child
            # that takes too long.
            found = self._ldap.paged_search(base, scope, query, list(attributes), page_size=size)
            for entry in found:
                yield _entry(entry, attributes)


def _entry(entry: Any, attributes: Sequence[str]) -> Entry:
    wanted = {name.lower() for name in attributes}
    return {name.lower(): tuple(entry[name]) for name in entry if name.lower() in wanted}


class _speaking:
    """Turns libldap's errors into problems."""

    def __init__(self, server: DirectoryServer, subject: str) -> None:
        self._server = server
        self._subject = subject

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import bonsai

        if isinstance(error, bonsai.LDAPError):
            message = str(error.args[0]) if error.args else ""
            raise ldap_problem(error.code, message, self._server, self._subject) from None


def connect(server: DirectoryServer, octets: Sequence[str]) -> Connection:
    """Check the settings and the server, bind, and see that the base is there; raises `Problem`.

    `octets` are attributes whose values are bytes.
    """
    bonsai = load()
    checked(server)
    password = bind_password(server) if server.sasl == "simple" else None
    probe(server)
    client = _client(bonsai, server, octets)
    if password is None:
        client.set_credentials("GSSAPI")
        # TLS protects what is said; a second layer inside it is refused (MS-ADTS 5.1.1.1.2).
        client.set_sasl_security_properties(max_ssf=0)
    else:
        client.set_credentials("SIMPLE", server.user, password)
    with _speaking(server, "its sign-in"):
        connection = Connection(server, client.connect(timeout=server.connect_seconds))
    client.set_credentials("SIMPLE")
    try:
        if not connection.find(server.base, ANYTHING, NO_ATTRIBUTES, scope=BASE, limit=1, subject="the base"):
            raise base_problem(server)
    except Problem:
        connection.close()
        raise
    return connection


def is_lost(problem: Problem) -> bool:
    """The connection is gone: a new one may do better."""
    return problem.code in {f"ldap-{code}" for code in CONNECTION_CODES}


def _client(bonsai: Any, server: DirectoryServer, octets: Sequence[str]) -> Any:
    host = f"[{server.host}]" if ":" in server.host else server.host
    try:
        client = bonsai.LDAPClient(
            f"{'ldap' if server.starts_tls else 'ldaps'}://{host}:{server.port}", server.starts_tls
        )
    except ValueError:
        step = "Write ldaps://HOST or ldap://HOST"
        raise Problem(ProblemKind.CONFIG, "[active_directory] url cannot be used", "", step) from None
    paths = ssl.get_default_verify_paths()
    if server.ca_file or paths.cafile:
        client.set_ca_cert(server.ca_file or paths.cafile)
    else:
        client.set_ca_cert_dir(paths.capath)
    client.set_cert_policy("demand")
    client.set_raw_attributes(list(octets))
    return client


def load() -> Any:
    """Load libldap with safe settings, which is the slow part of the first connection; `Problem(CONFIG)` without it."""
    for name in [name for name in os.environ if name.startswith("LDAP")]:
        del os.environ[name]
    os.environ.update(_ENVIRONMENT)
    try:
        import bonsai
    except ImportError as error:
        raise no_ldap(error.name or "bonsai") from None
    return bonsai
