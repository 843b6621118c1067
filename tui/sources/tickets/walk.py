"""Which page of a list to ask for next, so that nothing is missed while records change. Pure.

By `times` the list is ordered by the last change, and each page is asked for from the last time seen, because offsets
shift while records change; an offset is used only inside one unit of time (a second, a minute) that holds more changes
than a page. By `keys` it is ordered by the ticket's own number, which no edit moves, and so it is by `pages`, where a
page has a number and nothing else. By `token` (and `stream`, whose
token outlives the walk) the system itself knows where the next page begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tui.sources.tickets.records import Seen

PAGES = 5_000
_IDLE = {"times": 2, "keys": 2, "pages": 20}
"""Pages without anything new that may follow each other; new tickets at the front push known ones onto later pages."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins. `since` is None before the first record; `token` is the system's own."""

    since: datetime | None = None
    after: str = ""
    offset: int = 0
    token: str = ""


def next_watermark(newest: datetime | None, before: datetime | None, began: datetime | None) -> datetime | None:
    """From where to ask next, after a walk that began then (None where the system tells no time).

    What was edited behind the walk's back is later than its beginning. Nor may a record from the future, or a clock
    that was set back, hide what is changed from now on.
    """
    latest = max((each for each in (newest, before) if each is not None), default=None)
    return min(latest, began) if latest and began else latest


class Walk:
    """One walk through a list, from a place to its end."""

    def __init__(
        self,
        since: datetime | None,
        written: Callable[[datetime], str],
        *,
        step: Literal["times", "keys", "pages", "token", "stream"] = "times",
        whole_pages: bool = False,
        token: str = "",
    ) -> None:
        self.place = Place(since, token=token)
        self.newest = since
        self.token = token
        """The last one that the system gave."""
        self.endless = False
        """The list repeats itself: what stands in between does not do as it says."""
        self._written = written
        self._step = step
        self._whole_pages = whole_pages
        self._seen: set[tuple[str, datetime | None]] = set()
        self._tokens = {token}
        self._idle = 0
        self._pages = 0

    def take(self, page: Sequence[Seen], size: int, *, more: bool, token: str = "") -> bool:
        """Take in a page of `size` records; True when another page is to be asked for."""
        news = {(each.key, each.changed) for each in page} - self._seen
        self._seen |= news
        times = [each.changed for each in page if each.changed is not None]
        self.token = token or self.token
        self.newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        if not more or not size:
            return False
        self._pages += 1
        self.endless = self._pages >= PAGES or self._repeats(bool(news), token)
        if not self.endless:
            self.place = self._next(page, size, max(times, default=None), token)
        return not self.endless

    def _repeats(self, news: bool, token: str) -> bool:
        if self._step in ("token", "stream"):
            known = token in self._tokens
            self._tokens.add(token)
            return known
        self._idle = 0 if news else self._idle + 1
        # Everything before an offset was seen, so that what stands behind as many as were seen is new, or nothing.
        return self._idle > _IDLE[self._step] and (self._step != "times" or self.place.offset >= len(self._seen))

    def _next(self, page: Sequence[Seen], size: int, last: datetime | None, token: str) -> Place:
        here = self.place
        if self._step in ("token", "stream"):
            return Place(here.since, token=token)
        if self._step == "keys":
            return Place(here.since, page[-1].key if page else here.after)
        if self._step == "pages":
            return Place(here.since, offset=here.offset + size)
        if last is not None and self._later(last, here.since):
            return Place(last)
        # By half pages, because a record that moves on meanwhile pulls the others forward.
        step = size if self._whole_pages else max(1, size // 2)
        return Place(here.since, offset=here.offset + step)

    def _later(self, one: datetime, other: datetime | None) -> bool:
        """Later in the system's own unit; some answer with a second more than was asked for."""
        return other is None or (one > other and self._written(one) != self._written(other))
