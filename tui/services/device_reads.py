"""Reading everything about one device, each thing once, however often it is wanted."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.fact import SourceHealth, SourceState
from tui.model.finding import Finding
from tui.services.answers import Answers
from tui.services.cloud import CloudSources
from tui.services.hints import Hints

MANY_DEVICES = 5
"""Device objects of one name or serial number that are looked into; more are counted, not joined."""

T = TypeVar("T")
LocalFindings = Callable[[str], Awaitable[Sequence[Finding]]]
"""What the console's own audit says of a device, by its device id."""

_STATES = {
    ProblemKind.FORBIDDEN: SourceState.FORBIDDEN,
    ProblemKind.NOT_FOUND: SourceState.NOT_FOUND,
    ProblemKind.THROTTLED: SourceState.THROTTLED,
}
_ALL = ("device", "keys", "managed", "owners", "users", "admin-units", "details", "own")


class DeviceReads:
    """The readings of one join; `grown` is called whenever an answer has come in."""

    def __init__(
        self,
        sources: CloudSources,
        clock: Clock,
        answers: Answers,
        grown: Callable[[], None],
        local: LocalFindings | None,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._answers = answers
        self._grown = grown
        self._local = local
        self.hints = Hints(sources.index, sources.tenant)
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._readers: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
            "device": self._device,
            "keys": self._keys,
            "managed": self._managed,
            "owners": self._owners,
            "users": self._users,
            "admin-units": self._units,
            "details": self._details,
            "own": self._own,
            "twins": self._twins,
            "deleted": self._deleted,
            "owner-changes": self._owner_changes,
        }

    def open(self, device_id: str) -> None:
        """Ask for everything about a device."""
        for kind in _ALL:
            self.read(kind, device_id)

    def read(self, kind: str, of: str) -> "asyncio.Task[None]":
        """The one reading of its kind, started when it is first wanted."""
        return self.start(kind, of, lambda: self._readers[kind](of))

    def start(self, kind: str, of: str, work: Callable[[], Coroutine[Any, Any, None]]) -> "asyncio.Task[None]":
        """A reading of another kind, started once."""
        if (kind, of) not in self._tasks:
            self._tasks[(kind, of)] = asyncio.create_task(work())
        return self._tasks[(kind, of)]

    async def read_all(self, kind: str, ids: Sequence[str]) -> None:
        """One kind for several devices, side by side."""
        await asyncio.gather(*(self.read(kind, device_id) for device_id in ids[:MANY_DEVICES]))

    async def finish(self) -> None:
        """Wait for all that was started, and for what that has started."""
        while unfinished := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.gather(*unfinished)

    def cancel(self) -> None:
        """Let go of what still runs."""
        for task in self._tasks.values():
            task.cancel()

    async def ask(self, source: str, call: Awaitable[T], of: str = "") -> T | None:
        """The answer, or None when the source failed, which then is its state."""
        try:
            answer = await call
        except Problem as problem:
            self.note(source, problem, of)
            return None
        self._answers.note(source, of, SourceHealth(SourceState.OK, self._clock.now()))
        return answer

    def note(self, source: str, problem: Problem, of: str = "") -> None:
        """Keep a problem as the state of a source."""
        state = _STATES.get(problem.kind, SourceState.UNREACHABLE)
        health = SourceHealth(state, self._clock.now(), str(problem), problem.next_step)
        self._answers.note(source, of, health)

    def note_off(self, source: str, why: str) -> None:
        """A source that might know more is not configured."""
        self._answers.note(source, "", SourceHealth(SourceState.OFF, None, why))

    async def _device(self, device_id: str) -> None:
        if device_id not in self._answers.devices:
            found = await self.ask("entra", self._sources.directory.device(device_id), device_id)
            if found is not None:
                self._answers.devices[device_id] = found
                self._grown()

    async def _keys(self, device_id: str) -> None:
        found = await self.ask("entra-keys", self._sources.escrow.keys_of_device(device_id), device_id)
        self._answers.keys[device_id] = tuple(found or ())
        self._grown()

    async def _managed(self, device_id: str) -> None:
        found = await self.ask("intune", self._sources.intune.managed_device(device_id), device_id)
        if found is not None:
            self._answers.managed[device_id] = found
            self._grown()

    async def _owners(self, device_id: str) -> None:
        found = await self.ask("owners", self._sources.directory.owners(device_id), device_id)
        self._answers.owners[device_id] = tuple(found or ())
        self._grown()

    async def _users(self, device_id: str) -> None:
        found = await self.ask("users", self._sources.directory.users(device_id), device_id)
        self._answers.users[device_id] = tuple(found or ())
        self._grown()

    async def _units(self, device_id: str) -> None:
        units = self._sources.directory.administrative_units(device_id)
        self._answers.units[device_id] = tuple(await self.ask("admin-units", units, device_id) or ())
        self._grown()

    async def _details(self, device_id: str) -> None:
        """What Intune keeps under an id of its own: asked for by the id of last time, and again if that was wrong."""
        guessed = await self.ask("index", self.hints.intune_id(device_id)) or ""
        if guessed:
            await self._inventory(device_id, guessed)
        await self.read("managed", device_id)
        managed = self._answers.managed.get(device_id)
        if managed is None or managed.id != guessed:
            self._answers.forget_details(device_id)
        if managed is not None and managed.id != guessed:
            await self._inventory(device_id, managed.id)
        if managed is not None and managed.compliance:
            seen_at = managed.last_sync or self._clock.now()
            seen = self.hints.saw_compliance(device_id, managed.compliance, seen_at)
            self._answers.compliance_changes[device_id] = await self.ask("index", seen) or 0
        self._grown()

    async def _inventory(self, device_id: str, intune_id: str) -> None:
        intune, answers = self._sources.intune, self._answers
        policies, report, hardware = await asyncio.gather(
            self.ask("policies", intune.policy_states(intune_id), device_id),
            self.ask("encryption", intune.encryption_report(intune_id), device_id),
            self.ask("hardware", intune.hardware(intune_id), device_id),
        )
        answers.policies[device_id] = tuple(policies or ())
        if report is not None:
            answers.encryption[device_id] = report
        if hardware is not None:
            answers.hardware[device_id] = hardware
        self._grown()

    async def _own(self, device_id: str) -> None:
        if self._local is not None:
            self._answers.own[device_id] = tuple(await self.ask("audit", self._local(device_id)) or ())
            self._grown()

    async def _twins(self, serial: str) -> None:
        records = await self.ask("twins", self._sources.intune.records_of_serial(serial)) or ()
        for record in records:
            self._answers.managed.setdefault(record.entra_device_id, record)
        ids = sorted({record.entra_device_id for record in records if record.entra_device_id})
        await self.read_all("device", ids)
        await self.read_all("keys", ids)

    async def _deleted(self, name: str) -> None:
        log = self._sources.log
        if log is not None:
            self._answers.deleted = tuple(await self.ask("directory-log", log.deletions(name)) or ())
            self._grown()

    async def _owner_changes(self, device_id: str) -> None:
        await self.read("device", device_id)
        device, log = self._answers.devices.get(device_id), self._sources.log
        if device is not None and log is not None:
            found = await self.ask("directory-log", log.owner_changes(device), device_id)
            self._answers.owner_changes[device_id] = tuple(found or ())
            self._grown()
