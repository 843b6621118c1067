"""The console's end of the LDAP child. Cancelling a question, or its time running out, ends the child at once."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

import msgspec

import tui
from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.messages import (
    LINE_LIMIT,
    REPORTS,
    AllKeys,
    Keys,
    Question,
    Refused,
    Report,
    Use,
    line,
)
from tui.sources.active_directory.secrets import COMMAND_SECONDS
from tui.sources.active_directory.server import DirectoryServer

START_SECONDS = 10.0
"""For Python to start on a busy machine; usually 0.2 s."""
SEARCHES = 3
"""Searches in a row that one question may need at the most, before its first report."""


class LdapChild:
    """One child, started when it is needed, one question at a time."""

    def __init__(self, server: DirectoryServer) -> None:
        self._server = server
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        command = COMMAND_SECONDS if server.password_command else 0.0
        # Connecting happens twice, by the probe and by libldap, and once more when a kept connection has died.
        self.seconds = START_SECONDS + command + 4 * server.connect_seconds + SEARCHES * server.search_seconds

    @property
    def pid(self) -> int | None:
        """The running child."""
        return self._process.pid if self._process is not None else None

    async def ask(self, question: Question) -> Report:
        """The one report to a question; raises `Problem`."""
        async with aclosing(self.reports(question)) as reports:
            async for report in reports:
                return report
        raise _died()

    async def reports(self, question: Question) -> AsyncGenerator[Report, None]:
        """The reports to a question, as they come: one, or pages of which the last is empty. Raises `Problem`."""
        async with self._turn:
            finished = False
            try:
                await self._send(question)
                seconds = self.seconds
                while not finished:
                    report = await self._next(seconds)
                    seconds = self._server.search_seconds
                    finished = _is_last(question, report)
                    if isinstance(report, Refused):
                        raise report.problem()
                    yield report
            finally:
                if not finished:
                    # What is still under way would answer the next question.
                    await self._end()

    async def close(self) -> None:
        """End the child."""
        async with self._turn:
            await self._end()

    async def _send(self, question: Question) -> None:
        if self._process is None or self._process.returncode is not None:
            self._process = await _start()
            self._write(Use(self._server))
        self._write(question)

    def _write(self, order: Use | Question) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line(order))

    async def _next(self, seconds: float) -> Report:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                text = await self._process.stdout.readline()
            report: Report = REPORTS.decode(text)
            return report
        except TimeoutError:
            raise Problem(
                ProblemKind.UNREACHABLE,
                "Active Directory gave no answer",
                f"Nothing within {seconds:.0f} s; the question was given up",
                "Check [active_directory] url and the network; try again",
            ) from None
        except (msgspec.MsgspecError, ValueError):
            raise _died() from None

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


def _is_last(question: Question, report: Report) -> bool:
    return not isinstance(question, AllKeys) or not isinstance(report, Keys) or not report.keys


def _died() -> Problem:
    step = "Try again; if it stays, run `reseal doctor`"
    return Problem(ProblemKind.LOCAL, "The LDAP child ended without an answer", "It crashed, or was killed", step)


async def _start() -> asyncio.subprocess.Process:
    root = str(Path(tui.__file__).parent.parent)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "tui.sources.active_directory",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": root},
            # Neither a ldaprc of this directory nor Ctrl+C at the console is meant for it.
            cwd="/",
            start_new_session=True,
            limit=LINE_LIMIT,
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        step = "Look at memory and process limits of this machine"
        raise Problem(ProblemKind.LOCAL, "The LDAP child could not be started", why, step) from None
