"""Which server to ask, as whom, and how long: everything that a connection needs, without a secret."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from tui.errors import Problem, ProblemKind
from tui.text import clean_line

LDAPS_PORT, LDAP_PORT = 636, 389
GLOBAL_CATALOG_PORTS = (3268, 3269)
"""Ports of the global catalog, which does not hold recovery passwords (MS-ADA2, msFVE-RecoveryPassword)."""

Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]
Filled = Annotated[str, msgspec.Meta(min_length=1)]


class DirectoryServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Active Directory domain controller.

    `url` is `ldaps://HOST` or `ldap://HOST`; the latter always means StartTLS. HOST must stand in the certificate.
    `base` is the distinguished name to search under. `ca_file` is a PEM file that replaces the machine's authorities.
    `sasl` "simple" binds as `user` with a password from `password_env` or from what `password_command` prints;
    "gssapi" uses the Kerberos ticket that is in the credential cache.
    """

    url: Filled
    base: Filled
    ca_file: str = ""
    sasl: Literal["simple", "gssapi"] = "simple"
    user: str = ""
    password_env: str = ""
    password_command: tuple[Filled, ...] = ()
    connect_seconds: Seconds = 5.0
    search_seconds: Seconds = 15.0
    page_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 500
    """Objects of one page; a domain controller gives at most 1000 (MaxPageSize, MS-ADTS 3.1.1.3.4.6)."""

    @property
    def starts_tls(self) -> bool:
        """TLS begins by StartTLS and not with the connection."""
        return urlsplit(self.url).scheme == "ldap"

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the URL, or the usual one."""
        return urlsplit(self.url).port or (LDAP_PORT if self.starts_tls else LDAPS_PORT)


def checked(server: DirectoryServer) -> DirectoryServer:
    """Refuse settings that cannot work or cannot be trusted; raises `Problem(CONFIG)`."""
    try:
        scheme, host, port = urlsplit(server.url).scheme, server.host, server.port
    except ValueError:
        scheme, host, port = "", "", 0
    if scheme not in ("ldaps", "ldap") or not host:
        raise _refused("url", f"{clean_line(server.url, 80)} is no LDAP address", "Write ldaps://HOST or ldap://HOST")
    if port in GLOBAL_CATALOG_PORTS:
        why = f"Port {port} is the global catalog, which does not hold recovery passwords"
        raise _refused("url", why, f"Use port {LDAPS_PORT} (ldaps) or {LDAP_PORT} (ldap, StartTLS)")
    if server.sasl == "simple" and not server.user:
        raise _refused("user", 'sasl = "simple" binds as a user', 'Name one, or use sasl = "gssapi"')
    if server.sasl == "simple" and bool(server.password_env) == bool(server.password_command):
        why = "The password of the user comes from one place"
        raise _refused("password_env", why, "Give password_env or password_command, and not both")
    if server.sasl == "gssapi" and (server.user or server.password_env or server.password_command):
        raise _refused("sasl", "Kerberos uses the ticket of the credential cache", "Take user and password out")
    return server


def _refused(setting: str, why: str, step: str) -> Problem:
    return Problem(ProblemKind.CONFIG, f"[active_directory] {setting} cannot be used", why, step)
