"""A domain controller that does not answer holds up one dossier, and not the ones after it."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any, TypeVar

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.ports import OnPremDirectory

PAUSE_SECONDS = 30.0
"""How long a directory that did not answer is left alone; what is asked meanwhile gets the same answer at once."""

T = TypeVar("T")


class PatientDirectory:
    """`tui.ports.OnPremDirectory` over another one; `seconds` is how long one answer is waited for."""

    def __init__(self, directory: OnPremDirectory, clock: Clock, seconds: float = 10.0) -> None:
        self._directory = directory
        self._clock = clock
        self._seconds = seconds
        self._resumes_ns = 0
        self._said: Problem | None = None

    async def keys_with_prefix(self, digits: str) -> Sequence[OnPremKey]:
        return await self._ask(self._directory.keys_with_prefix(digits))

    async def key(self, key_id: str) -> OnPremKey | None:
        return await self._ask(self._directory.key(key_id))

    async def keys_of_device(self, device_id: str) -> Sequence[OnPremKey]:
        return await self._ask(self._directory.keys_of_device(device_id))

    async def computers_named(self, name: str) -> Sequence[OnPremComputer]:
        return await self._ask(self._directory.computers_named(name))

    async def computer(self, device_id: str) -> OnPremComputer | None:
        return await self._ask(self._directory.computer(device_id))

    def all_keys(self) -> AsyncGenerator[Sequence[OnPremKey], None]:
        return self._directory.all_keys()

    async def sees_keys(self) -> bool:
        return await self._ask(self._directory.sees_keys())

    async def may_read_password(self, key: OnPremKey) -> bool:
        return await self._ask(self._directory.may_read_password(key))

    async def absence(self, computer: OnPremComputer | None = None) -> Problem:
        return await self._ask(self._directory.absence(computer))

    async def close(self) -> None:
        await self._directory.close()

    async def _ask(self, call: Coroutine[Any, Any, T]) -> T:
        if self._said is not None and self._clock.monotonic_ns() < self._resumes_ns:
            call.close()
            raise self._said
        try:
            async with asyncio.timeout(self._seconds):
                answer = await call
        except TimeoutError:
            raise self._give_up(_silent(self._seconds)) from None
        except Problem as problem:
            raise self._give_up(problem) if problem.kind is ProblemKind.UNREACHABLE else problem from None
        self._said = None
        return answer

    def _give_up(self, problem: Problem) -> Problem:
        self._said = problem
        self._resumes_ns = self._clock.monotonic_ns() + int(PAUSE_SECONDS * 1e9)
        return problem


def _silent(seconds: float) -> Problem:
    step = "Check [active_directory] url and the path to the domain controller; do not say that there is no key"
    return Problem(ProblemKind.UNREACHABLE, f"Active Directory gave no answer within {seconds:g} s", "", step)
