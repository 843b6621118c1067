"""What can go wrong between here and a domain controller, in words."""

import re
import ssl

from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.server import DirectoryServer
from tui.sources.upstream import Peer, unreachable
from tui.text import clean_line

SETTING = "[active_directory] url"

_TIME_LIMIT, _SIZE_LIMIT, _AUTH_METHOD, _STRONGER, _BUSY, _UNAVAILABLE = 3, 4, 7, 8, 51, 52
_NO_OBJECT, _BAD_DN, _CREDENTIALS, _NO_ACCESS, _UNWILLING = 32, 34, 49, 50, 53
_LOCAL, _CLIENT_TIMEOUT, _CLIENT_AUTH = -2, (-5, 85), (-6, 86)
CONNECTION_CODES = (-1, -11, -100, -101, 81, _UNAVAILABLE)
"""Codes that mean that the connection is gone (RFC 4511 appendix A, libldap's own negative codes)."""

NO_SUCH_OBJECT = "ldap-32"
"""`Problem.code` of a base that is not there or not to be seen."""

_SUBCODE = re.compile(r"\bdata ([0-9a-f]{2,8})\b", re.IGNORECASE)
_ACCOUNT = {
    "525": ("there is no such account", "Correct [active_directory] user"),
    "52e": ("user name or password is wrong", "Correct user and password; mind that tries may lock the account"),
    "530": ("the account may not sign in at this hour", "Ask the AD team for its logon hours"),
    "531": ("the account may not sign in from this machine", "Ask the AD team for its allowed workstations"),
    "532": ("the password has expired", "Set a new password for the account"),
    "533": ("the account is disabled", "Ask the AD team to enable it, or use another"),
    "701": ("the account has expired", "Ask the AD team to prolong it"),
    "773": ("the password must be changed first", "Set a new password for the account"),
    "775": ("the account is locked out", "Ask the AD team to unlock it, and find what uses an old password"),
}
"""Windows error codes (hexadecimal) in the diagnostic message of a refused bind (MS-ERREF 2.2)."""

_CERTIFICATE = {
    9: ("is not valid yet", "Check the clock of this machine"),
    10: ("has expired", "Have the domain controller's certificate renewed, and check the clock of this machine"),
    23: ("has been revoked", "Tell the AD team; do not go on"),
    62: ("is for another name", "Use in the URL the name that stands in the certificate"),
    64: ("is for another address", "Use in the URL the name that stands in the certificate"),
}
_AUTHORITY = "is not from an authority that is trusted here"
_AUTHORITY_STEP = "Name the authority's certificate in [active_directory] ca_file, and mind TLS inspection in between"


def peer(server: DirectoryServer) -> Peer:
    """The server, for messages."""
    return Peer(f"{server.host}:{server.port}", SETTING)


