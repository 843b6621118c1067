"""msgraph-sdk's adapter, tamed. Importing this module imports the SDK (0.3 s): only `transport` does, and late."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

# httpx imports these on the first connection, 20 ms into somebody's key press.
import anyio._backends._asyncio
import anyio.streams.tls  # noqa: F401
import httpx
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.request_information import RequestInformation
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import ParametersNameDecodingHandler, UrlReplaceHandler
from kiota_http.middleware.options import UrlReplaceHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core.middleware import AsyncGraphTransport  # type: ignore[import-untyped]

from tui.sources import http
from tui.sources.graph.problems import GRAPH_SETTING
from tui.sources.upstream import Answer, Peer


class BearerToken(AccessTokenProvider):  # type: ignore[misc]
    """Gives the token to the endpoint's host and to no other."""

    def __init__(self, token: Callable[[], Awaitable[str]], host: str) -> None:
        self._token = token
        self._hosts = AllowedHostsValidator([host])

    async def get_authorization_token(self, uri: str, additional_authentication_context: object = None) -> str:
        """The token, or nothing for a foreign host."""
        return await self._token() if self._hosts.is_url_host_valid(uri) else ""

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        """The hosts that may see the token."""
        return self._hosts


class Adapter(GraphRequestAdapter):  # type: ignore[misc]
    """Sends one request exactly once.

    The SDK's default pipeline re-sends POST on 429, 503 and 504, follows redirects, answers a CAE challenge with a
    second send, and tells the service the kernel's version; none of that happens here.
    """

    def __init__(self, endpoint: str, token: Callable[[], Awaitable[str]], connections: int) -> None:
        host = urlsplit(endpoint).hostname or ""
        self._peer = Peer(host, GRAPH_SETTING)
        self._connections = http.transport(connections)
        provider = BaseBearerTokenAuthenticationProvider(BearerToken(token, host))
        super().__init__(provider, http.client(pipeline(self._connections)))
        # A trailing slash would give `/v1.0//devices`.
        self.base_url = f"{endpoint}/v1.0"

    async def fetch(self, info: RequestInformation, seconds: float) -> Answer:
        """Send and read to the end within so many seconds; waiting for a sign-in is not counted."""
        span = self.start_tracing_span(info, "fetch")
        try:
            await self._authentication_provider.authenticate_request(info)
            request = self.get_request_from_request_information(info, span, span)
        finally:
            span.end()
            # The caller may send this request again, with the token that is good then.
            info.headers.remove("Authorization")
        async with asyncio.timeout(seconds):
            return await http.read(await self._http_client.send(request, stream=True), self._peer)

    async def close(self) -> None:
        """Close the connections."""
        await self._http_client.aclose()
        # The SDK's transport does not pass a close on to the connections below it.
        await self._connections.aclose()


def pipeline(connections: httpx.AsyncHTTPTransport) -> AsyncGraphTransport:
    """Those parts of the SDK's pipeline that its URLs need, over the shared connections."""
    me = UrlReplaceHandlerOption(enabled=True, replacement_pairs={"/users/me-token-to-replace": "/me"})
    middleware = [ParametersNameDecodingHandler(), UrlReplaceHandler(me)]
    return AsyncGraphTransport(connections, KiotaClientFactory.create_middleware_pipeline(middleware, connections))


def service_client(adapter: Adapter) -> GraphServiceClient:
    """The SDK's client over the adapter: its builders make URLs, its models are never touched."""
    client = GraphServiceClient(request_adapter=adapter)
    with warnings.catch_warnings():
        # Generated modules warn of classes of their own when they are first imported; nobody here can act on it.
        warnings.simplefilter("ignore", DeprecationWarning)
        touch_builders(client)
    return client


def touch_builders(client: GraphServiceClient) -> None:
    """Import every builder in use now, off the event loop, and not under somebody's key press."""
    directory = client.role_management.directory
    _ = (
        client.information_protection.bitlocker.recovery_keys.by_bitlocker_recovery_key_id("-"),
        client.devices_with_device_id("-"),
        client.users.by_user_id("-").owned_devices,
        client.devices,
        client.device_management.managed_devices.by_managed_device_id("-").device_compliance_policy_states,
        directory.role_assignment_schedule_instances.filter_by_current_user_with_on("principal"),
        directory.role_eligibility_schedule_instances.filter_by_current_user_with_on("principal"),
        directory.role_definitions.by_unified_role_definition_id("-"),
        client.policies.authorization_policy,
        client.me,
    )
