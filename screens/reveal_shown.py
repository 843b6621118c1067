"""What stands on the screen of a disclosure, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tui.errors import Problem, ProblemKind

BLOCK_MS, DICTATION_MS, ALL_MS = 20_000, 45_000, 60_000
"""How long one block, a block that is read aloud, and all eight stand before they are masked again."""

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Shown:
    """Digits that stand on the screen: how to draw them again, and until when (boot time)."""

    draw: Callable[[int], object]
    until_ns: int


def whole(place: Place | None) -> Place:
    """The place, or `Problem` where the pane is not in view as a whole."""
    if place is None:
        raise Problem(
            ProblemKind.LOCAL,
            "The terminal is too small to show the key",
            "It would be cut, and a cut key is a wrong key",
            "Make the terminal at least 60 columns and 24 rows, and press the key again.",
        )
    return place
