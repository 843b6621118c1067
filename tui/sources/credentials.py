"""The ways of signing in that azure-identity knows, each called in a thread. azure is imported on first use."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tui.errors import Problem, ProblemKind
from tui.sources.browser_window import BrowserWindow
from tui.sources.sign_in import GivenToken, OnPrompt, Prompt, SignIn
from tui.text import clean_line

CLOUDS = {
    "global": ("https://graph.microsoft.com", "AZURE_PUBLIC_CLOUD"),
    "usgov": ("https://graph.microsoft.us", "AZURE_GOVERNMENT"),
    "usgov-dod": ("https://dod-graph.microsoft.us", "AZURE_GOVERNMENT"),
    "china": ("https://microsoftgraph.chinacloudapi.cn", "AZURE_CHINA"),
}
"""Cloud: Graph's root and azure-identity's name of the authority (Microsoft Graph, national cloud deployments)."""

_BROWSER_SECONDS = 300
"""How long the engineer has for signing in in the browser; as azure-identity's own limit."""

_BLOCKED = (
    "The tenant may block device code sign-in by Conditional Access, as Microsoft recommends: ask for an exclusion for "
    'this console\'s app, or choose another [sign_in] method, such as "browser" or "azure-cli"'
)
_STEPS = {
    "AADSTS700016": "Check [tenant] client_id: the tenant does not know this app",
    "AADSTS90002": "Check [tenant] tenant_id and cloud: there is no such tenant",
    "AADSTS65001": "An administrator has to consent to the app's permissions first",
    "AADSTS7000218": "Allow public client flows on the app registration",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """Where to sign in. `authority` (an https URL) and `ca_file` replace the cloud's own, for a loopback authority."""

    tenant_id: str
    client_id: str
    cloud: str = "global"
    endpoint: str = ""
    authority: str = ""
    ca_file: str = ""

    @property
    def scope(self) -> str:
        """What the token is for: the endpoint when it is one of Graph's, else the cloud's Graph."""
        roots = {root for root, _ in CLOUDS.values()}
        endpoint = "https://" + (urlsplit(self.endpoint).hostname or "")
        return f"{endpoint if endpoint in roots else CLOUDS[self.cloud][0]}/.default"

    def options(self) -> dict[str, Any]:
        """Keyword arguments of azure-identity's credentials."""
        from azure.identity import AzureAuthorityHosts

        authority = self.authority or getattr(AzureAuthorityHosts, CLOUDS[self.cloud][1])
        options: dict[str, Any] = {
            "authority": authority,
            "tenant_id": self.tenant_id,
            "client_id": self.client_id,
            # No proxy from the environment, as on the way to Graph.
            "use_env_settings": False,
            "retry_total": 2,
        }
        if self.authority:
            options["disable_instance_discovery"] = True
        if self.ca_file:
            options["connection_verify"] = self.ca_file
        return options


class _Stopped(Exception):
    pass


class Entra:
    """One azure-identity credential and what its failures mean. `build` is given a prompt callback and request hook."""

    def __init__(self, method: str, scope: str, build: Callable[..., Any], *, interactive: bool) -> None:
        self._method = method
        self._scope = scope
        self._build = build
        self.interactive = interactive
        self._credential: Any = None
        self._prompt: Callable[[Prompt], None] = lambda prompt: None
        self._stopped = threading.Event()

    def acquire(
        self, claims: str | None, prompt: Callable[[Prompt], None], stopped: threading.Event
    ) -> tuple[str, float]:
        """A token and its end; renewed without the engineer where the credential can."""
        _quiet_loggers()
        self._prompt, self._stopped = prompt, stopped
        options: dict[str, Any] = {"claims": claims} if claims else {}
        if self._method != "azure-cli":
            # Without it the first Graph call would ask for a second sign-in (azure-identity keeps separate caches).
            options["enable_cae"] = True
        try:
            if self._credential is None:
                self._credential = self._build(self._show, self._refuse_when_stopped)
            found = self._credential.get_token(self._scope, **options)
        except Problem:
            raise
        except Exception as error:
            raise self._problem(error) from None
        return str(found.token), float(found.expires_on)

    def forget(self) -> None:
        """Drop the credential with its cache of tokens; the next sign-in is a new one."""
        self._credential = None

    def _show(self, url: str, code: str, expires_at: Any) -> None:
        self._prompt(Prompt(clean_line(url, 300), clean_line(code, 64), expires_at))

    def _refuse_when_stopped(self, _request: object) -> None:
        # The only way to end MSAL's polling: its credential hides the flow that could be expired.
        if self._stopped.is_set():
            raise _Stopped

    def _problem(self, error: Exception) -> Problem:
        said = clean_line(str(getattr(error, "message", "") or error), 400)
        if _never_answered(error):
            step = "Check DNS, network, clock and TLS inspection between here and the sign-in service"
            return Problem(ProblemKind.UNREACHABLE, "The sign-in service could not be reached", said, step)
        found = re.search(r"AADSTS\d+", said)
        code = found.group() if found else ""
        return Problem(ProblemKind.SIGNED_OUT, "The sign-in failed", said, self._step(code), code=code)

    def _step(self, code: str) -> str:
        if code in _STEPS:
            return _STEPS[code]
        if self._method == "device-code":
            return f"Try again. {_BLOCKED}"
        if self._method == "azure-cli":
            return "Run `az login` for this tenant, then try again"
        return "Try again" if self.interactive else "Check the certificate, its registration and the clock"


def device_code(tenant: Tenant, on_prompt: OnPrompt) -> SignIn:
    """A code, shown by the console, that the engineer enters on any other machine."""

    def build(show: Callable[[str, str, Any], None], hook: Callable[[object], None]) -> Any:
        from azure.identity import DeviceCodeCredential

        return DeviceCodeCredential(prompt_callback=show, raw_request_hook=hook, **tenant.options())

    return SignIn(Entra("device-code", tenant.scope, build, interactive=True), on_prompt)


def browser(tenant: Tenant, on_prompt: OnPrompt | None = None) -> SignIn:
    """A browser on this machine; the prompt has no code, and says where one signs in."""

    def build(show: Callable[[str, str, Any], None], hook: Callable[[object], None]) -> Any:
        from azure.identity import InteractiveBrowserCredential

        options = tenant.options()
        where = urlsplit(options["authority"]).hostname or options["authority"]
        limit = timedelta(seconds=_BROWSER_SECONDS)
        BrowserWindow(lambda: show(where, "", datetime.now(UTC) + limit)).use()
        return InteractiveBrowserCredential(raw_request_hook=hook, timeout=_BROWSER_SECONDS, **options)

    return SignIn(Entra("browser", tenant.scope, build, interactive=True), on_prompt)


def azure_cli(tenant: Tenant) -> SignIn:
    """Who is signed in to Azure CLI."""

    def build(_show: object, _hook: object) -> Any:
        from azure.identity import AzureCliCredential

        return AzureCliCredential(tenant_id=tenant.tenant_id, process_timeout=20)

    return SignIn(Entra("azure-cli", tenant.scope, build, interactive=False))


def certificate(tenant: Tenant, path: str, password: str | None = None) -> SignIn:
    """An app by its certificate (PEM or PKCS12 file). Its reads are on record under the app's name, not a person's."""

    def build(_show: object, hook: Callable[[object], None]) -> Any:
        from azure.identity import CertificateCredential

        return CertificateCredential(
            certificate_path=path, password=password, raw_request_hook=hook, **tenant.options()
        )

    return SignIn(Entra("certificate", tenant.scope, build, interactive=False))


def sign_in(
    method: str,
    tenant: Tenant,
    *,
    on_prompt: OnPrompt,
    token_file: str = "",
    certificate_path: str = "",
    certificate_password: str | None = None,
) -> SignIn | GivenToken:
    """The way of signing in that the config names."""
    match method:
        case "device-code":
            return device_code(tenant, on_prompt)
        case "browser":
            return browser(tenant, on_prompt)
        case "azure-cli":
            return azure_cli(tenant)
        case "certificate":
            return certificate(tenant, certificate_path, certificate_password)
        case "token-env":
            return GivenToken(tenant.endpoint, token_file)
    raise Problem(
        ProblemKind.CONFIG,
        f"There is no sign-in method {clean_line(method, 40)}",
        "",
        "Use device-code, browser, azure-cli, certificate or token-env",
    )


def _never_answered(error: BaseException | None) -> bool:
    """The network failed, however azure-identity has wrapped it."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    while error is not None:
        if isinstance(error, ServiceRequestError | ServiceResponseError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _quiet_loggers() -> None:
    # A logger without a handler writes warnings to stderr, across the screen.
    for name in ("azure", "msal"):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
