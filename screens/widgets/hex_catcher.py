"""A key ID typed on any screen starts a look-up, although some of its characters are keys of their own.

Of the sixteen hex digits some do something on most screens: 1 to 4 change the screen, `c` claims an incident. These
rules lose neither:

- A hex digit that no action uses opens the look-up at once, with what was typed just before it.
- A key that only looks (`1`) acts at once, because that does no harm; it is remembered for a moment.
- A key that changes something (`c`) waits for `HOLD_SECONDS`: if another hex digit follows it was an ID, else it acts.
- Four hex digits in a row that all are keys open the look-up too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

HEX = frozenset("0123456789abcdefABCDEF")
PAUSE_SECONDS = 0.6
"""A longer pause means that a new thing is typed: who goes to a screen and then types an ID takes longer."""
HOLD_SECONDS = 0.4
ENOUGH = 4

Answer = Literal["pass", "hold", "open"]


@dataclass(slots=True)
class HexCatcher:
    """Fed with every key that no field takes; `typed` is what may be the beginning of an ID."""

    typed: str = ""
    _last: float = float("-inf")
    _holding: bool = False

    def press(self, key: str, now: float, acting: Collection[str] = (), changing: Collection[str] = ()) -> Answer:
        """What becomes of a key at a monotonic time in seconds: hand it on, hold it back, or open with `typed`.

        `acting` are keys that do something here, `changing` those of them that do more than look.
        """
        if key not in HEX:
            self.typed, self._holding = "", False
            return "pass"
        if now - self._last > PAUSE_SECONDS:
            self.typed, self._holding = "", False
        self.typed, self._last = self.typed + key, now
        if key not in acting or self._holding or len(self.typed) >= ENOUGH:
            self._holding = False
            return "open"
        self._holding = key in changing
        return "hold" if self._holding else "pass"

    def taken(self) -> str:
        """What was typed, for the look-up; the catcher begins anew."""
        typed, self.typed, self._holding = self.typed, "", False
        return typed
