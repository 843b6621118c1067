"""A Patch Tuesday, the same for the same seed: who owns what, what breaks, who calls when, and what devices do."""

import gc
import heapq
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tui.demo.cases import CASES, Cast, Stage
from tui.demo.clock import PlayClock, desk_time
from tui.demo.desk import Desk
from tui.demo.fleet import HOUR, UNIT_NAMES, Fleet
from tui.demo.ids import guid, sys_id
from tui.demo.records import Action, Case, Device, Quoting, Story, Ticket, Unit
from tui.demo.replay import cast_replay
from tui.demo.stories import BEFORE, PLOT_SHARES
from tui.demo.tenant import ROTATE, Tenant
from tui.services.replay import Replay

ARRIVALS_LAST = 600.0
"""Seconds of the play in which tickets arrive."""
MAX_SIZE = 100_000
SECOND_ENGINEER = "second.engineer@demo.example"
_CASES_AT_START = 7
_BYSTANDERS = 60
_QUOTINGS: tuple[Quoting, ...] = ("full",) * 7 + ("prefix",) * 8 + ("none",) * 5


class Play:
    """The tenant and the desk, moved on by the clock. Nothing happens between calls of `run`."""

    def __init__(self, seed: int, size: int, speed: float = 1.0, replay: Replay | None = None) -> None:
        self.seed = seed
        self._replay = replay
        self.size = min(max(size, 1), MAX_SIZE)
        self.clock = PlayClock(speed)
        self._rng = random.Random(seed)  # noqa: S311 - a play that repeats, not a secret
        units = tuple(Unit(guid(self._rng), name) for name in UNIT_NAMES)
        self.tenant = Tenant(seed, units)
        self.desk = Desk()
        self.cases: dict[str, Case] = {}
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._scheduled = 0
        with _uncollected():
            self.tickets = self._write()
        self._waiting = deque(self.tickets)
        self._open_first()

    def run(self) -> None:
        """Let everything happen that is due by now; it is stamped with the time of the wall."""
        now, stamp = self.clock.now(), time.time()
        while self._waiting and self._waiting[0].arrives <= now:
            self._arrive(self._waiting.popleft(), stamp)
        while self._events and self._events[0][0] <= now:
            heapq.heappop(self._events)[2](stamp)

    def advance(self, seconds: float) -> None:
        """Turn the clock on and let happen what is due."""
        self.clock.advance(seconds)
        self.run()

    def request_rotation(self, device: Device) -> None:
        """Queue a rotation: pending until the device's next check-in, some seconds from now."""
        now = time.time()
        device.actions = [action for action in device.actions if action.name != ROTATE]
        device.actions.append(Action(ROTATE, "pending", now, now))
        self.at(self.clock.now() + 5 + self._rng.random() * 10, partial(self.tenant.check_in, device))

    def change(self, ticket: Ticket, changes: dict[str, str]) -> None:
        """An engineer writes to a ticket; the last write wins."""
        now = time.time()
        ticket.assigned_to = changes.get("assigned_to", ticket.assigned_to)
        ticket.state = changes.get("state", ticket.state)
        ticket.short_description = changes.get("short_description", ticket.short_description)
        ticket.problem = changes.get("problem_id", ticket.problem)
        if changes.get("work_notes"):
            ticket.notes.append(
                f"{desk_time(now)} - {ticket.assigned_to or 'engineer'} (Work notes)\n{changes['work_notes']}"
            )
        self.desk.touch(ticket, now)

    def at(self, second: float, happen: Callable[[float], None]) -> None:
        """Let something happen at a second of the play; it is told the time of the wall."""
        self._scheduled += 1
        heapq.heappush(self._events, (second, self._scheduled, happen))

    def _arrive(self, ticket: Ticket, stamp: float) -> None:
        self.desk.open(ticket, stamp)
        if ticket.device is not None:
            ticket.device.before = None
        luck = _luck(ticket)
        if luck < 0.08:
            self.at(ticket.arrives + 45 + luck * 500, partial(self._claimed_by_other, ticket))
        elif luck < 0.5 and ticket.story.quoting == "none":
            self.at(ticket.arrives + 60 + luck * 100, partial(self._called_back, ticket))

    def _claimed_by_other(self, ticket: Ticket, stamp: float) -> None:
        if not ticket.assigned_to:
            ticket.assigned_to, ticket.state = SECOND_ENGINEER, "2"
            self.desk.touch(ticket, stamp)

    def _called_back(self, ticket: Ticket, stamp: float) -> None:
        ticket.added = f"Caller rang again. Key ID, first 8: {ticket.story.key_id[:8].upper()}"
        self.desk.touch(ticket, stamp)

    def _open_first(self) -> None:
        base = self.clock.started_at
        already = [ticket for ticket in self.tickets if ticket.arrives <= 0]
        for ticket in already:
            self._waiting.popleft()
            self.desk.open(ticket, base + ticket.arrives)
            if _luck(ticket) < 0.08:
                ticket.assigned_to, ticket.state = SECOND_ENGINEER, "2"

    def _write(self) -> list[Ticket]:
        rng, fleet = self._rng, Fleet(self._rng, self.tenant, self.clock.started_at)
        if self._replay is not None:
            return cast_replay(rng, fleet, self._replay)
        casts = [(name, build(Stage(fleet))) for name, (_, build) in CASES.items()]
        positions = _positions(self.size, len(casts))
        placed = dict(zip(positions, casts, strict=False))
        arrivals = _arrivals(rng, self.size)
        tickets = [self._ticket(fleet, number, at, placed.get(number)) for number, at in enumerate(arrivals)]
        for number in range(_BYSTANDERS + self.size // 5):
            device = fleet.ordinary(PLOT_SHARES[int(rng.random() * len(PLOT_SHARES))], fleet.person())
            if number % 2:
                device.before = BEFORE.get(device.build)
        return tickets

    def _ticket(self, fleet: Fleet, number: int, arrives: float, placed: tuple[str, Cast] | None) -> Ticket:
        rng = self._rng
        name, cast = placed if placed else ("", None)
        story, device = (cast.story, None) if cast else _ordinary(fleet)
        if device is not None and arrives > 0:
            device.before = BEFORE.get(device.build)
        priority = cast.priority if cast else 2 if story.caller.vip else 3 + int(rng.random() * 2)
        ticket = Ticket(sys_id(rng), f"INC{number + 10001:07d}", story, priority, arrives, device=device)
        if cast:
            devices = tuple(device.device_id for device in cast.devices)
            ticket.scripted = True
            self.cases[name] = Case(name, CASES[name][0], ticket.number, devices, cast.keys)
        return ticket


def _ordinary(fleet: Fleet) -> tuple[Story, Device]:
    rng = fleet.rng
    plot = PLOT_SHARES[int(rng.random() * len(PLOT_SHARES))]
    caller = fleet.person()
    device = fleet.ordinary(plot, caller)
    story = Story(
        plot.name,
        caller,
        device.name,
        device.build.kb if plot.name in ("pcr7", "dbx") else "",
        device.keys[-1 if len(device.keys) > 1 and device.keys[-1].volume == 1 else 0].id,
        _QUOTINGS[int(rng.random() * len(_QUOTINGS))],
        rng.random() < 0.4,
        rng.random() < 0.3,
        rng.getrandbits(16),
    )
    return story, device


def _luck(ticket: Ticket) -> float:
    """What becomes of an ordinary ticket by itself; the hard cases are left alone."""
    return 1.0 if ticket.scripted else (ticket.story.turn * 7919 % 1000) / 1000


def _at_start(size: int) -> int:
    return max(1, size // 5)


def _positions(size: int, cases: int) -> Iterator[int]:
    """Where in the order of arrival the cases come: some among the first fifth, the others evenly in the rest."""
    first = _at_start(size)
    early = min(_CASES_AT_START, first, cases)
    yield from (number * first // early for number in range(early))
    rest, late = size - first, cases - early
    if late <= rest:
        yield from (first + number * rest // late for number in range(late))
    else:
        yield from range(first, size)


def _arrivals(rng: random.Random, size: int) -> list[float]:
    first = _at_start(size)
    before = sorted(-rng.random() * 1.5 * HOUR for _ in range(first))
    after = sorted(rng.triangular(1, ARRIVALS_LAST, ARRIVALS_LAST / 3) for _ in range(size - first))
    return before + after


@contextmanager
def _uncollected() -> Iterator[None]:
    """A hundred thousand records hold no cycles; looking for some would double the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