def connection_problem(error: OSError, server: DirectoryServer) -> Problem:
    """No trusted connection came about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why, step = _CERTIFICATE.get(error.verify_code, (_AUTHORITY, _AUTHORITY_STEP))
        detail = clean_line(error.verify_message, 200)
        what = f"The certificate of {peer(server).host} {why}"
        return Problem(ProblemKind.UNREACHABLE, what, detail, step, code=f"x509-{error.verify_code}")
    if isinstance(error, ssl.SSLError):
        what = f"{peer(server).host} refused TLS 1.2 and later"
        step = f"Check {SETTING}: ldaps:// is for port 636, ldap:// (StartTLS) for 389; the server must offer TLS 1.2"
        return Problem(ProblemKind.UNREACHABLE, what, clean_line(error.reason or str(error), 200), step, code="tls")
    if isinstance(error, TimeoutError):
        what = f"No connection to {peer(server).host} within {server.connect_seconds:.0f} s"
        step = f"Check {SETTING}, the network and the firewall; VPN?"
        return Problem(ProblemKind.UNREACHABLE, what, "It does not answer, or the path to it is blocked", step)
    return unreachable(error, peer(server), server.connect_seconds, "Active Directory")


def no_ldap(missing: str) -> Problem:
    """The optional part that speaks LDAP is not there."""
    return Problem(
        ProblemKind.CONFIG,
        "This installation cannot speak LDAP",
        f"The extra for Active Directory is not installed ({missing})",
        "Run `uv sync --extra ad` in the checkout, or install reseal[ad]; or take [active_directory] out of the config",
    )


def starttls_problem(server: DirectoryServer, why: str) -> Problem:
    """The server would go on without TLS only; nothing has been sent."""
    what = f"{peer(server).host} refused StartTLS"
    step = f"Has it a certificate? Or use ldaps:// in {SETTING}"
    return Problem(ProblemKind.UNREACHABLE, what, why, step, code="starttls")


def ca_problem(path: str, why: str) -> Problem:
    """The file of authorities is of no use."""
    what = f"The authorities in {clean_line(path, 200)} cannot be used"
    return Problem(ProblemKind.CONFIG, what, why, "Correct [active_directory] ca_file: it is a PEM file")


def base_problem(server: DirectoryServer) -> Problem:
    """Nothing is there to search under, or the account may not see it."""
    what = f"{peer(server).host} has no {clean_line(server.base, 200)}"
    why = "The name is wrong, belongs to another domain, or is hidden from this account"
    return Problem(ProblemKind.CONFIG, what, why, "Correct [active_directory] base", code=NO_SUCH_OBJECT)


def ldap_problem(code: int, message: str, server: DirectoryServer, subject: str) -> Problem:
    """A refusal, by its LDAP result code (RFC 4511, appendix A) and Windows' own code in the message."""
    detail, host = clean_line(message, 300), peer(server).host
    name = f"ldap-{code}"
    if code == _CREDENTIALS or code in _CLIENT_AUTH:
        return _account_problem(detail, host)
    if code == _LOCAL:
        return _kerberos_problem(detail, host)
    if code in CONNECTION_CODES:
        what = f"The connection to {host} broke while asking for {subject}"
        return Problem(ProblemKind.UNREACHABLE, what, detail, "Try again", code=name)
    if code in (_STRONGER, _AUTH_METHOD, _UNWILLING):
        step = 'Ask the AD team for its LDAP signing policy; try the other [active_directory] sasl ("simple", "gssapi")'
        return Problem(ProblemKind.FORBIDDEN, f"{host} does not accept this way of signing in", detail, step, code=name)
    if code == _NO_ACCESS:
        step = "Ask the AD team for the right to read recovery information on the computers' unit"
        return Problem(ProblemKind.FORBIDDEN, f"This account may not read {subject}", detail, step, code=name)
    if code in (_NO_OBJECT, _BAD_DN):
        return base_problem(server)
    return _limit_problem(code, detail, server, subject)


def _limit_problem(code: int, detail: str, server: DirectoryServer, subject: str) -> Problem:
    host, name = peer(server).host, f"ldap-{code}"
    if code == _SIZE_LIMIT:
        step = "Give more of the key ID, or a narrower [active_directory] base"
        return Problem(ProblemKind.UPSTREAM, f"{host} has more {subject} than it gives", detail, step, code=name)
    if code == _TIME_LIMIT or code in _CLIENT_TIMEOUT:
        what = f"No answer about {subject} within {server.search_seconds:.0f} s"
        step = "Try again; a narrower [active_directory] base makes the search shorter"
        return Problem(ProblemKind.UNREACHABLE, what, f"{host} is slow, or the path to it is blocked", step, code=name)
    if code == _BUSY:
        what = f"{host} is too busy to answer about {subject}"
        return Problem(ProblemKind.THROTTLED, what, detail, "Wait and try again", code=name, retry_after=5.0)
    step = "Try again; if it stays, give the AD team this code"
    return Problem(ProblemKind.UPSTREAM, f"{host} refused the question about {subject}", detail, step, code=name)


def _account_problem(detail: str, host: str) -> Problem:
    found = _SUBCODE.search(detail)
    subcode = found[1].lower() if found else ""
    why, step = _ACCOUNT.get(subcode, _ACCOUNT["52e"])
    code = f"ldap-49/{subcode}" if subcode else "ldap-49"
    return Problem(ProblemKind.SIGNED_OUT, f"{host} did not accept the account: {why}", detail, step, code=code)


def _kerberos_problem(detail: str, host: str) -> Problem:
    lower = detail.lower()
    if "no kerberos credentials" in lower or "no credentials" in lower:
        why, step = "There is no Kerberos ticket", "Run kinit, and start again what uses it"
    elif "expired" in lower:
        why, step = "The Kerberos ticket has expired", "Run kinit again"
    elif "clock skew" in lower:
        why, step = "The clocks differ too much for Kerberos", "Set the clock of this machine"
    elif "server not found" in lower:
        why = f"Kerberos knows no service ldap/{host.rpartition(':')[0]}"
        step = f"Use in {SETTING} the full name of the domain controller"
    else:
        why, step = detail, "Look at klist and krb5.conf"
    return Problem(ProblemKind.SIGNED_OUT, f"Kerberos gave no access to {host}", why, step, code="gssapi")
