"""Surges: more tickets than the hour explains, overall or of one group, told as early as honesty allows. Pure.

A CUSUM of log-likelihood ratios runs over arrivals (Page 1954): each arrival speaks for the surge, each quiet minute
against it. The arrival that opens a run is chosen by looking, so it does not count: what follows it is a likelihood
ratio of mean 1 under the baseline. So the chance that any run passes `h` is at most the number of arrivals times e to
the -h, and as every arrival counts once overall and once for its group, one `h` from the arrivals of a whole day bounds
the false alarms of all groups together, however many there are.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tui.model.group import GroupKey
from tui.services.surge_baseline import HOUR, Baseline

FALSE_ALARMS_A_DAY = 0.01
"""The chance of a false alarm on a quiet day, overall and in all groups together."""

TIMES = 8.0
"""How many times the baseline a surge is looked for; tenfold ones and larger ones are found about as early."""

LEAST = 6.0
"""Arrivals an hour of one group below which nobody needs to be woken."""

FEWEST = 4
"""Tickets of which an alarm consists at the least."""

NEW_SHARE = 0.01
"""The share of all arrivals that is expected of a group never seen before."""

OPEN_SHARE = 0.25
"""The same of one that claims nothing: a quarter of all tickets never tells its cause (13 of 50 in a corpus)."""

_OVER = 4.0
"""Log-likelihood at which a surge counts as ended: the quiet since then is e to the 4 times likelier without it."""


@dataclass(frozen=True, slots=True)
class Surge:
    """An alarm. `key` is None for arrivals overall; `likelihood` is the log-likelihood ratio against the baseline."""

    key: GroupKey | None
    first: str
    """The first ticket of the surge: its incident id."""
    since: datetime
    found_at: datetime
    expected: float
    observed: int
    likelihood: float
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Arrivals are back at what the hour explains."""
        return self.ended_at is not None


@dataclass(slots=True)
class _Track:
    """The running sums of one key."""

    share: float
    at: datetime
    rising: float = 0.0
    opening: float = 0.0
    """Weight of the arrival that opened the run."""
    falling: float = 0.0
    since: datetime | None = None
    first: str = ""
    observed: int = 0
    expected: float = 0.0
    alarmed: int = 0
    """Arrivals of the run when its alarm was raised."""
    surge: Surge | None = None


