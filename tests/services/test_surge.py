"""Surges: quiet days stay quiet, real ones are found early, and their end is told. Simulated, as no wave is at hand."""

import random
import statistics
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model.cause import CauseCode
from tui.model.group import Grade, GroupKey
from tui.services.surge import FEWEST, Surge, SurgeWatch, rate_words, shares_of
from tui.services.surge_baseline import Baseline, counts, days_after_patch_tuesday, learn, patch_tuesday

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEKS = timedelta(weeks=8)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEYS = [GroupKey(code, grade=Grade.TOLD) for code in list(CauseCode)[:14]]
WEIGHTS = [1 / (1 + place) for place in range(14)]
NEW = GroupKey(CauseCode.PARTITION, update="KB5099999", grade=Grade.TOLD)
_SHAPE = (2, 1.5, 1, 1, 1.5, 3, 8, 18, 26, 24, 20, 16, 14, 16, 17, 15, 13, 11, 8, 6, 5, 4, 3, 2)
TRUE = Baseline(
    per_hour=3.0,
    hours=tuple(24 * share / sum(_SHAPE) for share in _SHAPE),
    weekdays=(1.3, 1.2, 1.2, 1.1, 1.1, 0.55, 0.55),
    patch=(1.6, 2.2, 1.6, 1.2),
)
FLAT = Baseline(per_hour=3.0)
Arrival = tuple[datetime, GroupKey]


def arrivals(rng: random.Random, since: datetime, until: datetime, baseline: Baseline, times: float = 1) -> list[datetime]:  # fmt: skip  # noqa: E501
    """A Poisson process of this baseline."""
    top = baseline.per_hour * max(baseline.hours) * max(baseline.weekdays) * max(baseline.patch) * times
    at, found = since, list[datetime]()
    while True:
        at += HOUR * rng.expovariate(top)
        if at >= until:
            return found
        if rng.random() < baseline.rate(at) * times / top:
            found.append(at)


def mixed(rng: random.Random, moments: list[datetime]) -> list[Arrival]:
    return list(zip(moments, rng.choices(KEYS, WEIGHTS, k=len(moments)), strict=True))


def learned(seed: int) -> tuple[Baseline, dict[GroupKey, float]]:
    """What eight weeks of history teach."""
    rng = random.Random(seed)
    history = arrivals(rng, START, START + WEEKS, TRUE)
    return learn(history, START, START + WEEKS), shares_of(key for _, key in mixed(rng, history))


def watched(watch: SurgeWatch, found: list[Arrival]) -> list[Surge]:
    return [surge for number, (at, key) in enumerate(found) for surge in watch.arrive(at, key, f"desk:{number}")]


def alarms_on_quiet_days(days: int, seed: int) -> float:
    baseline, shares = learned(seed)
    rng = random.Random(seed + 1)
    loud = 0
    for number in range(days):
        since = START + WEEKS + DAY * (number % 364)
        loud += bool(watched(SurgeWatch(baseline, shares), mixed(rng, arrivals(rng, since, since + DAY, TRUE))))
    return loud / days


def test_quiet_days_stay_quiet_over_all_groups_together() -> None:
    assert alarms_on_quiet_days(700, seed=1) <= 0.01


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_quiet_days_stay_quiet_for_long(seed: int) -> None:
    assert alarms_on_quiet_days(3_000, seed) <= 0.012


def delays(count: int, seed: int, surge: Callable[[random.Random, datetime], list[Arrival]], baseline: Baseline,
           shares: dict[GroupKey, float], true: Baseline) -> list[tuple[float, int]]:  # fmt: skip
    """Minutes from the surge's begin to its alarm and tickets of it until then; 1e9 for one that is missed."""
    rng, found = random.Random(seed), []
    for _ in range(count):
        day = START + WEEKS + DAY * rng.randrange(364)
        begin = day + HOUR * rng.randrange(7, 17)
        extra = surge(rng, begin)
        usual = mixed(rng, arrivals(rng, day, begin + 3 * HOUR, true))
        watch, tickets, answer = SurgeWatch(baseline, shares), 0, (1e9, 0)
        for at, key in sorted(usual + extra, key=lambda arrival: arrival[0]):
            tickets += (at, key) in extra
            if watch.arrive(at, key, "desk:1") and at >= begin:
                answer = ((at - begin) / MINUTE, tickets)
                break
        found.append(answer)
    return found


def test_tenfold_arrivals_are_found_in_a_quarter_of_an_hour() -> None:
    def tenfold(usual: Baseline) -> Callable[[random.Random, datetime], list[Arrival]]:
        return lambda rng, begin: mixed(rng, arrivals(rng, begin, begin + 3 * HOUR, usual, 9))

    found = delays(200, 5, tenfold(FLAT), FLAT, shares_of(key for _ in range(10) for key in KEYS), FLAT)
    assert statistics.median(minutes for minutes, _ in found) <= 15
    baseline, shares = learned(1)
    found = delays(100, 6, tenfold(TRUE), baseline, shares, TRUE)
    assert statistics.median(minutes for minutes, _ in found) <= 15


