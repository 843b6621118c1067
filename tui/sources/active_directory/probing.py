"""A look at the server before libldap is let at it: name, connection, StartTLS, TLS 1.2 or later, certificate.

libldap says "Can't contact LDAP server" to all of these, and blocks. The connection is thrown away afterwards; libldap
verifies the certificate again on its own.
"""

import socket
import ssl
from pathlib import Path

from tui.sources.active_directory.problems import ca_problem, connection_problem, starttls_problem
from tui.sources.active_directory.server import DirectoryServer

_STARTTLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
"""An ExtendedRequest for StartTLS with message ID 1 (RFC 4511, 4.14.1)."""
_RESPONSE, _SUCCESS = b"\x78", b"\x0a\x01\x00"


def probe(server: DirectoryServer) -> None:
    """Connect and verify; raises `Problem`."""
    context = tls_context(server)
    try:
        with socket.create_connection((server.host, server.port), server.connect_seconds) as plain:
            if server.starts_tls:
                _start_tls(plain, server)
            with context.wrap_socket(plain, server_hostname=server.host):
                pass
    except OSError as error:
        raise connection_problem(error, server) from None


def tls_context(server: DirectoryServer) -> ssl.SSLContext:
    """TLS 1.2 or later, verified against the configured authorities or those of this machine; raises `Problem`."""
    try:
        if server.ca_file:
            Path(server.ca_file).read_bytes()
        context = ssl.create_default_context(cafile=server.ca_file or None)
    except OSError as error:
        why = error.strerror if error.strerror and not isinstance(error, ssl.SSLError) else "It holds no certificate"
        raise ca_problem(server.ca_file, why) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _start_tls(plain: socket.socket, server: DirectoryServer) -> None:
    plain.sendall(_STARTTLS)
    answer = plain.recv(4096)
    if not answer:
        raise starttls_problem(server, "It closed the connection")
    if _RESPONSE not in answer[:8] or _SUCCESS not in answer[:24]:
        raise starttls_problem(server, "It answered with an error")
