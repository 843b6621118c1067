"""Mass incidents in words and small charts. Pure; every chart has a form in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from textual.content import Content

from screens.queue_row import cause_words
from screens.render import age
from tui.model.cause import Cause, CauseCode
from tui.model.group import CLONE, NONE_CAME, SET_ASIDE, Grade, Group, GroupKey
from tui.services.surge import Surge
from tui.services.surge_baseline import Baseline, counts

SLICE = timedelta(minutes=10)
BARS = "▁▂▃▄▅▆▇█"
SPARK_BINS = 12
SPARK_SPAN = SLICE * SPARK_BINS
SHIFT = timedelta(hours=12)
GRADE_WORDS = {Grade.EVIDENCE: "proven", Grade.TOLD: "told", Grade.UNDETERMINED: "open"}
GRADE_STYLES = {Grade.EVIDENCE: "$success", Grade.TOLD: "$accent", Grade.UNDETERMINED: "$warning"}
_PARTS = {CLONE: "clone or swapped disk", SET_ASIDE: "set aside by hand"}


def key_words(key: GroupKey) -> str:
    """What a group is, in a few words."""
    if key.cause is CauseCode.UNKNOWN and key.part in _PARTS:
        return _PARTS[key.part]
    words = cause_words(Cause(key.cause, key.pcr if key.pcr >= 0 else None, key.event or None))
    if key.event and key.event not in words:
        words = f"{words} {key.event}"
    return f"{words}, {key.part}" if key.part else words


def trigger_words(key: GroupKey) -> str:
    """What brought it, in a few words."""
    if key.update == NONE_CAME:
        return "no update"
    if key.update:
        return key.update
    return "-" if key.claims else "not known"


def spark(values: Sequence[int]) -> str:
    """A line of bars; nothing is a dot, so that it is seen that nothing came."""
    top = max(values, default=0)
    return "".join(BARS[min(7, value * 8 // (top + 1))] if value else "·" for value in values)


def spark_words(values: Sequence[int]) -> str:
    """The same in words: the last hour and the hour before."""
    half = len(values) // 2
    return f"{sum(values[half:])}/h was {sum(values[:half])}"


def arrivals_of(moments: Sequence[datetime], now: datetime) -> tuple[int, ...]:
    """Arrivals of the last two hours in slices of ten minutes."""
    return counts(moments, now, bins=SPARK_BINS, width=SLICE)


def group_line(group: Group, moments: Sequence[datetime], now: datetime, *, surging: bool, words: bool) -> Content:
    """A group in the list, 78 columns wide."""
    values = arrivals_of(moments, now)
    chart = f"{spark_words(values):12}" if words else spark(values)
    return Content.assemble(
        ("▲" if surging else " ", "bold $error"),
        (f"{group.open_count:4}", "bold"),
        f"/{len(group.members):<4} ",
        (f"{chart[:SPARK_BINS]:12} ", "$secondary"),
        (f"{_cut(key_words(group.key), 25):25} ", ""),
        (f"{_cut(trigger_words(group.key), 14):14} ", "$accent"),
        (f"{GRADE_WORDS[group.key.grade]:6}", GRADE_STYLES[group.key.grade]),
        f"{age(group.first_seen, now):>4}",
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _cut_middle(text: str, width: int) -> str:
    """Causes differ at their ends."""
    head = width // 2 - 1
    return text if len(text) <= width else f"{text[:head]}…{text[head + 1 - width :]}"


HEADER = f"   open/all  {'last 2 h':12} {'cause':25} {'trigger':14} rests on"
"""Over the list; `rests on` is proven, told or open."""


def expected_words(expected: float) -> str:
    """A small number of tickets."""
    return f"{expected:.1f}" if expected >= 0.1 else "under 0.1"


def surge_line(surge: Surge, now: datetime) -> Content:
    """An alarm in one line."""
    what = "all tickets together" if surge.key is None else f"{key_words(surge.key)} x {trigger_words(surge.key)}"
    return Content.assemble(
        ("▲ surge ", "bold $error"),
        (what, "bold"),
        f": {surge.observed} since {surge.since:%H:%M}, {expected_words(surge.expected)} expected",
        f", found {age(surge.found_at, now)} ago",
    )


def matrix(groups: Sequence[Group], *, words: bool = False) -> Content:
    """Updates by causes, open incidents; the number is there, colour only adds to it."""
    if not groups:
        return Content("No incidents.")
    cells: Counter[tuple[str, str]] = Counter()
    for group in groups:
        cells[trigger_words(group.key), key_words(group.key)] += group.open_count
    if words:
        told = [f"{kb} x {cause}: {count}" for (kb, cause), count in sorted(cells.items(), key=_by_count) if count]
        return Content("\n").join([Content(line) for line in told[:20]])
    causes = [cause for cause, _ in _totals(cells, 1)][:4]
    top = max(cells.values()) or 1
    titles = "".join(f"{_cut_middle(each, 14):>15}" for each in causes)
    lines = [Content.assemble((f"{'update':15}{titles}", "$secondary"))]
    for kb, total in _totals(cells, 0)[:12]:
        if total:
            heat = [_heat(cells[kb, cause], top) for cause in causes]
            lines.append(Content.assemble(f"{_cut(kb, 14):15}", *heat))
    return Content("\n").join(lines)


def _by_count(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]


def _heat(count: int, top: int) -> tuple[str, str]:
    style = "$secondary" if not count else "bold $error" if count * 2 > top else "$warning" if count * 5 > top else ""
    return f"{count or '·':>15}", style


def _totals(cells: Mapping[tuple[str, str], int], part: int) -> list[tuple[str, int]]:
    totals: Counter[str] = Counter()
    for key, count in cells.items():
        totals[key[part]] += count
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))


def timeline(moments: Sequence[datetime], now: datetime, baseline: Baseline | None, *, words: bool = False) -> Content:
    """Arrivals by the half hour over the shift, newest first, beside what the baseline expects; times are UTC."""
    width = timedelta(minutes=30)
    bins = int(SHIFT / width)
    values = counts(moments, now, bins=bins, width=width)
    top = max(1, *values)
    lines = [Content.assemble(("UTC    tickets  expected", "$secondary"))]
    for place, value in reversed(list(enumerate(values))):
        begins = now - width * (bins - place)
        expected = baseline.expected(begins, begins + width) if baseline is not None else 0.0
        bar = "" if words else "█" * round(40 * value / top)
        loud = value > 3 * expected + 3
        lines.append(
            Content.assemble(
                f"{begins:%H:%M} {value:8} {expected:9.1f}  ",
                (bar or ("far more than expected" if words and loud else ""), "$error" if loud else "$accent"),
            )
        )
    return Content("\n").join(lines)
