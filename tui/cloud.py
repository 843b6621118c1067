"""One tenant's Graph side, from the token to the sources that the services ask."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.clock import Clock, SystemClock
from tui.config import Config
from tui.ports import AccessToken
from tui.services.dossier import CloudSources
from tui.services.on_prem_patience import PatientDirectory
from tui.services.pim import Activations
from tui.services.wire_log import WireLog
from tui.store.cache import CacheStore

if TYPE_CHECKING:
    from tui.sources.active_directory.directory import ActiveDirectory
    from tui.sources.graph.transport import Transport


@dataclass(slots=True)
class Cloud:
    """The Graph side, loaded when it is first asked for: its libraries take longer than the first paint may."""

    config: Config
    token: AccessToken
    cache: CacheStore
    wire: WireLog
    on_prem: "ActiveDirectory | None" = None
    clock: Clock = field(default_factory=SystemClock)
    _activations: Activations | None = None
    _loading: "asyncio.Task[CloudSources] | None" = None
    _stack: AsyncExitStack | None = None
    _transport: "Transport | None" = None

    async def sources(self) -> CloudSources:
        """The sources; all callers share one loading."""
        if self._loading is None or (self._loading.done() and self._loading.exception() is not None):
            self._loading = asyncio.create_task(self._load())
        return await asyncio.shield(self._loading)

    async def activations(self) -> Activations:
        """Privileged Identity Management, once the Graph side is loaded."""
        await self.sources()
        assert self._activations is not None
        return self._activations

    async def transport(self) -> "Transport":
        """What the Graph sources send with; loads them if need be."""
        await self.sources()
        assert self._transport is not None
        return self._transport

    @property
    def signed_out(self) -> bool:
        """The sign-in was given up or refused, and waits for `sign_in_again`."""
        return getattr(self.token, "refused", None) is not None

    def sign_in_again(self) -> None:
        """Whoever needs a token next may begin a sign-in."""
        again = getattr(self.token, "again", None)
        if again is not None:
            again()

    def cancel_sign_in(self) -> None:
        """Give up a sign-in that waits for the engineer."""
        cancel = getattr(self.token, "cancel", None)
        if cancel is not None:
            cancel()

    async def close(self) -> None:
        """Let go of connections, and of a loading or a sign-in that is still under way."""
        self.cancel_sign_in()
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        if self._stack is not None:
            await self._stack.aclose()

    async def _load(self) -> CloudSources:
        from tui.sources.graph.transport import connect

        challenged = getattr(self.token, "challenge", None)
        transport = await connect(
            self.config.graph.endpoint, self.token.token, challenged=challenged, on_call=self.wire.note
        )
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(transport.close)
        self._transport = transport
        from tui.sources.graph.directory import EntraDirectory
        from tui.sources.graph.directory_log import EntraLog
        from tui.sources.graph.escrow import EntraEscrow
        from tui.sources.graph.intune import Intune
        from tui.sources.graph.mass import BatchedGraph
        from tui.sources.graph.pim import RoleActivations
        from tui.sources.graph.policies import TenantPolicies

        self._activations = RoleActivations(transport)
        return CloudSources(
            directory=EntraDirectory(transport),
            intune=Intune(transport),
            escrow=EntraEscrow(transport),
            index=self.cache,
            policies=TenantPolicies(transport),
            tenant=self.config.tenant.tenant_id,
            log=EntraLog(transport),
            mass=BatchedGraph(transport),
            ahead=BatchedGraph(transport, background=True),
            on_prem=self.on_prem and PatientDirectory(self.on_prem, self.clock, self.on_prem.first_seconds),
        )
