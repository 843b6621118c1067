"""What a group's devices have in common beyond the cause, against the fleet: "all 31 are Longitude 7450". Pure.

A value stands out when its count among the members is too high for chance at the fleet's share, even though every value
was looked at. Unknown values are left out of both counts and said.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from tui.services.incident_evidence import Facets

NAMES: tuple[str, ...] = tuple(each.name for each in fields(Facets))
"""The facets, in the order in which they are shown."""

CHANCE = 0.01
"""The chance, over all values looked at, that one stands out by luck."""


@dataclass(frozen=True, slots=True)
class Share:
    """A value of a facet: how many of the members whose value is known have it, and the fleet's share (0 to 1).

    `fleet` is None when nothing is known of the fleet. `chance` bounds how likely so many are at the fleet's share.
    """

    facet: str
    value: str
    count: int
    known: int
    members: int
    fleet: float | None
    chance: float

    @property
    def stands_out(self) -> bool:
        """Too many for chance."""
        return self.chance <= CHANCE


def shares(members: Sequence[Facets], fleet: Sequence[Facets]) -> tuple[Share, ...]:
    """Every value of every facet, those that stand out first, then the most frequent."""
    found = [share for name in NAMES for share in _of_facet(name, members, fleet)]
    looked_at = max(1, len(found))
    adjusted = [_adjusted(share, looked_at) for share in found]
    return tuple(sorted(adjusted, key=lambda each: (not each.stands_out, -each.count, NAMES.index(each.facet), each.value)))  # fmt: skip  # noqa: E501


def _adjusted(share: Share, looked_at: int) -> Share:
    chance = min(1.0, share.chance * looked_at)
    return Share(share.facet, share.value, share.count, share.known, share.members, share.fleet, chance)


def _of_facet(name: str, members: Sequence[Facets], fleet: Sequence[Facets]) -> Iterable[Share]:
    values = Counter(value for each in members if (value := str(getattr(each, name))))
    usual = Counter(value for each in fleet if (value := str(getattr(each, name))))
    known, devices = values.total(), usual.total()
    for value, count in values.items():
        # One made-up device on each side keeps a value that the fleet has not shown from being impossible.
        share = (usual[value] + 1) / (devices + 2) if devices else None
        chance = 1.0 if share is None else _tail(count, known, share)
        told = usual[value] / devices if devices else None
        yield Share(name, value, count, known, len(members), told, chance)


def _tail(count: int, known: int, share: float) -> float:
    """A bound on the chance of so many or more: e to the -n KL (Chernoff 1952)."""
    seen = count / known
    if seen <= share:
        return 1.0
    divergence = seen * math.log(seen / share)
    if seen < 1:
        divergence += (1 - seen) * math.log((1 - seen) / (1 - share))
    return math.exp(-known * divergence)


def share_words(share: Share) -> str:
    """A share in one line, for people."""
    how_many = f"all {share.known}" if share.count == share.known else f"{share.count} of {share.known}"
    words = f"{how_many} known: {share.facet} {share.value}"
    if share.fleet is not None:
        words += f" (fleet {share.fleet:.0%})"
    if share.known < share.members:
        words += f", {share.members - share.known} not known"
    return words


def common_words(found: Sequence[Share]) -> str:
    """What stands out, in one sentence; empty when nothing does."""
    standing = {share.facet: share for share in reversed(found) if share.stands_out}
    told = [standing[name] for name in NAMES if name in standing]
    if not told:
        return ""
    first = told[0]
    how_many = f"all {first.known}" if first.count == first.known else f"{first.count} of {first.known}"
    return f"{how_many} known are " + ", ".join(f"{share.facet} {share.value}" for share in told)
