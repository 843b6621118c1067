"""Watermarks: whatever is created or edited between any two requests, nothing is missed and nothing comes twice."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.samples import ticket
from tests.support.values import replace
from tui.model.incident import Ticket
from tui.services.incidents import IncidentBook, incident_of
from tui.sources.tickets.records import Seen
from tui.sources.tickets.walk import Walk, next_watermark

START = datetime(2026, 4, 15, 7, 0, tzinfo=UTC)
OVERLAP = timedelta(seconds=5)
Step = Literal["times", "keys", "pages", "token"]


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class World:
    """A list behind a server whose clock stands between edits; `extra` is how much more it gives than was asked for."""

    clock: int = 0
    extra: int = 0
    changed: dict[int, int] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    tokens: dict[str, list[int]] = field(default_factory=dict)

    def happen(self, what: tuple[str, int]) -> None:
        kind, number = what
        if kind == "wait":
            self.clock += number % 3
        elif kind == "create":
            new = len(self.changed)
            self.changed[new], self.versions[new] = self.clock, 0
        elif self.changed:
            known = number % len(self.changed)
            self.changed[known] = self.clock
            self.versions[known] += 1

    def at(self, second: int) -> datetime:
        return START + timedelta(seconds=second)

    def since(self, since: datetime | None) -> list[int]:
        low = -1 if since is None else int((since - START).total_seconds()) - self.extra
        return [number for number, second in self.changed.items() if second >= low]

    def page(self, walk: Walk, step: Step, size: int) -> tuple[list[Seen], bool, str]:
        place = walk.place
        found, token = self.since(place.since), ""
        if step == "token":
            if not place.token:
                place = replace(place, token=f"{len(self.tokens)}-0")
                self.tokens[place.token.split("-")[0]] = sorted(found, key=lambda each: (self.changed[each], each))
            name, start = place.token.split("-")
            walked, offset = self.tokens[name], int(start)
            more = offset + size < len(walked)
            token = f"{name}-{offset + size}" if more else ""
        elif step == "keys":
            walked, offset = sorted(each for each in found if not place.after or each > int(place.after)), 0
            more = size < len(walked)
        else:
            by_time = step == "times"
            walked = sorted(found, key=lambda each: (self.changed[each], each)) if by_time else sorted(found)[::-1]
            offset, more = place.offset, place.offset + size < len(walked)
        page = [
            Seen(str(each), self.at(self.changed[each]), {"v": self.versions[each]}) for each in walked[offset:][:size]
        ]
        return page, more, token


EVENTS = st.lists(
    st.tuples(st.sampled_from(["edit", "edit", "create", "wait", "wait"]), st.integers(0, 11)), max_size=4
)


def test_what_is_edited_behind_a_long_walk_comes_with_the_next_one() -> None:
    """The list is by number; the first ticket is edited early in the walk, the last one a minute later."""
    calm = [("wait", 2)] * 4
    check("keys", 2, 0, 12, [[("edit", 0)], calm, calm, calm, [("edit", 11)]])


def test_no_clock_that_errs_hides_what_comes_later() -> None:
    began, later = START, START + timedelta(days=9)
    assert next_watermark(later, None, began) == began
    assert next_watermark(None, later, began) == began
    assert next_watermark(began, later, None) == later
    assert next_watermark(None, None, began) is None


@settings(max_examples=150, deadline=None)
@given(
    step=st.sampled_from(["times", "keys", "pages", "token"]),
    size=st.integers(2, 5),
    extra=st.integers(0, 1),
    first=st.integers(0, 14),
    story=st.lists(EVENTS, min_size=1, max_size=40),
)
def test_any_interleaving_of_edits_pages_and_polls_ends_with_the_truth(
    step: Step, size: int, extra: int, first: int, story: list[list[tuple[str, int]]]
) -> None:
    check(step, size, extra, first, story)


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(max_examples=10_000, deadline=None)
@given(
    step=st.sampled_from(["times", "keys", "pages", "token"]),
    size=st.integers(2, 5),
    extra=st.integers(0, 1),
    first=st.integers(0, 30),
    story=st.lists(EVENTS, min_size=1, max_size=120),
)
def test_any_long_interleaving_ends_with_the_truth(
    step: Step, size: int, extra: int, first: int, story: list[list[tuple[str, int]]]
) -> None:
    check(step, size, extra, first, story)


def check(step: Step, size: int, extra: int, first: int, story: list[list[tuple[str, int]]]) -> None:
    """Poll while the story goes on, one chapter a request; poll on until it is quiet; compare."""
    world, book = World(extra=extra), IncidentBook()
    for _ in range(first):
        world.happen(("create", 0))
    chapters = list(story)
    watermark: datetime | None = None
    for poll in range(400):
        quiet = not chapters
        watermark = poll_once(world, book, step, size, watermark, chapters)
        world.clock += 1
        if quiet and poll:
            break
    assert not chapters
    told = {each.ticket.key: each.ticket.title for each in book.all()}
    assert told == {str(number): f"v{version}" for number, version in world.versions.items()}


def poll_once(
    world: World,
    book: IncidentBook,
    step: Step,
    size: int,
    watermark: datetime | None,
    chapters: list[list[tuple[str, int]]],
) -> datetime | None:
    began = world.at(world.clock)
    walk = Walk(watermark - OVERLAP if watermark else None, written, step=step)
    going = True
    while going:
        page, more, token = world.page(walk, step, size)
        book.apply([incident_of("desk", as_ticket(each)) for each in page])
        assert len(book) == len({each.id for each in book.all()})
        for event in chapters.pop(0) if chapters else ():
            world.happen(event)
        going = walk.take(page, len(page) or step == "token", more=more, token=token)
    assert not walk.endless
    return next_watermark(walk.newest, watermark, began)


def as_ticket(seen: Seen) -> Ticket:
    assert seen.changed is not None
    return replace(ticket(seen.key), title=f"v{seen.record['v']}", opened_at=START, updated_at=seen.changed)
