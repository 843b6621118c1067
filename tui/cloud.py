"""One tenant's cloud for the services: what Graph gives, joined with what is kept here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tui.clock import Clock, SystemClock
from tui.diagnosis.kb_entries import Additions
from tui.ports import (
    DeviceManagement,
    Directory,
    DirectoryLog,
    KeyEscrow,
    MassSource,
    OnPremDirectory,
    Policies,
)
from tui.services.cloud import CloudSources, IndexAndMemory
from tui.services.collection import CollectionRoute
from tui.services.on_prem_patience import PatientDirectory
from tui.services.pim import Activations
from tui.services.reconciliation import KeyRead


class WaitingOnPrem(OnPremDirectory, Protocol):
    """Active Directory, and how many seconds its first answer may take."""

    @property
    def first_seconds(self) -> float: ...


class KeyReadLog(DirectoryLog, Protocol):
    """Entra ID's audit log with who read which key."""

    async def key_reads(self, since: datetime) -> Sequence[KeyRead]:
        """Reads of recovery keys since a time, oldest first."""
        ...


class KnownIssueSource(Protocol):
    """Microsoft's release health."""

    async def about(self, kb: str) -> Additions:
        """What is known of an update."""
        ...


@dataclass(frozen=True, slots=True)
class GraphSide:
    """What is reached through Microsoft Graph, by its port."""

    directory: Directory
    intune: DeviceManagement
    escrow: KeyEscrow
    policies: Policies
    log: KeyReadLog
    mass: MassSource
    ahead: MassSource
    activations: Activations
    diagnostics: CollectionRoute
    health: KnownIssueSource


class Graph(Protocol):
    """Microsoft Graph with one engineer's sign-in: in this process, or in one of its own."""

    async def begin(self) -> None:
        """Get ready, as far as that holds nobody up. Raises `Problem`."""
        ...

    async def side(self) -> GraphSide:
        """Its ports, loaded when they are first asked for. Raises `Problem`."""
        ...

    async def token(self) -> str:
        """A token that is good now; may wait for the engineer to sign in."""
        ...

    @property
    def signed_out(self) -> bool:
        """The sign-in was given up or refused, and waits for `sign_in_again`."""
        ...

    def sign_in_again(self) -> None:
        """Whoever needs a token next may begin a sign-in."""
        ...

    def cancel_sign_in(self) -> None:
        """Give up a sign-in that waits for the engineer."""
        ...

    async def close(self) -> None:
        """Let go of connections, and of a loading or a sign-in that is still under way."""
        ...


@dataclass(slots=True)
class Cloud:
    """The sources that the services ask; everything local is kept under the tenant's id."""

    graph: Graph
    tenant: str
    cache: IndexAndMemory
    on_prem: WaitingOnPrem | None = None
    clock: Clock = field(default_factory=SystemClock)
    _sources: CloudSources | None = None

    async def sources(self) -> CloudSources:
        """The sources; raises `Problem`."""
        side = await self.graph.side()
        if self._sources is None:
            self._sources = CloudSources(
                directory=side.directory,
                intune=side.intune,
                escrow=side.escrow,
                index=self.cache,
                policies=side.policies,
                tenant=self.tenant,
                log=side.log,
                mass=side.mass,
                ahead=side.ahead,
                on_prem=self.on_prem and PatientDirectory(self.on_prem, self.clock, self.on_prem.first_seconds),
            )
        return self._sources

    async def activations(self) -> Activations:
        """Privileged Identity Management."""
        return (await self.graph.side()).activations

    async def diagnostics(self) -> CollectionRoute:
        """Intune's "Collect diagnostics"."""
        return (await self.graph.side()).diagnostics
