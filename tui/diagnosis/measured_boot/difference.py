"""What differs between two measured-boot logs of one machine: which PCR, which event of it first."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest

from tui.diagnosis.measured_boot.log import BootEvent, BootLog
from tui.diagnosis.measured_boot.names import SHA1, SHA256, SHA384, SHA512, algorithm_name
from tui.diagnosis.measured_boot.replay import measured, replay

_PREFERRED = (SHA256, SHA384, SHA512, SHA1)


@dataclass(frozen=True, slots=True)
class PcrDifference:
    """How one PCR came to another value.

    `before` and `after` are its measured events in order. `position` is the place of the first event that differs,
    counted from 0; None when only the start value differed. `differing` counts the places that differ.
    """

    pcr: int
    before: tuple[BootEvent, ...]
    after: tuple[BootEvent, ...]
    position: int | None
    differing: int

    @property
    def first(self) -> tuple[BootEvent | None, BootEvent | None]:
        """The first pair of events that differ; None stands for a log that had no more events."""
        if self.position is None:
            return None, None
        return (
            self.before[self.position] if self.position < len(self.before) else None,
            self.after[self.position] if self.position < len(self.after) else None,
        )


@dataclass(frozen=True, slots=True)
class LogDifference:
    """The PCRs that differ in a bank that both logs have; `algorithm` is 0 when they have none in common."""

    algorithm: int
    pcrs: tuple[PcrDifference, ...] = ()

    @property
    def changed(self) -> list[int]:
        """Numbers of the PCRs that differ."""
        return [pcr.pcr for pcr in self.pcrs]


def diff(a: BootLog, b: BootLog, profile: Collection[int] | None = None) -> LogDifference:
    """Compare two logs, older first, in the PCRs of `profile` (all when None)."""
    algorithm = next((name for name in _PREFERRED if name in a.algorithms and name in b.algorithms), 0)
    if not algorithm:
        return LogDifference(0)
    before = replay(a)[algorithm_name(algorithm)]
    after = replay(b)[algorithm_name(algorithm)]
    wanted = sorted(pcr for pcr in before.keys() | after.keys() if profile is None or pcr in profile)
    changed = [pcr for pcr in wanted if before.get(pcr) != after.get(pcr)]
    return LogDifference(algorithm, tuple(_aligned(a, b, pcr, algorithm) for pcr in changed))


def _aligned(a: BootLog, b: BootLog, pcr: int, algorithm: int) -> PcrDifference:
    before, after = _events(a, pcr, algorithm), _events(b, pcr, algorithm)
    places = [
        place
        for place, (left, right) in enumerate(zip_longest(before, after))
        if left is None or right is None or left.digests[algorithm] != right.digests[algorithm]
    ]
    return PcrDifference(pcr, before, after, places[0] if places else None, len(places))


def _events(log: BootLog, pcr: int, algorithm: int) -> tuple[BootEvent, ...]:
    return tuple(event for event in log.events if event.pcr == pcr and measured(event) and algorithm in event.digests)
