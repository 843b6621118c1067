"""The child's life: get warm, fetch one key, show it, take it away, end. Exactly one key, exactly once."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable

import msgspec

from tui.clock import boottime_ns
from tui.errors import Problem, ProblemKind
from tui.ports import SHOWN_SECONDS
from tui.vault import hardening, pictures
from tui.vault.console_state import ConsoleState
from tui.vault.copying import Copying
from tui.vault.display import Display
from tui.vault.drawing import Pane, Picture, write_within
from tui.vault.fetching import KeyReader
from tui.vault.listening import Listening
from tui.vault.messages import (
    LINE_LIMIT,
    ORDERS,
    Beat,
    Clear,
    Copy,
    Dictate,
    Draw,
    Drawn,
    Gone,
    Held,
    Hidden,
    Lend,
    Order,
    Prepare,
    Read,
    Ready,
    Refused,
    Report,
    Seal,
    line,
)
from tui.vault.password import RecoveryPassword
from tui.vault.reading_back import ReadingBack

TICK = 0.1
"""Seconds between two looks at deadline, terminal and console."""
BEAT_TICKS = 5

CONSOLE_GONE, CONSOLE_STOPPED, HANGUP = "console-gone", "console-stopped", "hangup"
DEADLINE, UNSHOWN = "deadline", "not-shown"
_SECOND = 1_000_000_000
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Service:
    """One key from order to end."""

    def __init__(self, tty: int, reports: int) -> None:
        self._display = Display(Pane(tty))
        self._listening = Listening(tty, self._report, self.end)
        self._copying = Copying(self._display.pane)
        self._console = ConsoleState()
        self._reports = reports
        self._reader: KeyReader | None = None
        self._password: RecoveryPassword | None = None
        self._key_id = ""
        self._deadline_ns = 0
        self._asked = False
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self, orders: asyncio.StreamReader) -> None:
        """Serve until something ends it; returns when the digits are gone and the console has been told."""
        tasks = [asyncio.create_task(work) for work in (self._obey(orders), self._watch())]
        cause = await self._ended
        for task in tasks:
            task.cancel()
        await self._take_away(cause)

    def end(self, cause: str) -> None:
        """The first cause counts."""
        if not self._ended.done():
            self._ended.set_result(cause)

    async def _obey(self, orders: asyncio.StreamReader) -> None:
        work: asyncio.Task[None] | None = None
        try:
            while text := await orders.readline():
                match ORDERS.decode(text):
                    case Read() | Copy() as order:
                        # Beside this loop: the console may end it, or die, while Graph or a clipboard is slow.
                        work = asyncio.create_task(self._answering(self._act(order)))
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
            case Read():
                await self._read(order)
            case Draw():
                password = self._held(order)
                self._show(pictures.blocks(password, order), digits=bool(order.blocks), mask_ms=order.mask_after_ms)
            case Dictate():
                password = self._held(order)
                reading = ReadingBack(self._display.pane, password, order, self._listening.reading)
                self._show(reading.picture, digits=True, mask_ms=order.mask_after_ms)
                self._listening.reading = reading
            case Seal():
                # Loads the cryptography, which other disclosures do not need.
                from tui.vault.sealing import sealed

                self._show(sealed(self._held(order), self._key_id, order), digits=False)
            case Copy():
                await self._copying.copy(self._held(order), order.route)
                self._report(Drawn())
            case Lend():
                self._listening.start(order)
                self._report(Drawn())
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
            password, answered = await self._reader.fetch(order)
        except Problem:
            self.end("not-read")
            raise
        self._password, self._key_id = password, order.key_id
        self._deadline_ns = boottime_ns() + min(order.hold_seconds, SHOWN_SECONDS) * _SECOND
        self._report(Held(answered.request_id, answered.graph_date, answered.http_status, self._deadline_ns))

    def _held(self, order: Draw | Dictate | Seal | Copy) -> RecoveryPassword:
        """The password, while it may still be shown. An order may shorten the time and never lengthen it."""
        if self._password is None:
            raise _out_of_turn("There is no key to draw yet")
        self._deadline_ns = min(order.deadline_boottime_ns, self._deadline_ns)
        if self._deadline_ns <= boottime_ns():
            self.end(DEADLINE)
            raise _out_of_turn("The time to show this key is over")
        return self._password

    def _show(self, picture: Picture, *, digits: bool, mask_ms: int = 0) -> None:
        self._listening.reading = None
        try:
            self._display.show(picture, digits=digits, mask_after_ms=mask_ms)
        except Problem:
            self.end("not-drawn")
            raise
        self._report(Drawn())

    async def _watch(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK)
            ticks += 1
            if self._deadline_ns and boottime_ns() >= self._deadline_ns:
                self.end(DEADLINE if self._display.used else UNSHOWN)
            if self._display.pane.hung_up:
                self.end(HANGUP)
            if self._password is not None and self._console.is_stopped():
                self.end(CONSOLE_STOPPED)
            if self._display.mask_if_due():
                self._report(Hidden())
            self._listening.settle()
            if self._listening.started and ticks % BEAT_TICKS == 0:
                self._report(Beat())

    async def _take_away(self, cause: str) -> None:
        self._listening.stop()
        gone = cause in (CONSOLE_GONE, CONSOLE_STOPPED, HANGUP, DEADLINE) or cause.startswith("signal-")
        self._display.erase(console_gone=gone)
        if self._password is not None:
            self._password.wipe()
        await self._copying.take_back()
        self._report(Gone(cause, self._display.shown_ms))

    def _report(self, report: Report) -> None:
        # A stopped console reads nothing and a dead one never will; neither may hold this up.
        write_within(self._reports, line(report), 0.2)


async def serve(tty: int) -> None:
    """Obey the orders that come over stdin."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    reports = _own_reports()
    os.set_blocking(reports, False)
    service = Service(tty, reports)
    for number in _SIGNALS:
        loop.add_signal_handler(number, service.end, f"signal-{number.name[3:].lower()}")
    orders = asyncio.StreamReader(limit=LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    await service.run(orders)


def _own_reports() -> int:
    """Take the pipe to the console off stdout: a clipboard program that stays would keep it open."""
    reports = os.dup(sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    return reports


def _out_of_turn(why: str) -> Problem:
    return Problem(ProblemKind.LOCAL, "The vault was asked out of turn", why, "Reveal again")
