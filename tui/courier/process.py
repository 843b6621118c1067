"""The console's end of its courier: calls, streams, prompts, and a new courier when one has died."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

import tui
from tui.config import Config
from tui.courier.messages import (
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
from tui.errors import Problem, ProblemKind
from tui.model.wire import Call
from tui.ports import SignInPrompt

END_SECONDS = 2.0
"""How long a courier has to end by itself; then it is killed."""

_NO_MORE = object()


@dataclass(slots=True)
class _Waiting:
    """Who waits for an answer, and the functions that may be called meanwhile."""

    answer: "asyncio.Future[Any]"
    functions: Mapping[int, Callable[..., None]] = field(default_factory=dict)


class Courier:
    """Starts with the first call; one that died is followed by a new one at the next call.

    `on_prompt` may show its prompt for as long as it likes: it is cancelled when the sign-in is over. `on_call` sees
    every attempt at a call to Graph.
    """

    signed_out = False
    """The sign-in was given up or refused."""

    def __init__(
        self, config: Config, on_prompt: Callable[[SignInPrompt], Awaitable[None]], on_call: Callable[[Call], None]
    ) -> None:
        self._config = config
        self._on_prompt = on_prompt
        self._on_call = on_call
        self._numbers = count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._prompts: dict[int, asyncio.Task[None]] = {}
        self._starting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs, if one does."""
        return self._process.pid if self._process is not None and self._writer is not None else None

    async def start(self) -> None:
        """Start the process unless it runs; raises `Problem(LOCAL)`."""
        async with self._starting:
            if self._writer is None:
                await self._begin()

    async def call(self, port: str, method: str, /, *arguments: object, **named: object) -> Any:
        """Call a method of a port; raises `Problem`, and can be cancelled."""
        return await self._ask(next(self._numbers), port, method, arguments, named)

    async def stream(self, port: str, method: str, /, *arguments: object, **named: object) -> AsyncGenerator[Any, None]:
        """What a method of a port yields, each element when it is wanted; raises `Problem`."""
        number = next(self._numbers)
        await self._ask(number, port, method, arguments, named)
        try:
            while (found := await self._answer(number, Next(number), {})) is not _NO_MORE:
                yield found
        finally:
            self._send(Stop(number))

    def sign_in_again(self) -> None:
        """Whoever needs a token next may begin a sign-in."""
        self.signed_out = False
        self._send(SignInAgain())

    def cancel_sign_in(self) -> None:
        """Give up a sign-in that waits for the engineer."""
        self._send(CancelSignIn())

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._let_go()
        if process is not None:
            await _ended(process)
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _ask(
        self, number: int, port: str, method: str, arguments: tuple[object, ...], named: Mapping[str, object]
    ) -> Any:
        await self.start()
        functions = {place: each for place, each in enumerate(arguments) if callable(each)}
        sent = tuple(None if place in functions else each for place, each in enumerate(arguments))
        return await self._answer(number, Ask(number, port, method, sent, named, tuple(functions)), functions)

    async def _answer(self, number: int, order: Ask | Next, functions: Mapping[int, Callable[..., None]]) -> Any:
        if self._writer is None:
            raise _lost()
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = _Waiting(answer, functions)
        try:
            self._send(order)
            return await answer
        except asyncio.CancelledError:
            self._send(Stop(number))
            raise
        finally:
            del self._waiting[number]

    def _send(self, order: Order) -> None:
        if self._writer is not None:
            self._writer.write(frame(order))

    async def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "tui.courier", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                # What libraries print there would stand in the middle of a screen.
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(Path(tui.__file__).parent.parent)},
                pass_fds=(theirs.fileno(),),
                # Neither Ctrl+C nor Ctrl+Z at the console may reach it.
                start_new_session=True,
            )
        except BaseException as error:
            ours.close()
            if not isinstance(error, OSError):
                raise
            raise Problem(
                ProblemKind.LOCAL,
                "The process that speaks with Graph could not be started",
                error.strerror or type(error).__name__,
                "Look at memory and process limits of this machine; it is tried again",
            ) from None
        finally:
            theirs.close()
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        self._send(Open(msgspec.msgpack.encode(self._config)))
        self._listening = asyncio.create_task(self._listen(reader, self._process))

    async def _listen(self, reader: asyncio.StreamReader, process: asyncio.subprocess.Process) -> None:
        # Whatever comes that is no report: nobody shall wait for a courier that is not understood.
        with contextlib.suppress(Exception):
            while True:
                self._take(await read_frame(reader))
        if process is self._process:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            self._let_go()

    def _take(self, report: Report) -> None:
        match report:
            case Told():
                self._settle(report.id, report.value)
            case Ended():
                self._settle(report.id, _NO_MORE)
            case Failed():
                if (waiting := self._waiting.get(report.id)) is not None and not waiting.answer.done():
                    waiting.answer.set_exception(report.problem)
            case Called():
                self._call_back(report)
            case Noted():
                self._on_call(report.call)
            case Prompted():
                self._show(report)
            case PromptOver():
                if (prompt := self._prompts.pop(report.id, None)) is not None:
                    prompt.cancel()
            case SignedOut():
                self.signed_out = report.value
            case _:
                raise ValueError("no report")

    def _call_back(self, report: Called) -> None:
        if (waiting := self._waiting.get(report.id)) is None or waiting.answer.done():
            return
        try:
            waiting.functions[report.place](*report.arguments)
        except Exception as error:
            # It is the caller's, and nobody else's call fails for it.
            waiting.answer.set_exception(error)
            self._send(Stop(report.id))

    def _settle(self, number: int, value: object) -> None:
        if (waiting := self._waiting.get(number)) is not None and not waiting.answer.done():
            waiting.answer.set_result(value)

    def _show(self, report: Prompted) -> None:
        async def show() -> None:
            await self._on_prompt(report.prompt)

        self._prompts[report.id] = showing = asyncio.create_task(show())
        showing.add_done_callback(lambda task: self._shown(task))

    def _shown(self, showing: "asyncio.Task[None]") -> None:
        if not showing.cancelled() and showing.exception() is not None:
            self.cancel_sign_in()

    def _let_go(self) -> None:
        """Nothing comes from that process any more."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        self.signed_out = False
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(_lost())
        for prompt in self._prompts.values():
            prompt.cancel()
        self._prompts.clear()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for a process that has nothing more to do; one that does not end is killed."""
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _lost() -> Problem:
    return Problem(
        ProblemKind.UNREACHABLE,
        "The process that speaks with Graph has ended",
        "It was killed, or it failed; what was asked may or may not have reached Graph",
        "Try again: a new one is started",
    )
