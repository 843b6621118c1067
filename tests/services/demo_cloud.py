"""The demo tenant as the sources of a dossier, seen by one of its personas, and dossiers of its cases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.tenant import Running
from tui.clock import SystemClock
from tui.model.dossier import Dossier, Query
from tui.model.ids import parse_key_term
from tui.services.dossier import CloudSources, DossierJoin
from tui.services.indexing import refresh_index
from tui.services.rights import RightsService
from tui.services.wire_log import WireLog
from tui.sources.graph.directory import EntraDirectory
from tui.sources.graph.directory_log import EntraLog
from tui.sources.graph.escrow import EntraEscrow
from tui.sources.graph.intune import Intune
from tui.sources.graph.mass import BatchedGraph
from tui.sources.graph.policies import TenantPolicies
from tui.sources.graph.transport import connect
from tui.store.cache import open_cache

CONTACT = "the directory team"


@dataclass(frozen=True, slots=True)
class DemoCloud:
    """Sources over real HTTP, a real cache, and the wire log of both."""

    sources: CloudSources
    wire: WireLog

    async def join(self, query: Query, seen: list[Dossier] | None = None) -> Dossier:
        """One dossier; `seen` collects what was published on the way."""
        rights = RightsService(self._cloud, SystemClock(), CONTACT)
        publish = (lambda _: None) if seen is None else seen.append
        join = DossierJoin(self.sources, SystemClock(), query, publish, rights=rights.current, contact=CONTACT)
        return await join.run()

    async def _cloud(self) -> CloudSources:
        return self.sources


@asynccontextmanager
async def demo_cloud(
    tenant: Running, directory: Path, persona: str = "engineer", *, indexed: bool = True
) -> AsyncIterator[DemoCloud]:
    """Connect as a persona; `indexed` pages the key metadata in first."""

    async def token() -> str:
        return tenant.tokens[persona]

    wire = WireLog()
    transport = await connect(tenant.graph, token, on_call=wire.note)
    try:
        async with await open_cache(directory) as cache:
            sources = CloudSources(
                directory=EntraDirectory(transport),
                intune=Intune(transport),
                escrow=EntraEscrow(transport),
                index=cache,
                policies=TenantPolicies(transport),
                tenant="demo",
                log=EntraLog(transport),
                mass=BatchedGraph(transport),
                ahead=BatchedGraph(transport, background=True),
            )
            cloud = DemoCloud(sources, wire)
            if indexed:
                await refresh_index(cloud._cloud, SystemClock(), lambda _: None)
            yield cloud
    finally:
        await transport.close()


def query_of_case(case: dict[str, Any], *, digits: int = 8, named: bool = True) -> Query:
    """What a case's ticket lets one look for: the device's name, and so many digits of the key ID that it names."""
    term = parse_key_term(case["keys"][0].replace("-", "")[:digits]) if digits else None
    return Query(term=term, device_name=case["device_name"] if named else "")
