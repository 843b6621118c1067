"""Records kept for the facts, in bounded memory."""

from collections import deque
from collections.abc import Iterator

from tui.diagnosis.events.reader import Record

_TEXT_OVERHEAD = 200


class KeptRecords:
    """The newest records of a log up to a size in characters; older ones give way and are counted as `dropped`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: deque[tuple[int, Record]] = deque()
        self.dropped = 0

    def add(self, record: Record) -> None:
        """Keep a record, at the cost of the oldest ones if need be."""
        size = _TEXT_OVERHEAD + sum(len(value) for value in record.data.values() if isinstance(value, str))
        self._kept.append((size, record))
        self._size += size
        while self._size > self._limit and len(self._kept) > 1:
            gone, _ = self._kept.popleft()
            self._size -= gone
            self.dropped += 1

    def __iter__(self) -> Iterator[Record]:
        """The kept records in the order of the log."""
        return iter(sorted((record for _, record in self._kept), key=lambda record: record.number))
