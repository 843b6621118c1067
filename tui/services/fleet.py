"""The devices that Intune manages, and how each stands to an update: past its restart, before it, or not known. Pure.

Intune tells the build of the last check-in. A build grows only with a restart, so a device that has the update's build
has restarted into it, and one on an older build of the same branch has it still to come, as far as Intune has heard.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from tui.diagnosis.kb import builds_of_kb
from tui.services.incident_evidence import Facets

OLD_NEWS = timedelta(hours=24)
"""A check-in older than this says little about what restarted since; devices check in every eight hours (Microsoft
Learn, Intune device profile refresh intervals)."""

_ONE_LINE = 10_000
"""Revisions that one line of updates spans at the most; those of servers, on the same builds, lie further off."""


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """A device of the inventory: its build and revision at its last check-in, None where Intune does not tell."""

    id: str
    """Entra ID's device id."""
    name: str
    build: tuple[int, int] | None
    synced_at: datetime | None
    facets: Facets


@dataclass(frozen=True, slots=True)
class UpdateRing:
    """How the fleet stands to an update: restarted into it, still before that restart, and who has not told since."""

    through: tuple[FleetDevice, ...] = ()
    waiting: tuple[FleetDevice, ...] = ()
    silent: tuple[FleetDevice, ...] = ()
    """On an older build, but last heard of before the update was out."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The inventory as Intune gave it; `observed_at` is None without one, `why` says why there is no newer one."""

    devices: Sequence[FleetDevice] = ()
    observed_at: datetime | None = None
    why: str = ""
    _by_build: Mapping[tuple[int, int], Sequence[FleetDevice]] = field(init=False, repr=False, compare=False)
    _by_name: Mapping[str, FleetDevice | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        builds: dict[tuple[int, int], list[FleetDevice]] = {}
        names: dict[str, FleetDevice | None] = {}
        for device in self.devices:
            if device.build is not None:
                builds.setdefault(device.build, []).append(device)
            name = device.name.lower()
            names[name] = None if name in names else device
        object.__setattr__(self, "_by_build", MappingProxyType(builds))
        object.__setattr__(self, "_by_name", MappingProxyType(names))

    @property
    def known(self) -> bool:
        """There is an inventory at all."""
        return self.observed_at is not None

    def named(self, name: str) -> FleetDevice | None:
        """The only device of this name; a name that two bear names none."""
        return self._by_name.get(name.lower()) if name else None

    def ring(self, kb: str) -> UpdateRing:
        """How the devices of the update's branches stand to it."""
        through: list[FleetDevice] = []
        waiting: list[FleetDevice] = []
        silent: list[FleetDevice] = []
        branches = builds_of_kb(kb)
        for (build, revision), devices in self._by_build.items():
            row = branches.get(build)
            if row is None or revision > row.ubr or row.ubr - revision > _ONE_LINE:
                continue
            if revision == row.ubr:
                through += devices
                continue
            out = datetime.combine(date.fromisoformat(row.released), time(), UTC)
            for device in devices:
                heard = device.synced_at is not None and device.synced_at >= out
                (waiting if heard else silent).append(device)
        return UpdateRing(tuple(through), tuple(waiting), tuple(silent))


def old_news(devices: Iterable[FleetDevice], now: datetime) -> int:
    """Devices that last checked in longer ago than a day."""
    return sum(device.synced_at is None or now - device.synced_at > OLD_NEWS for device in devices)


def filled(facets: Facets, device: FleetDevice | None) -> Facets:
    """Facets, with what the inventory says where nothing else does."""
    if device is None:
        return facets
    return replace(facets, model=facets.model or device.facets.model, build=facets.build or device.facets.build)
