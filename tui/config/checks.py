"""What types cannot say about a config: settings that must fit each other, and endpoints that may be trusted."""

import difflib
import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from tui.config.places import Document, Where, spoken
from tui.config.settings import (
    GRAPH_ENDPOINTS,
    TICKET_PROFILES,
    Config,
    Graph,
    RemoteShell,
    SignIn,
    Tickets,
    is_loopback,
)
from tui.model.policy import read_office_hours

_SINKS = ("syslog+tls", "postgresql", "azure-monitor", "file")
_TENANT_ID = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]|\.(?!\.))*")
_WITH_APP = ("device-code", "browser", "certificate")


def settle(document: Document, config: Config) -> Config:
    """Check what hangs together, and fill in the endpoint and absolute paths; raises `Problem(CONFIG)`."""
    if not _TENANT_ID.fullmatch(config.tenant.tenant_id):
        why = "What is kept of the tenant is kept under this ID"
        step = "Write the directory (tenant) ID, or one of its domains"
        raise document.problem(("tenant", "tenant_id"), "`tenant.tenant_id` is not an ID", why, step)
    graph = _graph(document, config)
    if config.sign_in.method in _WITH_APP and not config.tenant.client_id:
        raise document.problem(
            ("tenant", "client_id"),
            "`tenant.client_id` is missing",
            f"Signing in by {config.sign_in.method} needs an app registration",
            "Add its application (client) ID",
        )
    sign_in = _authority(document, _sign_in(document, config.sign_in, graph), graph)
    tickets = tuple(_tickets(document, source, ("tickets", at)) for at, source in enumerate(config.tickets))
    _refuse_twins(document, tickets)
    directory = config.active_directory
    if directory is not None:
        # ldap:// is as safe as ldaps:// here: it always means StartTLS, and nothing is said before it.
        secured = directory.url.replace("ldap://", "ldaps://", 1)
        _check_url(document, ("active_directory", "url"), secured, "ldaps", "")
        directory = replace(directory, ca_file=_absolute(document, directory.ca_file))
    for sink in config.audit.forward:
        _check_sink(document, sink)
    _check_hours(document, config.policy.office_hours)
    return replace(
        config,
        # Rows and directories carry it, and it is one tenant in whatever letter case.
        tenant=replace(config.tenant, tenant_id=config.tenant.tenant_id.casefold()),
        graph=graph,
        sign_in=sign_in,
        tickets=tickets,
        active_directory=directory,
        remote_shell=_shell(document, config),
    )


def _shell(document: Document, config: Config) -> RemoteShell | None:
    shell = config.remote_shell
    if shell is None:
        return None
    return replace(
        shell,
        known_hosts=_absolute(document, shell.known_hosts),
        key_file=_absolute(document, shell.key_file),
        certificate_file=_absolute(document, shell.certificate_file),
    )


def _graph(document: Document, config: Config) -> Graph:
    own = GRAPH_ENDPOINTS[config.tenant.cloud]
    if not config.graph.endpoint:
        return Graph(own)
    where = ("graph", "endpoint")
    endpoint = config.graph.endpoint.rstrip("/")
    _check_url(document, where, endpoint, "https", "http")
    if endpoint != own and endpoint in GRAPH_ENDPOINTS.values():
        why = f"`tenant.cloud` is {config.tenant.cloud!r}, whose endpoint is {own}"
        raise document.problem(where, f"{endpoint} is another cloud's", why, "Change the one or the other")
    return Graph(endpoint)


def _sign_in(document: Document, sign_in: SignIn, graph: Graph) -> SignIn:
    where = ("sign_in", "method")
    if sign_in.method != "token-env":
        if sign_in.token_file:
            why = f"`sign_in.method` is {sign_in.method!r}, which reads no token from a file"
            raise document.problem(("sign_in", "token_file"), "`token_file` has no use here", why, "Take it out")
        return _certificate(document, sign_in)
    if not is_loopback(graph.endpoint):
        why = f"A token handed over in the environment is for tests, and {graph.endpoint} is not on this machine"
        step = "Use device-code, browser, azure-cli or certificate"
        raise document.problem(where, "token-env is accepted only for a loopback endpoint", why, step)
    return replace(sign_in, token_file=_absolute(document, sign_in.token_file))


def _authority(document: Document, sign_in: SignIn, graph: Graph) -> SignIn:
    where = ("sign_in", "authority")
    if not sign_in.authority:
        if sign_in.authority_ca_file:
            what = "`authority_ca_file` has no use without `authority`"
            raise document.problem(("sign_in", "authority_ca_file"), what, "", "Take it out")
        return sign_in
    if sign_in.method not in _WITH_APP:
        why = f"`sign_in.method` is {sign_in.method!r}, which asks no sign-in service by itself"
        raise document.problem(where, "`authority` has no use here", why, "Take it out")
    _check_url(document, where, sign_in.authority, "https", "")
    if not (is_loopback(sign_in.authority) and is_loopback(graph.endpoint)):
        why = "Another sign-in service than the cloud's is for rehearsals, with a Graph on this machine as well"
        raise document.problem(where, "`sign_in.authority` is accepted only on this machine", why, "Take it out")
    return replace(
        sign_in,
        authority=sign_in.authority.rstrip("/"),
        authority_ca_file=_absolute(document, sign_in.authority_ca_file),
    )


