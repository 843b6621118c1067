"""Devices still to come: on the group's update, not yet restarted. Only as far as an inventory knows it. Pure."""

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.model.group import Group
from tui.services.fleet import Fleet, FleetDevice, old_news

FRESH = timedelta(hours=1)
"""An inventory older than this is said to be."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Devices of the update's branches: on its way through, those past the restart, and those before it.

    `spared` restarted and did not ask: what the group's claim has to explain. `waiting` have the restart still to come;
    of the `silent` nothing was heard since the update came out. `low` and `high` bound how many of the waiting will ask
    for their key with about 95 % (Wilson score interval of the share so far); None without an inventory or an update.
    """

    on_update: int = 0
    struck: int = 0
    spared: tuple[FleetDevice, ...] = ()
    waiting: tuple[FleetDevice, ...] = ()
    silent: int = 0
    old_news: int = 0
    """Of the waiting, those that last checked in more than a day ago."""
    low: int | None = None
    high: int | None = None


def forecast(group: Group, fleet: Fleet, names: Iterable[str], now: datetime) -> Forecast:
    """What is still to come; `names` are the device names of the members, as tickets or Entra ID have them."""
    if not fleet.known or not group.key.kb:
        return Forecast()
    hit = {name.lower() for name in names if name}
    ring = fleet.ring(group.key.kb)
    spared, waiting, silent = (_others(part, hit) for part in (ring.through, ring.waiting, ring.silent))
    everyone = len(ring.through) + len(ring.waiting) + len(ring.silent)
    struck = everyone - len(spared) - len(waiting) - len(silent)
    low, high = _wilson(struck, struck + len(spared))
    return Forecast(
        everyone,
        struck,
        spared,
        waiting,
        len(silent),
        old_news(waiting, now),
        math.floor(low * len(waiting)),
        math.ceil(high * len(waiting)),
    )


def _others(devices: Iterable[FleetDevice], hit: Set[str]) -> tuple[FleetDevice, ...]:
    return tuple([device for device in devices if device.name.lower() not in hit])


def _wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson 1927, z = 1.96."""
    if of == 0:
        return 0.0, 1.0
    z, share = 1.96, count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def growth_words(arrivals: Sequence[datetime], now: datetime) -> str:
    """How the last hour compares with the one before; `arrivals` in order."""
    hour = timedelta(hours=1)
    last = sum(moment > now - hour for moment in arrivals)
    before = sum(now - 2 * hour < moment <= now - hour for moment in arrivals)
    trend = "growing" if last > before else "shrinking" if last < before else "steady"
    return f"{last} in the last hour, {before} in the hour before: {trend}"


def forecast_words(found: Forecast, fleet: Fleet, now: datetime) -> str:
    """The forecast in one line; without an inventory it says so, and why."""
    if fleet.observed_at is None:
        return f"devices still to come: not known, {fleet.why or 'Intune has not been asked for its inventory yet'}"
    if found.high is None:
        return "devices still to come: not known, the group has no update"
    if not found.on_update:
        return "devices still to come: Intune manages none on a branch of this update"
    words = f"{len(found.waiting)} of {found.on_update} devices have not restarted into the update: "
    words += f"{found.low} to {found.high} more prompts to expect"
    caveats = [f"inventory {_hours(now - fleet.observed_at)} old"] if now - fleet.observed_at > FRESH else []
    if caveats and fleet.why:
        caveats.append(f"no newer one: {fleet.why}")
    if found.old_news:
        caveats.append(f"{found.old_news} of them last checked in over a day ago")
    if found.silent:
        caveats.append(f"{found.silent} more not heard of since it came out")
    return f"{words} ({'; '.join(caveats)})" if caveats else words


def _hours(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
