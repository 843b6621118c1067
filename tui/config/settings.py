"""The settings as values; the names are those of the config file.

Structs, because making a dozen dataclasses takes a tenth of the time to the first frame.
"""

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from tui.model.policy import DEFAULT_TRIGGERS, Trigger

GRAPH_ENDPOINTS = {
    "global": "https://graph.microsoft.com",
    "usgov": "https://graph.microsoft.us",
    "usgov-dod": "https://dod-graph.microsoft.us",
    "china": "https://microsoftgraph.chinacloudapi.cn",
}
"""Root of Microsoft Graph by cloud (Microsoft Learn, "Microsoft Graph national cloud deployments")."""

TICKET_PROFILES = ("servicenow", "jira", "rt", "redmine", "zendesk", "freshservice", "file")

Filled = Annotated[str, msgspec.Meta(min_length=1)]


class Tenant(msgspec.Struct, frozen=True):
    """The Entra tenant, and the app registration that signs in to it where the method of signing in has one.

    `colour` is how the header shows the tenant, so that nobody takes one for another.
    """

    name: Filled
    tenant_id: Filled
    client_id: str = ""
    cloud: Literal["global", "usgov", "usgov-dod", "china"] = "global"
    colour: Literal["", "blue", "green", "yellow", "orange", "red", "purple"] = ""


class SignIn(msgspec.Struct, frozen=True):
    """How to sign in.

    `token_file` serves `token-env` only: it is read when $RESEAL_GRAPH_TOKEN is not set. `certificate_file` serves
    `certificate` only: a PEM file with the certificate and its private key. `authority` (https, on this machine) and
    the PEM file that vouches for it replace the cloud's sign-in service, to rehearse signing in.
    """

    method: Literal["device-code", "browser", "azure-cli", "certificate", "token-env"] = "device-code"
    token_file: str = ""
    certificate_file: str = ""
    authority: str = ""
    authority_ca_file: str = ""


class Graph(msgspec.Struct, frozen=True):
    """Root of Microsoft Graph, without version and final slash; the cloud's own when the file does not say."""

    endpoint: str = ""


class Tickets(msgspec.Struct, frozen=True):
    """One ticket source. `profile` is one of `TICKET_PROFILES`, or the path of a profile file.

    `client_id` and `client_secret_env` are client credentials (RFC 6749, 4.4), for profiles that name a token endpoint.
    """

    profile: Filled
    url: str = ""
    path: str = ""
    token_env: str = ""
    user: str = ""
    password_env: str = ""
    token_command: tuple[Filled, ...] = ()
    client_id: str = ""
    client_secret_env: str = ""
    poll_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 10.0


class ActiveDirectory(msgspec.Struct, frozen=True):
    """AD DS, for keys that were backed up there; `base` is the distinguished name to search under.

    `ldap://` always means StartTLS. `sasl` "simple" binds as `user` with a password from `password_env` or from what
    `password_command` prints; "gssapi" uses the Kerberos ticket of the credential cache. `ca_file` is a PEM file that
    replaces the machine's authorities.
    """

    url: Filled
    base: Filled
    ca_file: str = ""
    sasl: Literal["simple", "gssapi"] = "simple"
    user: str = ""
    password_env: str = ""
    password_command: tuple[Filled, ...] = ()


class RemoteShell(msgspec.Struct, frozen=True):
    """Diagnostics over SSH, through a jump host (`host` or `host:port`).

    Host keys are enforced: `known_hosts` is a file in OpenSSH's form. With `key_file` that key is used and no other,
    else those of the agent; there is no password. A device's address is its name and `domain`.
    """

    jump: Filled
    user: str = ""
    known_hosts: str = "~/.ssh/known_hosts"
    device_user: str = ""
    device_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 22
    domain: str = ""
    key_file: str = ""
    certificate_file: str = ""
    agent: str = ""


class Reveal(msgspec.Struct, frozen=True):
    """Rules of disclosure. `max_per_hour` counts one engineer's reads."""

    clear_after_seconds: Annotated[int, msgspec.Meta(ge=1, le=600)] = 60
    session: Literal["auto", "local", "recorded"] = "auto"
    require_ticket: bool = True
    max_per_hour: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 30
    clipboard: Literal["off", "local", "osc52"] = "off"
    sealed_to: str = ""
    """The engineer's own public key, `age1...` (`reseal open --new-identity`)."""


class Audit(msgspec.Struct, frozen=True):
    """Sinks that audit rows are forwarded to."""

    forward: tuple[Filled, ...] = ()


class Escalation(msgspec.Struct, frozen=True):
    """Whom to call when the console cannot help."""

    contact: str = ""


class Approval(msgspec.Struct, frozen=True):
    """Who may be the second person: lines that `reseal approver enrol` printed on their own consoles.

    `contact` is how to reach them; it is shown with each request.
    """

    approvers: tuple[Filled, ...] = ()
    contact: str = ""


class Policy(msgspec.Struct, frozen=True):
    """Limits of one engineer beside `reveal.max_per_hour`, and when one engineer is not enough.

    No two hands give out more keys to callers they verify. `office_hours` are in this machine's local time
    (`tui.model.policy.read_office_hours`); `second_person` names what asks for a second person.
    """

    max_per_minute: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 6
    max_per_ten_minutes: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    max_per_day: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 100
    second_person: tuple[Trigger, ...] = tuple(trigger for trigger in Trigger if trigger in DEFAULT_TRIGGERS)
    office_hours: Filled = "mon-fri 07:00-19:00"


class Config(msgspec.Struct, frozen=True):
    """The whole configuration. Relative paths of the file are resolved against the file's directory."""

    tenant: Tenant
    tickets: Annotated[tuple[Tickets, ...], msgspec.Meta(min_length=1)]
    sign_in: SignIn = SignIn()
    graph: Graph = Graph()
    active_directory: ActiveDirectory | None = None
    remote_shell: RemoteShell | None = None
    reveal: Reveal = Reveal()
    audit: Audit = Audit()
    escalation: Escalation = Escalation()
    approval: Approval = Approval()
    policy: Policy = Policy()


def config_hash(config: Config) -> str:
    """16 hex digits of the SHA-256 of the settings in force, for audit rows."""
    # Here, because the first frame needs the rest of this module and not OpenSSL.
    import hashlib

    return hashlib.sha256(msgspec.json.encode(config, order="sorted")).hexdigest()[:16]


def is_loopback(url: str) -> bool:
    """The URL's host is this machine itself: `localhost`, or a loopback address (RFC 1122, RFC 4291)."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
