"""The courier's own side: it answers what the console asks, with Graph as it is in this process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from itertools import count
from typing import Any

import msgspec

from tui.config import Config
from tui.courier.messages import (
    TOKEN,
    Ask,
    Called,
    CancelSignIn,
    Ended,
    Failed,
    Next,
    Noted,
    Open,
    Order,
    Prompted,
    PromptOver,
    Report,
    SignedOut,
    SignInAgain,
    Stop,
    Told,
    frame,
    read_frame,
)
from tui.errors import Problem, ProblemKind, place_of
from tui.graph_here import GraphHere
from tui.model.wire import Call
from tui.ports import SignInPrompt


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer until the console goes away. Raises `ValueError` for what is no message of its."""
    first = await read_frame(reader)
    if not isinstance(first, Open):
        raise ValueError("not opened")
    desk = _Desk(writer)
    graph = GraphHere(msgspec.msgpack.decode(first.config, type=Config), desk.show, desk.note)
    desk.graph = graph
    # The SDK's import is what this process is for: it begins before anybody asks.
    loading = asyncio.create_task(graph.side())
    loading.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        while True:
            desk.take(await read_frame(reader))
    except EOFError:
        await graph.close()


class _Desk:
    """What is being answered, by the number that the console gave it."""

    graph: GraphHere

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._running: dict[int, asyncio.Task[None]] = {}
        self._streams: dict[int, AsyncGenerator[object, None]] = {}
        self._prompts = count(1)
        self._signed_out = False

    def take(self, order: Order) -> None:
        match order:
            case Ask():
                self._run(order.id, self._answer(order))
            case Next():
                self._run(order.id, self._next(order.id))
            case Stop():
                self._stop(order.id)
            case SignInAgain():
                self.graph.sign_in_again()
                self._signed_out = False
            case CancelSignIn():
                self.graph.cancel_sign_in()
            case Open():
                raise ValueError("opened twice")

    def note(self, call: Call) -> None:
        """Tell the console of an attempt."""
        self._send(Noted(call))

    async def show(self, prompt: SignInPrompt) -> None:
        """Let the console show a prompt until the sign-in is over, which cancels this."""
        number = next(self._prompts)
        self._send(Prompted(number, prompt))
        try:
            await asyncio.Event().wait()
        finally:
            self._send(PromptOver(number))

    def _run(self, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running[number] = task
        task.add_done_callback(lambda ended: self._forget(number, ended))

    def _forget(self, number: int, task: "asyncio.Task[None]") -> None:
        if self._running.get(number) is task:
            del self._running[number]

    def _stop(self, number: int) -> None:
        task, stream = self._running.get(number), self._streams.pop(number, None)
        if task is not None:
            task.cancel()
        if stream is not None:
            self._run(number, _closed(task, stream))

    async def _answer(self, ask: Ask) -> None:
        try:
            found = await self._called(ask)
            self._say_whether_signed_out()
            self._send(Told(ask.id, found))
        except Exception as error:
            self._failed(ask.id, error)
        await self._drained()

    async def _called(self, ask: Ask) -> object:
        target = self.graph if ask.port == TOKEN else getattr(await self.graph.side(), ask.port)
        arguments = list(ask.arguments)
        for place in ask.callbacks:
            arguments[place] = self._caller(ask.id, place)
        found = getattr(target, ask.method)(*arguments, **ask.named)
        if not isinstance(found, AsyncGenerator):
            return await found
        self._streams[ask.id] = found
        return None

    def _caller(self, number: int, place: int) -> Callable[..., None]:
        return lambda *arguments: self._send(Called(number, place, arguments))

    async def _next(self, number: int) -> None:
        try:
            self._send(Told(number, await anext(self._streams[number])))
        except StopAsyncIteration:
            del self._streams[number]
            self._send(Ended(number))
        except Exception as error:
            self._streams.pop(number, None)
            self._failed(number, error)
        await self._drained()

    async def _drained(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def _failed(self, number: int, error: Exception) -> None:
        self._say_whether_signed_out()
        if not isinstance(error, Problem):
            why = f"{type(error).__name__}{place_of(error)}"
            error = Problem(ProblemKind.LOCAL, "Graph could not be asked", why, "Tell the maintainers this line")
        self._send(Failed(number, error))

    def _say_whether_signed_out(self) -> None:
        if self.graph.signed_out != self._signed_out:
            self._signed_out = self.graph.signed_out
            self._send(SignedOut(self._signed_out))

    def _send(self, report: Report) -> None:
        self._writer.write(frame(report))


async def _closed(task: "asyncio.Task[None] | None", stream: AsyncGenerator[object, None]) -> None:
    """A generator that is being asked cannot be closed."""
    if task is not None:
        await asyncio.wait((task,))
    await stream.aclose()
