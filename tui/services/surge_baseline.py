"""How many tickets an ordinary hour brings: by hour, weekday, days after Patch Tuesday, and head count. Pure.

Factors are multiplied and each is drawn towards 1 by a few made-up arrivals, so that a short history does not shout.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

HOUR = timedelta(hours=1)
PATCH_DAYS = 4
"""Patch Tuesday and the days after it that have a factor of their own."""

_PRIOR = 8.0
"""Made-up arrivals behind each factor."""
_TUESDAY = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """Expected arrivals. Factors have the mean 1 over a plain week; `heads` is the head count they were learned at."""

    per_hour: float
    hours: tuple[float, ...] = (1.0,) * 24
    weekdays: tuple[float, ...] = (1.0,) * 7
    patch: tuple[float, ...] = (1.0,) * PATCH_DAYS
    heads: float = 0.0
    zone: tzinfo = UTC

    def rate(self, moment: datetime, heads: float = 0.0) -> float:
        """Arrivals an hour at a moment; `heads` of today, 0 when not known."""
        there = moment.astimezone(self.zone)
        rate = self.per_hour * self.hours[there.hour] * self.weekdays[there.weekday()]
        if (days := days_after_patch_tuesday(there.date())) < PATCH_DAYS:
            rate *= self.patch[days]
        return rate * heads / self.heads if heads and self.heads else rate

    def expected(self, since: datetime, until: datetime, heads: float = 0.0) -> float:
        """Arrivals between two moments."""
        total, at = 0.0, since
        while at < until:
            following = min(until, at.replace(minute=0, second=0, microsecond=0) + HOUR)
            total += self.rate(at, heads) * ((following - at) / HOUR)
            at = following
        return total

    def day(self, moment: datetime, heads: float = 0.0) -> float:
        """Arrivals of the 24 hours around a moment."""
        half = timedelta(hours=12)
        return self.expected(moment - half, moment + half, heads)


def days_after_patch_tuesday(day: date) -> int:
    """Days since the newest second Tuesday of a month (Microsoft's release cadence)."""
    patch = patch_tuesday(day.year, day.month)
    if day < patch:
        before = day.replace(day=1) - timedelta(days=1)
        patch = patch_tuesday(before.year, before.month)
    return (day - patch).days


def patch_tuesday(year: int, month: int) -> date:
    """The second Tuesday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(_TUESDAY - first.weekday()) % 7 + 7)


def learn(
    arrivals: Sequence[datetime], since: datetime, until: datetime, *, heads: float = 0.0, zone: tzinfo = UTC
) -> Baseline:
    """A baseline from the arrivals of a period; without any history a cautious one of one ticket an hour."""
    span = (until - since) / HOUR
    inside = [moment.astimezone(zone) for moment in arrivals if since <= moment < until]
    if span < 24 or not inside:
        return Baseline(1.0, heads=heads, zone=zone)
    found = Baseline(len(inside) / span, heads=heads, zone=zone)
    cells = _cells(since.astimezone(zone), until.astimezone(zone))
    for _ in range(3):  # the factors depend on each other: three rounds settle them
        found = replace(found, patch=_factors(found, "patch", inside, cells))
        found = replace(found, weekdays=_level(_factors(found, "weekdays", inside, cells)))
        found = replace(found, hours=_level(_factors(found, "hours", inside, cells)))
    plain = sum(found.rate(moment) for moment in cells)
    return replace(found, per_hour=found.per_hour * len(inside) / plain)


def _cells(since: datetime, until: datetime) -> list[datetime]:
    first = since.replace(minute=0, second=0, microsecond=0)
    return [first + HOUR * number for number in range(int((until - first) / HOUR))]


def _level(factors: tuple[float, ...]) -> tuple[float, ...]:
    mean = sum(factors) / len(factors)
    return tuple(factor / mean for factor in factors)


def _index(name: str, moment: datetime) -> int:
    if name == "hours":
        return moment.hour
    return moment.weekday() if name == "weekdays" else days_after_patch_tuesday(moment.date())


def _with(found: Baseline, name: str, factors: tuple[float, ...]) -> Baseline:
    if name == "hours":
        return replace(found, hours=factors)
    return replace(found, weekdays=factors) if name == "weekdays" else replace(found, patch=factors)


def _factors(found: Baseline, name: str, inside: list[datetime], cells: list[datetime]) -> tuple[float, ...]:
    """Observed over expected with this factor at 1, drawn towards 1."""
    before: tuple[float, ...] = getattr(found, name)
    bare = _with(found, name, (1.0,) * len(before))
    expected: Counter[int] = Counter()
    observed = Counter(_index(name, moment) for moment in inside)
    for moment in cells:
        expected[_index(name, moment)] += bare.rate(moment)  # type: ignore[assignment]
    return tuple((observed[place] + _PRIOR) / (expected[place] + _PRIOR) for place in range(len(before)))


def counts(arrivals: Sequence[datetime], until: datetime, *, bins: int, width: timedelta) -> tuple[int, ...]:
    """Arrivals in `bins` slices of time that end at `until`, oldest first; `arrivals` in order."""
    edges = [until - width * (bins - place) for place in range(bins + 1)]
    places = [bisect_left(arrivals, edge) for edge in edges]
    return tuple(after - before for before, after in pairwise(places))
