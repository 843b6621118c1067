"""Keys one at a time: what is typed ahead waits until the key before it has done all that it does.

Textual hands keys on at once. In a burst, as a slow line delivers them, the letters behind a `/` would still go to the
table, where one of them claims an incident.
"""

from collections import deque
from collections.abc import Callable, Sequence

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

ROUNDS = 3
"""A key leads to a message, that to a change of focus: each is behind the one before it in the same queues."""

PATIENCE_SECONDS = 0.25
"""After that the next key goes on whatever became of the one before it, such as a widget that went away."""


class TypeAhead:
    """Holds keys back while one is being handled."""

    def __init__(self, app: App[int], hand_on: Callable[[events.Key], None]) -> None:
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[events.Key] = deque()
        self._due: events.Key | None = None
        self._turn = 0
        self._busy = self._held = False

    def admit(self, key: events.Key) -> bool:
        """Whether the key may be handled now; if not, it is handed on when its turn comes."""
        if key is self._due:
            self._due = None
        elif self._busy or self._due is not None:
            # Behind those that wait: one that is handed on stands in the queue behind keys that came later.
            self._waiting.append(key)
            return False
        self._busy = True
        return True

    def hold(self, key: events.Key) -> None:
        """Keep a key that was admitted, and every one after it, until `let_go`."""
        self._turn += 1
        self._held = True
        self._waiting.appendleft(key)

    def let_go(self) -> None:
        """Hand on what was kept, in its order; nothing else, for a key that is being handled goes first."""
        if self._held:
            self._held = False
            self._next(self._turn)

    def handled(self) -> None:
        """The key was given to whoever has the focus; the next one follows when all queues on its way are empty."""
        self._turn += 1
        turn = self._turn
        self._app.set_timer(PATIENCE_SECONDS, lambda: self._next(turn), name="type-ahead")
        self._settle(turn, ROUNDS)

    def _settle(self, turn: int, rounds: int) -> None:
        if rounds == 0:
            self._next(turn)
            return
        focused = self._app.focused or self._app.screen
        self._hop([*focused.ancestors_with_self], turn, rounds)

    def _hop(self, way: Sequence[MessagePump], turn: int, rounds: int) -> None:
        """Go the way that the key bubbles, behind it in each queue."""
        for place, node in enumerate(way):
            if node.call_later(self._hop, way[place + 1 :], turn, rounds):
                return
        self._settle(turn, rounds - 1)

    def _next(self, turn: int) -> None:
        if turn != self._turn or not self._busy:
            return
        self._busy = False
        if self._waiting:
            self._due = self._waiting.popleft()
            self._hand_on(self._due)
