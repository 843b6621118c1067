"""Hundreds of devices at once: who they are, what Intune says and which keys are escrowed, chunk by chunk.

A pool of workers takes chunks of 20; each asks Entra ID first, then Intune and the keys side by side, so that the first
devices are complete after two round trips while the last are still to come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tui.errors import Problem, ProblemKind
from tui.model.device import EntraDevice, ManagedDevice
from tui.model.recovery_key import RecoveryKey
from tui.ports import MassSource

CHUNK = 20
"""Devices of one `$batch`."""
WORKERS = 12
"""Chunks under way at once; with two batches each they fill the transport's places and leave the engineer some."""


@dataclass(frozen=True, slots=True)
class Target:
    """A device to join, by device id or, without one, by name; `incident_id` says whose it is."""

    incident_id: str
    device_id: str = ""
    device_name: str = ""


@dataclass(frozen=True, slots=True)
class MassRow:
    """What is known of one target; `problem` says why something is missing, in a line."""

    target: Target
    device: EntraDevice | None = None
    managed: ManagedDevice | None = None
    keys: tuple[RecoveryKey, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class MassProgress:
    """Targets that are done, of all, and those of them with a problem."""

    done: int
    total: int
    failed: int


T = TypeVar("T")
OnRows = Callable[[Sequence[MassRow], MassProgress], None]


class MassJoin:
    """One mass join. Cancelling `run` ends it; rows that have come in until then are in `rows`."""

    def __init__(self, source: MassSource, on_rows: OnRows = lambda rows, progress: None) -> None:
        self._source = source
        self._on_rows = on_rows
        self.rows: list[MassRow] = []
        self._total = 0

    async def run(self, targets: Sequence[Target]) -> Sequence[MassRow]:
        """Join all targets; what a source refuses is a row's problem and not an exception."""
        self._total = len(targets)
        chunks = [targets[at : at + CHUNK] for at in range(0, len(targets), CHUNK)]
        waiting = iter(chunks)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(WORKERS, len(chunks))):
                group.create_task(self._work(waiting))
        return self.rows

    async def _work(self, waiting: Iterator[Sequence[Target]]) -> None:
        for chunk in waiting:
            rows = await self._join(chunk)
            self.rows += rows
            failed = sum(bool(row.problem) for row in self.rows)
            self._on_rows(rows, MassProgress(len(self.rows), self._total, failed))

    async def _join(self, chunk: Sequence[Target]) -> list[MassRow]:
        found = await self._devices(chunk)
        ids = [device.device_id for device in found if isinstance(device, EntraDevice)]
        managed, keys = await asyncio.gather(
            _whole(self._source.managed_devices(ids), len(ids)), _whole(self._source.keys_of_devices(ids), len(ids))
        )
        by_id = dict(zip(ids, zip(managed, keys, strict=True), strict=True))
        return [
            _row(target, device, *by_id[device.device_id])
            if isinstance(device, EntraDevice)
            else MassRow(target, problem=device.what)
            for target, device in zip(chunk, found, strict=True)
        ]

    async def _devices(self, chunk: Sequence[Target]) -> list[EntraDevice | Problem]:
        by_id = [target for target in chunk if target.device_id]
        by_name = [target for target in chunk if not target.device_id]
        known, named = await asyncio.gather(
            _whole(self._source.devices([target.device_id for target in by_id]), len(by_id)),
            _whole(self._source.devices_named([target.device_name for target in by_name]), len(by_name)),
        )
        answers = dict(zip(by_id, known, strict=True))
        answers |= {target: _only(target, answer) for target, answer in zip(by_name, named, strict=True)}
        return [answers[target] for target in chunk]


async def _whole(call: Awaitable[Sequence[T | Problem]], count: int) -> Sequence[T | Problem]:
    """The answers; when the batch as a whole was refused, that is the answer of each."""
    try:
        return await call
    except Problem as problem:
        return [problem] * count


def _only(target: Target, answer: Sequence[EntraDevice] | Problem) -> EntraDevice | Problem:
    """A name that fits several device objects selects none."""
    if isinstance(answer, Problem):
        return answer
    if len(answer) == 1:
        return answer[0]
    if not answer:
        return Problem(ProblemKind.NOT_FOUND, f"Entra ID knows no device {target.device_name}")
    return Problem(ProblemKind.NOT_FOUND, f"{len(answer)} device objects are named {target.device_name}")


def _row(
    target: Target,
    device: EntraDevice,
    managed: ManagedDevice | Problem | None,
    keys: Sequence[RecoveryKey] | Problem,
) -> MassRow:
    problems = [each.what for each in (managed, keys) if isinstance(each, Problem)]
    return MassRow(
        target,
        device,
        None if isinstance(managed, Problem) else managed,
        () if isinstance(keys, Problem) else tuple(keys),
        "; ".join(dict.fromkeys(problems)),
    )