def _certificate(document: Document, sign_in: SignIn) -> SignIn:
    wanted, given = sign_in.method == "certificate", bool(sign_in.certificate_file)
    if wanted and not given:
        step = "Add `certificate_file`: a PEM file with the certificate and its private key"
        raise document.problem(("sign_in", "method"), "`certificate` needs `certificate_file`", "", step)
    if given and not wanted:
        where = ("sign_in", "certificate_file")
        raise document.problem(where, "`certificate_file` has no use here", "", "Take it out, or use `certificate`")
    return replace(sign_in, certificate_file=_absolute(document, sign_in.certificate_file)) if given else sign_in


def _tickets(document: Document, source: Tickets, where: Where) -> Tickets:
    own_profile = "/" in source.profile or source.profile.endswith(".toml")
    if not own_profile and source.profile not in TICKET_PROFILES:
        close = difflib.get_close_matches(source.profile, TICKET_PROFILES, n=1, cutoff=0.5)
        step = f"Did you mean `{close[0]}`?" if close else "A profile of your own is given by its path"
        why = f"It takes {', '.join(TICKET_PROFILES)}, or the path of a profile of your own"
        raise document.problem((*where, "profile"), f"`tickets.profile` is {source.profile!r}", why, step)
    # Whether an engineer's own profile reads files or a server is for the profile to say; one of them it needs.
    from_files = source.profile == "file" or (own_profile and bool(source.path))
    needed, other = ("path", "url") if from_files else ("url", "path")
    if not getattr(source, needed):
        step = f"Add `{needed} = ...` below the profile"
        raise document.problem((*where, "profile"), f"profile {source.profile!r} needs `{needed}`", "", step)
    if getattr(source, other):
        step = f"Take `{other}` out, or choose another profile"
        raise document.problem((*where, other), f"profile {source.profile!r} takes no `{other}`", "", step)
    if source.url:
        _check_url(document, (*where, "url"), source.url, "https", "http")
    _check_credentials(document, source, where)
    return replace(
        source,
        profile=_absolute(document, source.profile) if own_profile else source.profile,
        url=source.url.rstrip("/"),
        path=_absolute(document, source.path),
    )


def _check_credentials(document: Document, source: Tickets, where: Where) -> None:
    for one, other in (("user", "password_env"), ("client_id", "client_secret_env")):
        if bool(getattr(source, one)) != bool(getattr(source, other)):
            given, wanted = (one, other) if getattr(source, one) else (other, one)
            raise document.problem((*where, given), f"`{given}` needs `{wanted}`", "", f"Add `{wanted} = ...`")
    names = ("token_env", "user", "token_command", "client_id")
    ways = {name: getattr(source, name) for name in names}
    given_ways = [name for name, value in ways.items() if value]
    if len(given_ways) > 1:
        what = f"{' and '.join(f'`{name}`' for name in given_ways)} are given"
        raise document.problem((*where, given_ways[1]), what, "One way of signing in is enough", "Keep one of them")
    if given_ways and source.path:
        what = f"profile {source.profile!r} takes no `{given_ways[0]}`"
        raise document.problem((*where, given_ways[0]), what, "A file needs no signing in", "Take it out")


def _refuse_twins(document: Document, tickets: tuple[Tickets, ...]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for at, source in enumerate(tickets):
        first = seen.setdefault((source.url, source.path), at)
        if first != at:
            place = ("tickets", at, "url" if source.url else "path")
            why = f"Source {first + 1} reads {source.url or source.path} already, and each ticket would come twice"
            raise document.problem(place, "the same ticket source is given twice", why, "Take one out")


def _check_url(document: Document, where: Where, url: str, safe: str, plain: str) -> None:
    """Accept `safe://host`, and `plain://host` on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise document.problem(where, f"{spoken(where)} is not a URL", str(error), "Correct it") from None
    if parts.scheme not in (safe, plain) or not host:
        raise document.problem(where, f"{spoken(where)} is not a URL of a server", "", f"Write {safe}://HOST")
    if parts.username or parts.password or parts.query or parts.fragment or any(c.isspace() for c in url):
        why = "It holds more than a server and a path"
        raise document.problem(where, f"{spoken(where)} is refused", why, f"Write {safe}://HOST; secrets go elsewhere")
    if parts.scheme == plain and not is_loopback(url):
        why = f"{host} is not this machine, and what is said would go over the network in the clear"
        raise document.problem(where, f"{spoken(where)} uses plain {plain}", why, f"Use {safe}://")


def _check_sink(document: Document, sink: str) -> None:
    if sink.split(":")[0] not in _SINKS:
        why = f"It takes {', '.join(_SINKS)}"
        what = f"`audit.forward` names a sink of an unknown kind, {sink.split(':')[0]!r}"
        raise document.problem(("audit", "forward"), what, why, "Correct it, or take it out")


def _check_hours(document: Document, hours: str) -> None:
    try:
        read_office_hours(hours)
    except ValueError as error:
        what = f"`policy.office_hours` is {hours!r}"
        raise document.problem(("policy", "office_hours"), what, str(error), "Correct it, or take it out") from None


def _absolute(document: Document, path: str) -> str:
    return str(document.path.parent.absolute() / Path(path).expanduser()) if path else ""
