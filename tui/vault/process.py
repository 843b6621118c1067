"""The console's end of one vault child. What comes back has fixed shapes, none of which can hold a digit."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from tui.clock import boottime_ns
from tui.errors import Problem, ProblemKind
from tui.ports import (
    AccessToken,
    Cleared,
    DictationRegion,
    DrawRegion,
    KeyboardLoan,
    KeyPressed,
    KeyRead,
    KeyReadRequest,
    Masked,
    ReadBack,
    SealRegion,
    VaultEvent,
)
from tui.vault.environment import refuse_remote
from tui.vault.messages import (
    REPORTS,
    Clear,
    Compared,
    Copy,
    Dictate,
    Draw,
    Drawn,
    Gone,
    Held,
    Hidden,
    Lend,
    Order,
    Pressed,
    Read,
    Ready,
    Refused,
    Report,
    Seal,
    line,
)

WARM_SECONDS = 25.0
"""For getting warm, beside the time that the call to Graph has: half a second, more on a busy machine."""
DRAW_SECONDS = 2.0
CLEAR_SECONDS = 1.5
"""After that the child is killed."""
COPY_SECONDS = 5.0
SILENT_SECONDS = 4
"""A child that has the keyboard and says nothing for so long is killed: nobody could take the key away by hand."""
LOST = "lost-vault"
"""`ended_by` of a child that died without a word. Digits may stand until the console repaints the pane."""

Reply = TypeVar("Reply", Held, Drawn)


class VaultProcess:
    """`tui.ports.OpenVault` over a child process.

    Cancelling `read` or `draw` ends the child. Cancelling `cleared` or `clear` only stops the waiting: the first leaves
    the child to its deadline, the second goes on clearing.
    """

    def __init__(self, process: asyncio.subprocess.Process, token: AccessToken, timeout: float = 20.0) -> None:
        loop = asyncio.get_running_loop()
        self.pid = process.pid
        self.protection: Ready | None = None
        """How the child is protected, once it is warm."""
        self._process = process
        self._token = token
        self._read_seconds = WARM_SECONDS + timeout
        self._turn = asyncio.Lock()
        self._reply: asyncio.Future[Held | Drawn] | None = None
        self._asked = False
        self._held = False
        self._why = ""
        self._drawn_ns = 0
        self._cleared: asyncio.Future[Cleared] = loop.create_future()
        self._ending: asyncio.Task[Cleared] | None = None
        self._on_event: Callable[[VaultEvent], None] | None = None
        self._silent = 0
        self._guarding: asyncio.Task[None] | None = None
        self._listening = asyncio.create_task(self._listen())

    async def read(self, request: KeyReadRequest) -> KeyRead:
        """Fetch and check the key; raises `Problem` and ends the child when that fails."""
        try:
            token = "" if request.object_guid else await self._token.token()
            self._asked = True
            order = Read(request.key_id, request.client_request_id, token, request.hold_seconds, request.object_guid)
            held = await self._ask(order, Held, self._read_seconds)
        except Problem:
            await self.clear("not-read")
            raise
        except BaseException:
            self._abandon()
            raise
        self._held = True
        return KeyRead(held.request_id, held.graph_date, held.http_status, held.deadline_boottime_ns)

    async def draw(self, region: DrawRegion, deadline_boottime_ns: int) -> None:
        """Write the digits into the region; returns when they stand there.

        May be called again, with other blocks or, after a resize, other cells; the first deadline can then be shortened
        and not lengthened. Raises `Problem` and ends the child when they cannot be drawn.
        """
        order = Draw(region.cells, region.sgr, region.blocks, deadline_boottime_ns, region.mask_after_ms)
        await self._ask_to_draw(order)

    async def dictate(self, region: DictationRegion, deadline_boottime_ns: int) -> None:
        """Write one block and its words, and compare with it what is typed from then on; errors are those of `draw`."""
        order = msgspec.convert(
            {**msgspec.to_builtins(region), "type": "dictate", "deadline_boottime_ns": deadline_boottime_ns}, Dictate
        )
        await self._ask_to_draw(order)

    async def seal(self, region: SealRegion, deadline_boottime_ns: int) -> None:
        """Write the key as ciphertext. Raises `Problem`; the child then still holds the key and may be asked again."""
        order = msgspec.convert(
            {**msgspec.to_builtins(region), "type": "seal", "deadline_boottime_ns": deadline_boottime_ns}, Seal
        )
        await self._ask_or_abandon(order, DRAW_SECONDS)

    async def copy(self, route: Literal["local", "osc52"], deadline_boottime_ns: int) -> None:
        """Put the key on the clipboard. Raises `Problem`; the child then still holds the key and may be asked again."""
        if route == "local":
            refuse_remote()
        await self._ask_or_abandon(Copy(route, deadline_boottime_ns), COPY_SECONDS)

    async def lend_keyboard(self, loan: KeyboardLoan, on_event: Callable[[VaultEvent], None]) -> None:
        """Let the vault read the terminal until it ends; `on_event` is called in the loop's own thread."""
        self._on_event = on_event
        await self._ask_or_abandon(Lend(loan.keys, loan.ending), DRAW_SECONDS)
        self._guarding = self._guarding or asyncio.create_task(self._guard())

    async def cleared(self) -> Cleared:
        """Wait until the child has taken the digits away by itself: deadline, end of its input, or its death."""
        return await asyncio.shield(self._cleared)

    def when_cleared(self, call: Callable[[], object]) -> None:
        """Call this when the child has ended."""
        self._cleared.add_done_callback(lambda _: call())

    async def clear(self, why: str) -> Cleared:
        """Take the digits away now, wipe, and end the child, by force if it does not answer. Safe to call twice."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(why))
        return await asyncio.shield(self._ending)

    async def _ask_to_draw(self, order: Draw | Dictate) -> None:
        first = boottime_ns()
        try:
            await self._ask_or_abandon(order, DRAW_SECONDS)
        except Problem:
            await self.clear("not-drawn")
            raise
        self._drawn_ns = self._drawn_ns or first

    async def _ask_or_abandon(self, order: Order, seconds: float) -> None:
        try:
            await self._ask(order, Drawn, seconds)
        except Problem:
            raise
        except BaseException:
            self._abandon()
            raise

    async def _guard(self) -> None:
        """Count the silence in this process's own seconds: a console that was stopped has heard nothing either."""
        while not self._cleared.done():
            await asyncio.sleep(1)
            self._silent += 1
            if self._silent >= SILENT_SECONDS:
                self._kill()
                return

    async def _ask(self, order: Order, expected: type[Reply], seconds: float) -> Reply:
        async with self._turn:
            if self._cleared.done():
                raise _ended(self._cleared.result().ended_by)
            self._reply = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._send(order)
                    reply = await self._reply
            except TimeoutError:
                raise Problem(
                    ProblemKind.LOCAL, "The vault did not answer", f"Nothing within {seconds:.0f} s", "Reveal again"
                ) from None
            finally:
                self._reply = None
            if not isinstance(reply, expected):
                raise _ended("bad-report")
            return reply

    async def _send(self, order: Order) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(line(order))
            await stdin.drain()
        except (ConnectionError, RuntimeError):
            # It ended meanwhile; the listener knows more.
            return

    async def _listen(self) -> None:
        gone: Gone | None = None
        try:
            gone = await self._hear()
            await self._process.wait()
        except asyncio.CancelledError:
            # The loop is closing: the child takes the digits away when its input ends.
            self._close_input()
            self._cleared.cancel()
            raise
        except Exception:
            # Whatever it was: nobody hears this child any more, and nobody may wait for it for ever.
            self._kill()
        if self._guarding is not None:
            self._guarding.cancel()
        self._close_input()
        end = self._end_of(gone)
        self._cleared.set_result(end)
        self._answer(_ended(end.ended_by))

    async def _hear(self) -> Gone | None:
        """Take reports until the last one, or until the child is silent for ever."""
        stdout = self._process.stdout
        assert stdout is not None
        while text := await stdout.readline():
            self._silent = 0
            report = REPORTS.decode(text)
            if isinstance(report, Gone):
                return report
            self._take(report)
        return None

    def _take(self, report: Report) -> None:
        match report:
            case Ready():
                self.protection = report
            case Refused():
                self._answer(report.problem())
            case Held() | Drawn():
                self._answer(report)
            case Pressed():
                self._tell(KeyPressed(report.key))
            case Compared():
                self._tell(ReadBack(report.block, report.differs, report.is_block))
            case Hidden():
                self._tell(Masked())

    def _tell(self, event: VaultEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)

    def _end_of(self, gone: Gone | None) -> Cleared:
        if gone is not None:
            return Cleared(gone.ended_by, gone.shown_ms)
        if self._why and not self._held:
            # By force, but no digit was ever drawn: the wish is what ended it.
            return Cleared(self._why, 0)
        return Cleared(LOST, (boottime_ns() - self._drawn_ns) // 1_000_000 if self._drawn_ns else 0)

    def _answer(self, reply: Held | Drawn | Problem) -> None:
        if self._reply is None or self._reply.done():
            return
        if isinstance(reply, Problem):
            self._reply.set_exception(reply)
        else:
            self._reply.set_result(reply)

    async def _end(self, why: str) -> Cleared:
        self._why = why
        if not self._asked:
            # It holds nothing and may still be busy getting warm.
            self._kill()
        try:
            async with asyncio.timeout(CLEAR_SECONDS):
                if self._asked and not self._cleared.done():
                    await self._send(Clear(why))
                return await self.cleared()
        except Exception:
            # Too slow, or something that nobody has thought of: then by force.
            self._kill()
            return await self.cleared()

    def _abandon(self) -> None:
        """Let the child clear by itself, from a place that may not wait; kill it if it has not."""
        if not self._asked:
            # It holds nothing and may still be busy getting warm.
            self._kill()
        self._close_input()
        if not self._cleared.done():
            timer = asyncio.get_running_loop().call_later(CLEAR_SECONDS, self._kill)
            self._cleared.add_done_callback(lambda _: timer.cancel())

    def _close_input(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


def _ended(ended_by: str) -> Problem:
    return Problem(
        ProblemKind.LOCAL,
        "The vault has ended",
        f"It was ended by: {ended_by}",
        "Reveal again; nothing is shown now",
    )
