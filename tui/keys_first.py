"""Threads that step aside for keys.

A thread that computes shares Python's lock with the one that paints: half of each frame's time would go to what nobody
waits for. So a thread that imports, or goes through a hundred thousand lines, waits until the last key has had its
frame. Without a console there are no keys, and nothing waits.
"""

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    # The first frame waits for this module.
    from importlib.machinery import ModuleSpec
    from types import ModuleType

FRAME_SECONDS = 0.012
"""How long a key's frame may take."""

AT_ONCE = 200
"""Lines that a thread goes through between two looks for a key: less than a millisecond."""

_last_key = float("-inf")

Item = TypeVar("Item")


def key_pressed() -> None:
    """A key came in; its frame goes first."""
    global _last_key
    _last_key = time.monotonic()


def give_way() -> None:
    """Wait, in any thread but the one that paints, until the last key has had its frame."""
    if threading.current_thread() is not threading.main_thread():
        while (left := _last_key + FRAME_SECONDS - time.monotonic()) > 0:
            time.sleep(left)


def giving_way(items: Iterable[Item]) -> Iterator[Item]:
    """The items, with a look for a key now and then."""
    rest = iter(items)
    while part := tuple(islice(rest, AT_ONCE)):
        give_way()
        yield from part


def imports_give_way() -> None:
    """From now on each import of a module in a thread waits for keys."""
    if not any(isinstance(finder, _GivingWay) for finder in sys.meta_path):
        sys.meta_path.insert(0, _GivingWay())


class _GivingWay:
    """A finder of `sys.meta_path` that finds nothing; the search is where it waits."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        give_way()
        return None