def test_a_new_cause_is_found_by_its_fifth_ticket() -> None:
    def new_cause(rng: random.Random, begin: datetime) -> list[Arrival]:
        return [(at, NEW) for at in arrivals(rng, begin, begin + 3 * HOUR, FLAT, 4)]

    baseline, shares = learned(1)
    found = delays(150, 7, new_cause, baseline, shares, TRUE)
    assert statistics.median(tickets for _, tickets in found) <= 5
    assert all(minutes < 1e9 for minutes, _ in found)


def test_an_alarm_says_what_it_rests_on_and_the_end_is_told() -> None:
    watch = SurgeWatch(FLAT, {})
    begin = START + 9 * HOUR
    found = watched(watch, [(begin + MINUTE * number, NEW) for number in range(20)])
    surge = next(each for each in found if each.key == NEW)
    assert surge.first == "desk:0"
    assert surge.since == begin
    assert surge.observed >= FEWEST
    assert surge.expected < 1
    assert "expected" in rate_words(surge)
    assert watch.tick(begin + 25 * MINUTE) == []
    assert {each.key for each in watch.tick(begin + 3 * HOUR)} >= {NEW}
    assert watch.standing() == []
    assert all(each.is_over and each.observed == 20 for each in watch.surges)


def test_a_surge_is_raised_once_and_may_come_again() -> None:
    watch = SurgeWatch(FLAT, {})
    for day in (0, 2):
        begin = START + DAY * day
        raised = watched(watch, [(begin + MINUTE * number, NEW) for number in range(30)])
        assert len([surge for surge in raised if surge.key == NEW]) == 1
        watch.tick(begin + DAY)
    assert len([surge for surge in watch.surges if surge.key == NEW]) == 2


def test_one_ticket_a_day_never_alarms() -> None:
    watch = SurgeWatch(FLAT, {})
    assert watched(watch, [(START + DAY * number, NEW) for number in range(300)]) == []


def test_the_baseline_learns_hour_weekday_and_patch_tuesday() -> None:
    baseline, _ = learned(1)
    assert baseline.per_hour == pytest.approx(3.0, rel=0.15)
    assert baseline.hours[8] > 3 * baseline.hours[2]
    assert baseline.weekdays[0] > 1.5 * baseline.weekdays[6]
    assert baseline.patch[1] > 1.3
    morning, night = datetime(2026, 4, 15, 8, tzinfo=UTC), datetime(2026, 4, 19, 3, tzinfo=UTC)
    assert baseline.rate(morning) > 10 * baseline.rate(night)


def test_twice_the_heads_bring_twice_the_tickets() -> None:
    baseline = Baseline(2.0, heads=1_000)
    assert baseline.rate(START, heads=2_000) == pytest.approx(4.0)
    assert baseline.rate(START) == pytest.approx(2.0)
    assert baseline.expected(START, START + HOUR * 1.5) == pytest.approx(3.0)


def test_without_history_the_baseline_is_cautious() -> None:
    assert learn([], START, START + WEEKS).per_hour == 1.0
    assert learn([START], START, START + HOUR).per_hour == 1.0


@pytest.mark.parametrize(("day", "days"), [((2026, 4, 14), 0), ((2026, 4, 15), 1), ((2026, 4, 13), 34), ((2026, 9, 8), 0)])  # fmt: skip  # noqa: E501
def test_patch_tuesday_is_the_second_tuesday(day: tuple[int, int, int], days: int) -> None:
    assert days_after_patch_tuesday(date(*day)) == days


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_every_month_has_one_patch_tuesday(day: date) -> None:
    patch = patch_tuesday(day.year, day.month)
    assert patch.weekday() == 1
    assert 8 <= patch.day <= 14
    assert days_after_patch_tuesday(day) >= 0


def test_counts_are_slices_that_end_now() -> None:
    moments = [START + MINUTE * number for number in (1, 2, 11, 29)]
    assert counts(moments, START + 30 * MINUTE, bins=3, width=10 * MINUTE) == (2, 1, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 3)), max_size=60))
def test_whatever_comes_in_whatever_order_alarms_are_well_formed(steps: list[tuple[int, int]]) -> None:
    watch = SurgeWatch(FLAT, {})
    for minute, which in steps:
        watch.arrive(START + MINUTE * minute, KEYS[which], "desk:1")
        watch.tick(START + MINUTE * minute)
    for surge in watch.surges:
        assert surge.since <= surge.found_at
        assert surge.observed >= FEWEST
        assert surge.likelihood >= 0
