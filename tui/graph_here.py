"""Microsoft Graph in this process: the sign-in, the one transport, and a source for each port."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tui.cloud import GraphSide
from tui.config import Config
from tui.model.wire import Call
from tui.ports import SignInPrompt

if TYPE_CHECKING:
    from tui.sources.sign_in import GivenToken, SignIn

OnPrompt = Callable[[SignInPrompt], Awaitable[None]]


class GraphHere:
    """`tui.cloud.Graph`, loaded when it is first asked for. `on_call` sees every attempt."""

    def __init__(self, config: Config, on_prompt: OnPrompt, on_call: Callable[[Call], None]) -> None:
        self._config = config
        self._on_call = on_call
        self._token = _sign_in(config, on_prompt)
        self._loading: asyncio.Task[GraphSide] | None = None
        self._stack: AsyncExitStack | None = None

    async def begin(self) -> None:
        """Nothing: a verb that never asks Graph does not load its SDK."""

    async def side(self) -> GraphSide:
        """Its ports; all callers share one loading."""
        if self._loading is None or (self._loading.done() and self._loading.exception() is not None):
            self._loading = asyncio.create_task(self._load())
        return await asyncio.shield(self._loading)

    async def token(self) -> str:
        """A token that is good now; may wait for the engineer to sign in."""
        return await self._token.token()

    @property
    def signed_out(self) -> bool:
        """The sign-in was given up or refused, and waits for `sign_in_again`."""
        return self._token.refused is not None

    def sign_in_again(self) -> None:
        """Whoever needs a token next may begin a sign-in."""
        self._token.again()

    def cancel_sign_in(self) -> None:
        """Give up a sign-in that waits for the engineer."""
        self._token.cancel()

    async def close(self) -> None:
        """Let go of connections, and of a loading or a sign-in that is still under way."""
        self.cancel_sign_in()
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        if self._stack is not None:
            await self._stack.aclose()

    async def _load(self) -> GraphSide:
        from tui.sources.graph.transport import connect

        transport = await connect(
            self._config.graph.endpoint, self._token.token, challenged=self._token.challenge, on_call=self._on_call
        )
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(transport.close)
        from tui.sources.graph.diagnostics import IntuneDiagnostics
        from tui.sources.graph.directory import EntraDirectory
        from tui.sources.graph.directory_log import EntraLog
        from tui.sources.graph.escrow import EntraEscrow
        from tui.sources.graph.intune import Intune
        from tui.sources.graph.mass import BatchedGraph
        from tui.sources.graph.pim import RoleActivations
        from tui.sources.graph.policies import TenantPolicies
        from tui.sources.graph.release_health import ReleaseHealth

        return GraphSide(
            directory=EntraDirectory(transport),
            intune=Intune(transport),
            escrow=EntraEscrow(transport),
            policies=TenantPolicies(transport),
            log=EntraLog(transport),
            mass=BatchedGraph(transport),
            ahead=BatchedGraph(transport, background=True),
            activations=RoleActivations(transport),
            diagnostics=IntuneDiagnostics(transport),
            health=ReleaseHealth(transport),
        )


def _sign_in(config: Config, on_prompt: OnPrompt) -> "SignIn | GivenToken":
    from tui.sources import credentials
    from tui.sources.sign_in import Prompt

    async def show(prompt: Prompt) -> None:
        await on_prompt(SignInPrompt(prompt.url, prompt.code, prompt.expires_at))

    tenant = credentials.Tenant(
        config.tenant.tenant_id,
        config.tenant.client_id,
        config.tenant.cloud,
        config.graph.endpoint,
        config.sign_in.authority,
        config.sign_in.authority_ca_file,
    )
    return credentials.sign_in(
        config.sign_in.method,
        tenant,
        on_prompt=show,
        token_file=config.sign_in.token_file,
        certificate_path=config.sign_in.certificate_file,
    )
