"""The list of changed tickets: where a poll begins, its pages, and the watermark that it leaves."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.incident import Ticket
from tui.ports import TicketBatch
from tui.sources.tickets.people import People
from tui.sources.tickets.profile import Listing, Profile
from tui.sources.tickets.records import Reader, Search, Seen, compiled
from tui.sources.tickets.speaking import Found, Speaker
from tui.sources.tickets.templates import fill, fill_body, fill_path, fill_query
from tui.sources.tickets.texts import Texts
from tui.sources.tickets.walk import Place, Walk, next_watermark
from tui.sources.upstream import Answer

STAMP = "%Y-%m-%d %H:%M:%S"
"""A watermark's time, in UTC."""
_WATERMARK = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?: (\S{1,4000}))?")
_FEW = 50
_SKEW = timedelta(seconds=30)
_GONE = (400, 404, 410, 422)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Paths:
    items: Search
    next: Search
    more: Search | None
    total: Search | None


class TicketList:
    """Reads the list of a profile."""

    def __init__(self, profile: Profile, speaker: Speaker, reader: Reader, people: People) -> None:
        self._profile = profile
        self._speaker = speaker
        self._reader = reader
        self._people = people
        self._texts = Texts(profile.detail, speaker)
        self._paths = {id(each): _compiled(each) for each in (profile.listing, profile.open_list) if each}

    async def changed_since(self, watermark: str) -> TicketBatch:
        """See `TicketSource`."""
        since, token = _parsed(watermark)
        first, listing = since is None, self._profile.listing
        began, known = datetime.now(UTC), self._speaker.desk.skew
        if first and listing.first_days:
            since = self._speaker.desk.now() - timedelta(days=listing.first_days)
        try:
            walk, seen = await self._walk(listing, since, token=token, first=first)
            if known is None and self._misjudged():
                walk, seen = await self._walk(listing, since, token=token, first=first)
        except Problem as problem:
            if not token or problem.status not in _GONE:
                raise
            # A cursor that the system no longer knows: go on from the time that was kept with it.
            walk, seen = await self._walk(listing, since, token="", first=False)
        return TicketBatch(tuple(await self._tickets(seen)), self._watermark(listing, walk, since, began))

    async def open_keys(self) -> frozenset[str]:
        """Keys of all open tickets, read as briefly as the profile can say."""
        listing = self._profile.open_list or self._profile.listing
        _, seen = await self._walk(listing, None, token="", first=True, brief=True)
        return frozenset(each.key for each in seen)

    async def whole(self, found: Found) -> Ticket:
        """A ticket that was read by its key, with its text."""
        [ticket] = await self._tickets([Seen(found.key, None, found.record)])
        return ticket

    async def _walk(
        self, listing: Listing, since: datetime | None, *, token: str, first: bool, brief: bool = False
    ) -> tuple[Walk, list[Seen]]:
        walk = Walk(
            since - timedelta(seconds=listing.overlap_seconds) if since else None,
            self._reader.times.written,
            step=listing.step,
            whole_pages=listing.whole_pages,
            token=token,
        )
        found: dict[str, Seen] = {}
        going = True
        while going:
            answer = await self._page(listing, walk.place, first=first, brief=brief)
            page, size, more, next_token = await self._taken(listing, answer, walk.place)
            for each in page:
                known = found.get(each.key)
                # Edits can come out of order: the later one counts, whichever page it stood on.
                if known is None or (each.changed or _NEVER) >= (known.changed or _NEVER):
                    found[each.key] = each
            going = walk.take(page, size, more=more, token=next_token)
        if walk.endless:
            raise Problem(
                ProblemKind.UPSTREAM,
                "The ticket system's list does not end",
                "The same records came again and again, or more pages than there can be",
                "Look at what stands between here and the ticket system",
            )
        return walk, list(found.values())

    async def _page(self, listing: Listing, place: Place, *, first: bool, brief: bool) -> Answer:
        values = self._values(listing, place, first=first)
        query = {**self._profile.view, **fill_query({**listing.query, **(listing.brief if brief else {})}, values)}
        body = None if listing.body is None else msgspec.json.encode(fill_body(listing.body, values))
        desk, path = self._speaker.desk, fill_path(listing.path, values)
        return await desk.call(listing.method, path, "changed tickets", query=query, body=body, saving=True)

    def _values(self, listing: Listing, place: Place, *, first: bool) -> dict[str, str]:
        values = {
            "limit": str(listing.size),
            "offset": str(place.offset),
            "page": str(place.offset // listing.size + 1),
            "token": place.token,
            "key": place.after,
            "time": self._reader.times.written(place.since) if place.since else "",
            **self._ago(place.since),
        }
        parts = {
            "open": first,
            "changed": not first,
            "since": place.since is not None and not place.token,
            "after": bool(place.after),
        }
        # Parts are filled after the values that they hold.
        return values | {
            name: fill(listing.parts.get(name, ""), values) if told else "" for name, told in parts.items()
        }

    def _ago(self, since: datetime | None) -> dict[str, str]:
        """How long a time is past on the system's own clock, in whole units and one more: zones do not matter then."""
        if since is None:
            return {}
        seconds = max(1, int((self._speaker.desk.now() - since).total_seconds()) + 2)
        return {"seconds": str(seconds), "minutes": str(seconds // 60 + 1)}

    def _misjudged(self) -> bool:
        """The first answer showed that the system's clock is ahead, and a time before now was too short."""
        desk = self._speaker.desk
        parts = self._profile.listing.parts.values()
        relative = any(slot in part for part in parts for slot in ("{minutes}", "{seconds}"))
        return relative and desk.skew is not None and desk.skew > _SKEW

    async def _taken(self, listing: Listing, answer: Answer, place: Place) -> tuple[list[Seen], int, bool, str]:
        whole = await self._speaker.decode(answer, "changed tickets")
        paths = self._paths[id(listing)]
        items = paths.items(whole)
        if not isinstance(items, list):
            raise self._speaker.desk.unreadable(answer, "changed tickets", "It holds no list of tickets")
        seen = await _beside(len(items), lambda: self._reader.seen(self._speaker.joined(items, whole)))
        token = paths.next(whole)
        token = str(token) if isinstance(token, str | int) and not isinstance(token, bool) else ""
        if listing.step in ("times", "keys", "pages"):
            more = len(items) >= listing.size or self._total(paths, whole, answer, listing) > place.offset + len(items)
        else:
            more = bool(token) and (paths.more is None or bool(paths.more(whole)))
        # An empty page of a list that goes on by tokens says nothing about the next one.
        return seen, max(len(items), listing.step in ("token", "stream")), more, token

    def _total(self, paths: _Paths, whole: Any, answer: Answer, listing: Listing) -> int:
        said = paths.total(whole) if paths.total else answer.headers.get(listing.total_header, "")
        # A system may cap pages below the limit that was asked for, and says the whole count then.
        return int(said) if str(said).isdecimal() and len(str(said)) < 12 else 0

    def _watermark(self, listing: Listing, walk: Walk, before: datetime | None, began: datetime) -> str:
        skew = self._speaker.desk.skew
        newest = next_watermark(walk.newest, before, None if skew is None else began + skew)
        if newest is None:
            return ""
        stamp = newest.astimezone(UTC).strftime(STAMP)
        return f"{stamp} {walk.token}" if listing.step == "stream" and walk.token else stamp

    async def _tickets(self, seen: Sequence[Seen]) -> list[Ticket]:
        texts = await self._texts.of([each.key for each in seen])
        if self._profile.who is not None:
            for each in seen:
                await self._people.learn(self._reader.holder(each.record))
        found = await _beside(len(seen), lambda: [self._ticket(each, texts) for each in seen])
        return [ticket for ticket in found if ticket]

    def _ticket(self, seen: Seen, texts: Mapping[str, str]) -> Ticket | None:
        shown = self._people.shown(self._reader.holder(seen.record))
        return self._reader.ticket(seen.record, shown, texts.get(seen.key, ""))


async def _beside(size: int, work: Callable[[], T]) -> T:
    """Work over many records runs beside the event loop: a record takes about 60 microseconds."""
    return await asyncio.to_thread(work) if size > _FEW else work()


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def _compiled(listing: Listing) -> _Paths:
    return _Paths(
        compiled(listing.items),
        compiled(listing.next or "`null`"),
        compiled(listing.more) if listing.more else None,
        compiled(listing.total) if listing.total else None,
    )


def _parsed(watermark: str) -> tuple[datetime | None, str]:
    """Time and cursor of a watermark; None and empty when it is none of ours."""
    found = _WATERMARK.fullmatch(watermark)
    try:
        since = datetime.strptime(found[1], STAMP).replace(tzinfo=UTC) if found else None
    except ValueError:
        since = None
    return (since, found[2] or "") if found and since and since.year > 1 else (None, "")
