"""Devices still to come: on the group's update, not yet restarted. Only as far as an inventory knows it. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.model.group import Group, GroupKey
from tui.services.incident_evidence import Facets


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """A device of the inventory: the update it has or is about to get, and whether it restarted since (None: unknown)."""  # noqa: E501

    id: str
    name: str
    kb: str
    rebooted: bool | None
    facets: Facets


@dataclass(frozen=True, slots=True)
class Fleet:
    """The inventory as Intune gave it; `observed_at` is None when it was never asked."""

    devices: tuple[FleetDevice, ...] = ()
    observed_at: datetime | None = None

    @property
    def known(self) -> bool:
        """There is an inventory at all."""
        return self.observed_at is not None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Devices on the update, those that restarted, those that wait, and how many of these will ask for their key.

    `low` and `high` bound that with about 95 % (Wilson score interval of the share so far); None without an inventory.
    """

    on_update: int = 0
    rebooted: int = 0
    waiting: tuple[FleetDevice, ...] = ()
    unknown: int = 0
    low: int | None = None
    high: int | None = None


def forecast(group: Group, fleet: Fleet, names: Iterable[str]) -> Forecast:
    """What is still to come; `names` are the device names of the members, as tickets or Entra ID have them."""
    kb = group.key.kb
    if not fleet.known or not kb:
        return Forecast()
    hit = {name.lower() for name in names if name}
    on_update = [device for device in fleet.devices if device.kb == kb]
    struck = [device for device in on_update if device.name.lower() in hit]
    rest = [device for device in on_update if device.name.lower() not in hit]
    through = [device for device in rest if device.rebooted is True]
    waiting = tuple(device for device in rest if device.rebooted is False)
    low, high = _wilson(len(struck), len(struck) + len(through))
    return Forecast(
        len(on_update),
        len(struck) + len(through),
        waiting,
        len(rest) - len(through) - len(waiting),
        math.floor(low * len(waiting)),
        math.ceil(high * len(waiting)),
    )


def _wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson 1927, z = 1.96."""
    if of == 0:
        return 0.0, 1.0
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def counter_examples(key: GroupKey, fleet: Fleet, names: Iterable[str]) -> tuple[FleetDevice, ...]:
    """Devices with the same update that restarted and did not ask: what the group's claim has to explain."""
    hit = {name.lower() for name in names if name}
    return tuple(
        device
        for device in fleet.devices
        if key.kb and device.kb == key.kb and device.rebooted is True and device.name.lower() not in hit
    )


def growth_words(arrivals: Sequence[datetime], now: datetime) -> str:
    """How the last hour compares with the one before; `arrivals` in order."""
    hour = timedelta(hours=1)
    last = sum(moment > now - hour for moment in arrivals)
    before = sum(now - 2 * hour < moment <= now - hour for moment in arrivals)
    trend = "growing" if last > before else "shrinking" if last < before else "steady"
    return f"{last} in the last hour, {before} in the hour before: {trend}"


def forecast_words(found: Forecast, fleet: Fleet) -> str:
    """The forecast in one line; without an inventory it says so."""
    if not fleet.known:
        return "devices still to come: not known, Intune's inventory has not been read"
    if found.high is None:
        return "devices still to come: not known, the group has no update"
    words = f"{len(found.waiting)} of {found.on_update} devices on the update have not restarted"
    if found.unknown:
        words += f", of {found.unknown} it is not known"
    return f"{words}: {found.low} to {found.high} more prompts to expect"
