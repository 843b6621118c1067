"""The child's life: get warm, fetch one key, draw it, take it away, end. Exactly one key, exactly once."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable

import msgspec

from tui.clock import boottime_ns
from tui.errors import Problem, ProblemKind
from tui.vault import hardening
from tui.vault.drawing import Pane, write_within
from tui.vault.fetching import KeyReader
from tui.vault.messages import (
    LINE_LIMIT,
    ORDERS,
    Clear,
    Draw,
    Drawn,
    Gone,
    Order,
    Prepare,
    Read,
    Ready,
    Refused,
    Report,
    line,
)
from tui.vault.password import RecoveryPassword

TICK = 0.1
"""Seconds between two looks at deadline and terminal. Sleep and stop of the machine or console do not stretch it."""
UNSHOWN_SECONDS = 60
"""How long a key may be held without being drawn."""
SHOWN_SECONDS = 900
"""How long digits may stand at most, whatever the console asks for."""

CONSOLE_GONE, HANGUP, DEADLINE, UNSHOWN = "console-gone", "hangup", "deadline", "not-shown"
_SECOND = 1_000_000_000
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Service:
    """One key from order to end."""

    def __init__(self, tty: int, reports: int) -> None:
        self._pane = Pane(tty)
        self._reports = reports
        self._reader: KeyReader | None = None
        self._password: RecoveryPassword | None = None
        self._deadline_ns = 0
        self._shown_ns = 0
        self._asked = False
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self, orders: asyncio.StreamReader) -> None:
        """Serve until something ends it; returns when the digits are gone and the console has been told."""
        tasks = [asyncio.create_task(work) for work in (self._obey(orders), self._watch())]
        cause = await self._ended
        for task in tasks:
            task.cancel()
        self._take_away(cause)

    def end(self, cause: str) -> None:
        """The first cause counts."""
        if not self._ended.done():
            self._ended.set_result(cause)

    async def _obey(self, orders: asyncio.StreamReader) -> None:
        work: asyncio.Task[None] | None = None
        try:
            while text := await orders.readline():
                match ORDERS.decode(text):
                    case Read() as order:
                        # Beside this loop: the console may end it, or die, while Graph is slow.
                        work = asyncio.create_task(self._answering(self._read(order)))
                    case order:
                        await self._answering(self._act(order))
        except (msgspec.MsgspecError, ValueError):
            self.end("bad-order")
        finally:
            if work is not None:
                work.cancel()
        self.end(CONSOLE_GONE)

    async def _answering(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Problem as problem:
            self._report(Refused.of(problem))
        except Exception as error:
            # Its text may quote what was being handled.
            self._report(Refused(ProblemKind.LOCAL, "The vault failed", type(error).__name__, "Reveal again"))
            self.end("vault-failed")

    async def _act(self, order: Order) -> None:
        match order:
            case Prepare():
                self._prepare(order)
            case Draw():
                self._draw(order)
            case Clear():
                self.end(order.why)

    def _prepare(self, order: Prepare) -> None:
        self._reader = KeyReader(order)
        # After the imports, which are most of the memory, and before the first secret.
        refusal = hardening.lock_memory()
        self._report(Ready(hardening.core_limit(), hardening.is_dumpable(), refusal))

    async def _read(self, order: Read) -> None:
        if self._reader is None or self._asked:
            raise _out_of_turn("One vault reads one key, once")
        self._asked = True
        try:
            password, held = await self._reader.fetch(order)
        except Problem:
            self.end("not-read")
            raise
        self._password = password
        self._deadline_ns = boottime_ns() + UNSHOWN_SECONDS * _SECOND
        self._report(held)

    def _draw(self, order: Draw) -> None:
        if self._password is None:
            raise _out_of_turn("There is no key to draw yet")
        now = boottime_ns()
        # A later drawing, after a resize say, may shorten the time and never lengthen it.
        longest = self._deadline_ns if self._shown_ns else now + SHOWN_SECONDS * _SECOND
        self._deadline_ns = min(order.deadline_boottime_ns, longest)
        self._shown_ns = self._shown_ns or now
        if self._deadline_ns <= now:
            self.end(DEADLINE)
            raise _out_of_turn("The time to show this key is over")
        try:
            self._pane.draw(self._password, order)
        except Problem:
            self.end("not-drawn")
            raise
        self._report(Drawn())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._deadline_ns and boottime_ns() >= self._deadline_ns:
                self.end(DEADLINE if self._shown_ns else UNSHOWN)
            if self._pane.hung_up:
                self.end(HANGUP)

    def _take_away(self, cause: str) -> None:
        self._pane.erase(console_gone=cause in (CONSOLE_GONE, HANGUP, DEADLINE) or cause.startswith("signal-"))
        if self._password is not None:
            self._password.wipe()
        shown = boottime_ns() - self._shown_ns if self._shown_ns else 0
        self._report(Gone(cause, shown // 1_000_000))

    def _report(self, report: Report) -> None:
        # A stopped console reads nothing and a dead one never will; neither may hold this up.
        write_within(self._reports, line(report), 0.2)


async def serve(tty: int) -> None:
    """Obey the orders that come over stdin."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    os.set_blocking(sys.stdout.fileno(), False)
    service = Service(tty, sys.stdout.fileno())
    for number in _SIGNALS:
        loop.add_signal_handler(number, service.end, f"signal-{number.name[3:].lower()}")
    orders = asyncio.StreamReader(limit=LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    await service.run(orders)


def _out_of_turn(why: str) -> Problem:
    return Problem(ProblemKind.LOCAL, "The vault was asked out of turn", why, "Reveal again")
