"""Reading Intune's inventory into the fleet: page by page in the background, kept with its age, off when refused."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from tui.clock import Clock
from tui.diagnosis.kb import parse_build
from tui.errors import Problem, ProblemKind
from tui.model.device import ManagedDevice
from tui.services.cloud import CloudSources
from tui.services.fleet import Fleet, FleetDevice
from tui.services.incident_evidence import Facets

GOOD_FOR = timedelta(minutes=30)
"""An inventory younger than this is not read again; devices check in every eight hours."""

RETRY_SECONDS = 300.0
"""Pause after a try that failed; the page says meanwhile why the inventory is not newer."""

_NAME = "fleet"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    id: str
    name: str
    model: str
    os_version: str
    synced_at: datetime | None


class Inventory(msgspec.Struct, frozen=True):
    """What Intune listed, as it is kept from one run to the next."""

    at: datetime
    devices: tuple[_Kept, ...]


async def keep_inventory(
    cloud: Callable[[], Awaitable[CloudSources]], clock: Clock, show: Callable[[Fleet], None]
) -> None:
    """Show the inventory that is kept, and a newer one whenever that is old; ends when Intune refuses to give it.

    Without an inventory the fleet says why; an old one stays, with its age and why there is no newer one.
    """
    sources = await cloud()
    name = f"{_NAME}:{sources.tenant}"
    fleet = await asyncio.to_thread(_decoded, await sources.index.recall(name))
    if fleet.known:
        show(fleet)
    while True:
        await asyncio.sleep(_seconds_left(fleet, clock))
        try:
            found = await read_inventory(sources, clock)
        except Problem as problem:
            fleet = replace(fleet, why=f"{problem.what}: {problem.why}" if problem.why else problem.what)
            show(fleet)
            if problem.kind is ProblemKind.FORBIDDEN:
                return
            await asyncio.sleep(RETRY_SECONDS)
            continue
        fleet = await asyncio.to_thread(_fleet, found)
        show(fleet)
        await sources.index.remember(name, (await asyncio.to_thread(msgspec.json.encode, found)).decode())


async def read_inventory(sources: CloudSources, clock: Clock) -> "Inventory":
    """Page Intune's inventory through once; raises `Problem`."""
    devices = [device async for page in sources.intune.inventory() for device in page]
    return Inventory(clock.now(), await asyncio.to_thread(_newest, devices))


def _seconds_left(fleet: Fleet, clock: Clock) -> float:
    if fleet.observed_at is None:
        return 0.0
    return max(0.0, (fleet.observed_at + GOOD_FOR - clock.now()).total_seconds())


def _newest(devices: Iterable[ManagedDevice]) -> tuple[_Kept, ...]:
    """One record a device object, the one that synced last; a device enrolled again leaves its old one behind."""
    found: dict[str, _Kept] = {}
    for each in devices:
        known = found.get(each.entra_device_id or each.id)
        if known is None or (each.last_sync or _LONG_AGO) > (known.synced_at or _LONG_AGO):
            model = f"{each.manufacturer} {each.model}".strip()
            kept = _Kept(each.entra_device_id, each.name, model, each.os_version, each.last_sync)
            found[each.entra_device_id or each.id] = kept
    return tuple(found.values())


def _decoded(text: str) -> Fleet:
    try:
        return _fleet(msgspec.json.decode(text, type=Inventory))
    except msgspec.MsgspecError:
        return Fleet()


def _fleet(found: Inventory) -> Fleet:
    devices = [
        FleetDevice(
            each.id,
            each.name,
            parse_build(each.os_version),
            each.synced_at,
            Facets(model=each.model, build=each.os_version),
        )
        for each in found.devices
    ]
    return Fleet(devices, found.at)