class SurgeWatch:
    """Takes arrivals in the order of their times and answers with alarms; one that comes late counts as now."""

    def __init__(self, baseline: Baseline, shares: dict[GroupKey, float] | None = None, *, heads: float = 0.0) -> None:
        self.baseline = baseline
        self._shares = shares or {}
        self._heads = heads
        self._tracks: dict[GroupKey | None, _Track] = {}
        self._threshold: tuple[datetime | None, float] = (None, 0.0)
        self.surges: list[Surge] = []
        """Every alarm so far, the newest last, each as it stands now."""

    def threshold(self, moment: datetime) -> float:
        """The log-likelihood ratio at which an alarm is raised."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if self._threshold[0] != hour:
            arrivals = 2 * max(1.0, self.baseline.day(hour, self._heads))
            self._threshold = hour, math.log(arrivals / FALSE_ALARMS_A_DAY) - _OVERSHOOT
        return self._threshold[1]

    def arrive(self, at: datetime, key: GroupKey, incident_id: str) -> list[Surge]:
        """Count an arrival overall and for its group; answers with the alarms that it raises."""
        raised = []
        for track_key in (None, key):
            track = self._tracks.get(track_key)
            if track is None:
                track = self._tracks[track_key] = _Track(self._share(track_key), at)
            if (surge := self._count(track_key, track, max(at, track.at), incident_id)) is not None:
                raised.append(surge)
        return raised

    def _share(self, key: GroupKey | None) -> float:
        if key is None:
            return 1.0
        return max(self._shares.get(key, 0.0), NEW_SHARE if key.claims else OPEN_SHARE)

    def tick(self, now: datetime) -> list[Surge]:
        """Let time pass; answers with the surges that have ended."""
        ended = []
        for track in self._tracks.values():
            if now > track.at:
                self._pass(track, now)
            if track.surge is not None and track.falling >= _OVER:
                ended.append(self._end(track, now))
        return ended

    def standing(self) -> list[Surge]:
        """Surges that have not ended."""
        return [surge for surge in self.surges if not surge.is_over]

    def _count(self, key: GroupKey | None, track: _Track, at: datetime, incident_id: str) -> Surge | None:
        self._pass(track, at)
        normal, high = self._rates(track, at)
        weight = math.log(high / normal)
        if track.rising <= 0.0:
            track.opening = weight
            track.since, track.first, track.observed, track.expected = at, incident_id, 0, 0.0
        track.observed += 1
        track.rising += weight
        if track.surge is not None:
            track.falling = max(0.0, track.falling - math.log(self._seen_rate(track, normal) / normal))
            self._renew(track)
            return None
        likelihood = track.rising - track.opening
        if likelihood < self.threshold(at) or track.observed < FEWEST:
            return None
        assert track.since is not None
        track.surge = Surge(key, track.first, track.since, at, track.expected, track.observed, likelihood)
        track.alarmed = track.observed
        track.falling = 0.0
        self.surges.append(track.surge)
        return track.surge

    def _pass(self, track: _Track, until: datetime) -> None:
        """Quiet time speaks for the baseline."""
        normal, high = self._rates(track, until)
        span = (until - track.at) / HOUR
        expected = self.baseline.expected(track.at, until, self._heads) * track.share
        track.expected += expected
        if track.surge is not None:
            track.falling += (self._seen_rate(track, normal) - normal) * span
        else:
            track.rising = max(0.0, track.rising - expected * (high / normal - 1))
        track.at = until

    def _rates(self, track: _Track, at: datetime) -> tuple[float, float]:
        normal = max(self.baseline.rate(at, self._heads) * track.share, _RAREST)
        return normal, max(normal * TIMES, LEAST)

    def _seen_rate(self, track: _Track, normal: float) -> float:
        """What the surge brings an hour, as its first alarm had it; its end is judged against half of that."""
        assert track.surge is not None
        span = max((track.surge.found_at - track.surge.since) / HOUR, 1 / 12)
        return max(track.alarmed / span / 2, normal * 2)

    def _renew(self, track: _Track) -> None:
        assert track.surge is not None
        self._replace(track, replace(track.surge, observed=track.observed, expected=track.expected))

    def _end(self, track: _Track, now: datetime) -> Surge:
        assert track.surge is not None
        ended = replace(track.surge, observed=track.observed, expected=track.expected, ended_at=now)
        self._replace(track, ended)
        track.surge, track.rising, track.falling = None, 0.0, 0.0
        return ended

    def _replace(self, track: _Track, surge: Surge) -> None:
        place = next(number for number, each in enumerate(self.surges) if each is track.surge)
        self.surges[place] = track.surge = surge


_RAREST = 0.02
"""Arrivals an hour that are expected of the rarest group: one in two days."""

_OVERSHOOT = 0.5
"""A run passes the threshold by a part of an arrival's weight, so the bound is a little loose; that the promise holds
without this much of it is shown by the simulation in the tests."""


def shares_of(keys: Iterable[GroupKey]) -> dict[GroupKey, float]:
    """Each group's share of past arrivals, drawn down a little so that a group of one day is no habit."""
    found: dict[GroupKey, int] = {}
    total = 0
    for key in keys:
        found[key] = found.get(key, 0) + 1
        total += 1
    return {key: count / (total + 20) for key, count in found.items()}


def rate_words(surge: Surge) -> str:
    """Expected and observed in one line."""
    span = max(surge.found_at - surge.since, timedelta(minutes=1))
    minutes = math.ceil(span / timedelta(minutes=1))
    return f"{surge.observed} tickets since {surge.since:%H:%M}, {surge.expected:.1f} expected, found in {minutes} min"
