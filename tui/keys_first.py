"""Imports that step aside for keys.

A thread that imports shares Python's lock with the one that paints: half of each frame's time would go to modules that
nobody waits for. So the import of each module in a thread waits until the last key has had its frame.
"""

import sys
import threading
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

FRAME_SECONDS = 0.012
"""How long a key's frame may take."""


class KeysFirst:
    """A finder of `sys.meta_path` that finds nothing; the search is where it waits."""

    def __init__(self) -> None:
        self._until = 0.0

    def install(self) -> None:
        """From now on imports in threads wait for keys."""
        sys.meta_path.insert(0, self)

    def key_pressed(self) -> None:
        """A key came in; its frame goes first."""
        self._until = time.monotonic() + FRAME_SECONDS

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if threading.current_thread() is not threading.main_thread():
            while (left := self._until - time.monotonic()) > 0:
                time.sleep(left)
        return None
