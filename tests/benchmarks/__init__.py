"""Benchmarks: `python -m tests.benchmarks [NAME...]`.

Every module here with a `run() -> list[Row]` is one benchmark. What is promised is a ratio of two works that the same
run measures in turn, because ratios hold on any machine and seconds do not.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the work took `ratio` times its yardstick, and at most `goal` times is promised.

    A ratio of None means that the benchmark could not run here, and the note says why; a goal of None that nothing is
    promised.
    """

    name: str
    ratio: float | None
    goal: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """The promise holds, or was not measured."""
        return self.ratio is None or self.goal is None or self.ratio <= self.goal


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of processor time that a work and its yardstick took at their fastest."""

    work: float
    yardstick: float

    @property
    def ratio(self) -> float:
        """How many times the yardstick the work took."""
        return self.work / self.yardstick


def compare(work: Callable[[], object], yardstick: Callable[[], object], rounds: int = 7) -> Pace:
    """Time both in turn, so that a slow moment of the machine meets both; the fastest of the rounds counts."""
    works, yardsticks = zip(*((seconds(work), seconds(yardstick)) for _ in range(rounds)), strict=True)
    return Pace(min(works), min(yardsticks))


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
