"""Joins over real HTTP, each request answered 80 ms late: one dossier, and 500 devices.

One dossier is set against its slowest call, 500 devices against the same batches sent bare. Beside them stands the
longest that the event loop was held, in processor time, so that a busy machine does not count; for the same reason the
better half of the rounds counts.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from tests.benchmarks import Row
from tests.demo.tenant import Running, running
from tests.services.demo_cloud import DemoCloud, demo_cloud
from tui.model.dossier import Dossier, Query
from tui.model.ids import parse_key_term
from tui.model.recovery_key import RecoveryKey
from tui.services.cloud import CloudSources
from tui.services.foresight import Foresight
from tui.services.mass_join import CHUNK, MassJoin, Target
from tui.sources.graph.lanes import IN_FLIGHT

LATE = 0.08
DEVICES = 500
ROUNDS = 9
LOOP_GAP = 0.016
T = TypeVar("T")


def run() -> list[Row]:
    """Every row, on one tenant."""
    with running("--seed", "7", "--size", "700", "--speed", "0.0001") as tenant:
        return asyncio.run(_measure(tenant))


async def _measure(tenant: Running) -> list[Row]:
    with tempfile.TemporaryDirectory() as directory:
        async with demo_cloud(tenant, Path(directory)) as cloud:
            keys = await _keys(cloud)
            fault = {"kind": "slow", "path": "^/(v1.0|beta)/", "count": 1_000_000, "seconds": LATE}
            tenant.hand("faults", "POST", fault)
            return [*await _single(cloud, keys), *await _many(tenant, cloud, keys)]


async def _keys(cloud: DemoCloud) -> Sequence[RecoveryKey]:
    """Keys of devices that have one key and a name of their own."""
    found = [key async for page in cloud.sources.escrow.all_keys() for key in page]
    by_device: dict[str, list[RecoveryKey]] = {}
    for key in found:
        by_device.setdefault(key.device_id, []).append(key)
    return [keys[0] for keys in by_device.values() if len(keys) == 1]


async def _single(cloud: DemoCloud, keys: Sequence[RecoveryKey]) -> list[Row]:
    await _dossier(cloud, keys[0])  # the first call of a process imports and connects
    async with _gaps() as gaps:
        first = [await _dossier(cloud, key) for key in keys[1 : ROUNDS + 1]]
        again = [await _dossier(cloud, key) for key in keys[1 : ROUNDS + 1]]
        waiting = keys[ROUNDS + 1 : 2 * ROUNDS + 1]
        await _foresee(cloud, waiting)
        queued = [await _dossier(cloud, key) for key in waiting]
    verdict, whole, foreseen, known = (
        statistics.median(sorted(ratios)[: ROUNDS // 2 + 1])
        for ratios in (
            [one[0] for one in first],
            [one[1] for one in first],
            [one[1] for one in queued],
            [one[1] for one in again],
        )
    )
    intune = "Intune's details need Intune's own id first: two round trips are the least"
    return [
        Row("one dossier, new device: verdict / slowest call", verdict, 1.3),
        Row("one dossier, new device: everything / slowest call", whole, 2.4, intune),
        Row("one dossier, first of a queued incident: everything / slowest call", foreseen, 1.3),
        Row("one dossier, device seen before: everything / slowest call", known, 1.3),
        _gap_row("one dossier", gaps),
    ]


async def _foresee(cloud: DemoCloud, keys: Sequence[RecoveryKey]) -> None:
    """What the console does for the incidents of its queue, before one of them is opened."""

    async def sources() -> CloudSources:
        return cloud.sources

    queries = [Query(term=parse_key_term(key.id[:8]), incident_id=key.id) for key in keys]
    await Foresight(sources).look_ahead(queries)


async def _dossier(cloud: DemoCloud, key: RecoveryKey) -> tuple[float, float]:
    """How many times its slowest call the verdict took, and the whole."""
    decided: list[float] = []
    begun, before = time.perf_counter(), cloud.wire.total

    class Watch(list[Dossier]):
        def append(self, dossier: Dossier) -> None:
            if not decided and not dossier.evidence.pending:
                decided.append(time.perf_counter() - begun)

    await cloud.join(Query(term=parse_key_term(key.id[:8])), Watch())
    total = time.perf_counter() - begun
    slowest = max(call.milliseconds for call in cloud.wire.newest(cloud.wire.total - before)) / 1000
    return decided[0] / slowest, total / slowest


async def _many(tenant: Running, cloud: DemoCloud, keys: Sequence[RecoveryKey]) -> list[Row]:
    ids = [key.device_id for key in keys[:DEVICES]]
    mass = cloud.sources.mass
    assert mass is not None and len(ids) == DEVICES
    first: list[float] = []

    async def join() -> None:
        begun = time.perf_counter()
        early: list[float] = []
        await MassJoin(mass, lambda *_: early.append(time.perf_counter() - begun)).run(
            [Target(each, each) for each in ids]
        )
        first.append(early[0])

    await join()
    bodies = _bodies(ids)
    async with _gaps() as gaps:
        await join()
    pairs = [(await _timed(join), await _timed(lambda: _bare(tenant, bodies))) for _ in range(5)]
    joined, bare = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    serial = DEVICES * 3 * LATE
    return [
        Row(
            f"{DEVICES} devices / the same batches sent bare", joined / bare, 1.5, f"{joined:.2f} s, bare {bare:.2f} s"
        ),
        Row(
            f"{DEVICES} devices / one call after the other",
            joined / serial,
            0.01,
            f"{serial / joined:.0f} times faster",
        ),
        Row("first device / round trip", min(first) / LATE, 3.0, "Entra ID, then Intune and keys side by side"),
        _gap_row(f"{DEVICES} devices", gaps),
    ]


def _bodies(ids: Sequence[str]) -> list[bytes]:
    paths = (
        "/devices?$filter=deviceId eq '{}'",
        "/deviceManagement/managedDevices?$filter=azureADDeviceId eq '{}'",
        "/informationProtection/bitlocker/recoveryKeys?$filter=deviceId eq '{}'",
    )
    return [
        msgspec.json.encode(
            {"requests": [{"id": each, "method": "GET", "url": path.format(each)} for each in ids[at : at + CHUNK]]}
        )
        for path in paths
        for at in range(0, len(ids), CHUNK)
    ]


async def _bare(tenant: Running, bodies: list[bytes]) -> None:
    """All batches at once through as many connections, in no order and with nothing decoded: the best there is."""
    headers = {"authorization": f"Bearer {tenant.tokens['engineer']}", "content-type": "application/json"}
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=30, headers=headers) as client:
        answers = await asyncio.gather(*(client.post(f"{tenant.graph}/v1.0/$batch", content=body) for body in bodies))
    assert all(answer.status_code == 200 for answer in answers)


async def _timed(work: Callable[[], Awaitable[T]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


@asynccontextmanager
async def _gaps() -> AsyncIterator[list[float]]:
    """Processor seconds of the loop's thread between two turns of a task that wants every turn."""
    gaps: list[float] = []

    async def tick() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            gaps.append(now - before)
            before = now

    ticking = asyncio.create_task(tick())
    try:
        yield gaps
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking


def _gap_row(what: str, gaps: list[float]) -> Row:
    return Row(f"{what}: longest hold of the event loop / 16 ms", max(gaps) / LOOP_GAP, 1.0)
