"""Joining the sources to a dossier: who is this, which key, is it escrowed, what is wrong, what next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tui.clock import Clock
from tui.errors import Problem, ProblemKind
from tui.model.device import EntraDevice
from tui.model.dossier import Dossier, Evidence, Query
from tui.model.fact import SourceHealth, SourceState
from tui.model.ids import KeyTerm, format_key_id
from tui.model.recovery_key import RecoveryKey
from tui.ports import DeviceManagement, Directory, KeyEscrow, KeyIndex, Policies
from tui.services.cloud_findings import cloud_findings
from tui.services.facts import facts_of
from tui.services.verdict import judge

MANY_DEVICES = 5
"""Device objects of one name whose keys are listed; more are counted, not joined."""

T = TypeVar("T")
OnUpdate = Callable[[Dossier], None]

_STATES = {
    ProblemKind.FORBIDDEN: SourceState.FORBIDDEN,
    ProblemKind.NOT_FOUND: SourceState.NOT_FOUND,
    ProblemKind.THROTTLED: SourceState.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class CloudSources:
    """The sources that a dossier asks."""

    directory: Directory
    intune: DeviceManagement
    escrow: KeyEscrow
    index: KeyIndex
    policies: Policies
    tenant: str


class DossierJoin:
    """One join. Facts arrive one by one: `on_update` gets a new dossier whenever the evidence grew."""

    def __init__(self, sources: CloudSources, clock: Clock, query: Query, on_update: OnUpdate) -> None:
        self._sources = sources
        self._clock = clock
        self._on_update = on_update
        self._evidence = Evidence(query=query)

    async def run(self) -> Dossier:
        """Ask everything; failures of a source become its state, never an exception."""
        query = self._evidence.query
        await asyncio.gather(self._find_named(query), self._find_matches(query), self._read_policy())
        await self._read_matched_device()
        await self._read_keys()
        if (device := self._evidence.device) is not None:
            await asyncio.gather(self._read_intune(device), self._read_owners(device), self._read_units(device))
        self._learn(pending=False)
        return self._dossier()

    async def _find_named(self, query: Query) -> None:
        directory = self._sources.directory
        if query.device_id:
            found: Sequence[EntraDevice] | None = await self._ask("entra", _listed(directory.device(query.device_id)))
        elif query.device_name:
            found = await self._ask("entra", directory.devices_named(query.device_name))
        elif query.user:
            found = await self._ask("entra", directory.owned_devices(query.user))
        else:
            return
        self._learn(named=tuple(found or ()))

    async def _find_matches(self, query: Query) -> None:
        if query.term is None:
            return
        if query.term.is_full:
            key = await self._ask("entra-keys", self._sources.escrow.key(format_key_id(query.term.digits)))
            self._learn(matches=(key,) if key else ())
            return
        indexed = await self._sources.index.keys_with_prefix(self._sources.tenant, query.term.digits)
        self._learn(matches=await self._still_there(indexed))

    async def _still_there(self, indexed: Sequence[RecoveryKey]) -> tuple[RecoveryKey, ...]:
        """The index may be older than a rotation: each hit is asked for by its full ID, without its password."""
        found = await asyncio.gather(
            *(self._ask("entra-keys", self._sources.escrow.key(key.id)) for key in indexed[:8])
        )
        return tuple(key for key in found if key is not None) + tuple(indexed[8:])

    async def _read_matched_device(self) -> None:
        ids = {key.device_id for key in self._evidence.matches}
        if len(ids) != 1:
            return
        device_id = ids.pop()
        known = next((device for device in self._evidence.named if device.device_id == device_id), None)
        if known is None:
            found = await self._ask("entra", _listed(self._sources.directory.device(device_id)))
            known = found[0] if found else None
        self._learn(matched_device=known)

    async def _read_keys(self) -> None:
        device, term = self._evidence.device, self._evidence.query.term
        devices = (device,) if device is not None else self._evidence.named[:MANY_DEVICES]
        listed = await asyncio.gather(
            *(self._ask("entra-keys", self._sources.escrow.keys_of_device(each.device_id)) for each in devices)
        )
        keys = tuple(key for part in listed if part for key in part)
        self._learn(keys=keys, matches=_with_term(self._evidence.matches, keys, term))
        if self._evidence.matched_device is None and self._evidence.matches:
            await self._read_matched_device()

    async def _read_intune(self, device: EntraDevice) -> None:
        self._learn(managed=await self._ask("intune", self._sources.intune.managed_device(device.device_id)))

    async def _read_owners(self, device: EntraDevice) -> None:
        self._learn(owners=tuple(await self._ask("entra", self._sources.directory.owners(device.object_id)) or ()))

    async def _read_units(self, device: EntraDevice) -> None:
        units = await self._ask("entra", self._sources.directory.administrative_units(device.object_id))
        self._learn(units=tuple(units or ()))

    async def _read_policy(self) -> None:
        answer = await self._ask("policy", self._sources.policies.self_service())
        self._learn(self_service=answer.allowed if answer else None)

    async def _ask(self, source: str, call: Awaitable[T]) -> T | None:
        try:
            answer = await call
        except Problem as problem:
            state = _STATES.get(problem.kind, SourceState.UNREACHABLE)
            self._note(source, SourceHealth(state, self._clock.now(), str(problem)))
            return None
        self._note(source, SourceHealth(SourceState.OK, self._clock.now()))
        return answer

    def _note(self, source: str, health: SourceHealth) -> None:
        before = self._evidence.sources.get(source)
        if before is not None and before.state not in (SourceState.OK, SourceState.NOT_FOUND):
            return  # a refusal explains an absence; a later success of another call does not undo it
        self._evidence = replace(self._evidence, sources={**self._evidence.sources, source: health})

    def _learn(self, **news: object) -> None:
        self._evidence = replace(self._evidence, **news)  # type: ignore[arg-type]
        self._on_update(self._dossier())

    def _dossier(self) -> Dossier:
        return build_dossier(self._evidence, self._clock)


def build_dossier(evidence: Evidence, clock: Clock) -> Dossier:
    """Judge the evidence and spell it out."""
    judgement = judge(evidence)
    return Dossier(
        evidence=evidence,
        verdict=judgement.verdict,
        headline=judgement.headline,
        next_step=judgement.next_step,
        key=judgement.key,
        facts=facts_of(evidence, clock.now()),
        findings=cloud_findings(evidence, judgement),
    )


def _with_term(
    matches: tuple[RecoveryKey, ...], keys: tuple[RecoveryKey, ...], term: KeyTerm | None
) -> tuple[RecoveryKey, ...]:
    if term is None:
        return matches
    known = {key.id for key in matches}
    return matches + tuple(key for key in keys if key.id not in known and term.matches(key.id))


async def _listed(call: Awaitable[EntraDevice]) -> Sequence[EntraDevice]:
    return (await call,)
