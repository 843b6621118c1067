"""Joining the sources to a dossier: who is this, which key, is it escrowed, what is wrong, what next.

Everything that can be asked is asked at once: a key ID leads to its device by the local index, a name by what the last
join told. Answers are kept by device id, so that one for a device that turns out to be the wrong one changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tui.clock import Clock
from tui.model.device import EntraDevice, Join
from tui.model.dossier import Dossier, Evidence, Query
from tui.model.fact import SourceState
from tui.model.finding import Finding
from tui.model.ids import format_key_id
from tui.model.recovery_key import Escrow, RecoveryKey
from tui.model.rights import Rights
from tui.services.answers import Answers
from tui.services.cloud import CloudSources
from tui.services.cloud_findings import by_severity, cloud_findings
from tui.services.device_reads import DeviceReads, LocalFindings
from tui.services.facts import facts_of
from tui.services.on_prem_reads import SOURCE as ON_PREM
from tui.services.on_prem_reads import OnPremReads
from tui.services.verdict import judge

__all__ = ["CloudSources", "DossierJoin", "OnUpdate", "build_dossier"]

INDEX_HITS = 8
"""Hits of the index that are asked for anew; so many keys fit no ID that anybody reads out."""

OnUpdate = Callable[[Dossier], None]


class DossierJoin:
    """One join. Facts arrive one by one: `on_update` gets a new dossier whenever the evidence grew.

    `rights` gives the engineer's rights when something was refused; `known_rights` are used at once.
    """

    def __init__(
        self,
        sources: CloudSources,
        clock: Clock,
        query: Query,
        on_update: OnUpdate,
        *,
        local: LocalFindings | None = None,
        rights: Callable[[], Awaitable[Rights]] | None = None,
        known_rights: Rights | None = None,
        contact: str = "",
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._on_update = on_update
        self._rights = rights
        self._contact = contact
        self._answers = Answers(query, rights=known_rights)
        self._reads = DeviceReads(sources, clock, self._answers, self._publish, local)
        self._on_prem = OnPremReads(sources.on_prem, self._reads, self._answers)

    async def run(self) -> Dossier:
        """Ask everything; failures of a source become its state, never an exception."""
        reads, query = self._reads, self._answers.query
        try:
            reads.start("policy", "", self._read_policy)
            await asyncio.gather(
                reads.start("named", "", lambda: self._find_named(query)),
                reads.start("matches", "", lambda: self._find_matches(query)),
                reads.start("on-prem", "", lambda: self._on_prem.find(query)),
            )
            await self._open_on_prem()
            await self._tell_machines_apart()
            await asyncio.gather(self._look_elsewhere(query), self._on_prem.settle())
            self._answers.decided = True
            self._publish()
            self._open_device_in_question()
            await reads.finish()
            await self._explain()
            await self._keep_hints(query)
        finally:
            reads.cancel()
        self._answers.complete = True
        self._publish()
        return self._dossier()

    async def _find_named(self, query: Query) -> None:
        found = await self._devices_asked_for(query)
        for device in found:
            self._answers.devices[device.device_id] = device
        self._answers.named = tuple(found)
        self._publish()
        if len(found) == 1:
            self._reads.open(found[0].device_id)
        await self._reads.read_all("keys", [device.device_id for device in found])

    async def _devices_asked_for(self, query: Query) -> Sequence[EntraDevice]:
        directory, reads = self._sources.directory, self._reads
        if query.device_id:
            reads.open(query.device_id)
            await reads.read("device", query.device_id)
            device = self._answers.devices.get(query.device_id)
            return (device,) if device is not None else ()
        if query.device_name:
            if hint := await reads.ask("index", reads.hints.device_of_name(query.device_name)):
                reads.open(hint)
            return await reads.ask("entra", directory.devices_named(query.device_name)) or ()
        if query.user:
            return await reads.ask("entra", directory.owned_devices(query.user)) or ()
        return ()

    async def _find_matches(self, query: Query) -> None:
        if query.term is None:
            return
        if query.term.is_full:
            await self._confirm(format_key_id(query.term.digits))
        else:
            await self._search_index(query.term.digits)
        ids = {key.device_id for key in self._answers.confirmed}
        if len(ids) == 1:
            device_id = ids.pop()
            self._reads.open(device_id)
            await asyncio.gather(self._reads.read("device", device_id), self._reads.read("keys", device_id))

    async def _search_index(self, digits: str) -> None:
        reads, index, tenant = self._reads, self._sources.index, self._sources.tenant
        self._answers.indexed_at = await reads.ask("index", index.indexed_at(tenant))
        hits = await reads.ask("index", index.keys_with_prefix(tenant, digits)) or ()
        if len({hit.device_id for hit in hits}) == 1:
            reads.open(hits[0].device_id)
        # The index may be older than a rotation: each hit is asked for by its full ID, without its password.
        await asyncio.gather(*(self._confirm(hit.id) for hit in hits[:INDEX_HITS]))
        self._learn_matches(hits[INDEX_HITS:])

    async def _confirm(self, key_id: str) -> None:
        key = await self._reads.ask("entra-keys", self._sources.escrow.key(key_id))
        self._learn_matches((key,) if key else ())

    def _learn_matches(self, keys: Sequence[RecoveryKey]) -> None:
        self._answers.confirmed = (*self._answers.confirmed, *keys)
        self._publish()

    async def _open_on_prem(self) -> None:
        """A key that only Active Directory has is of a device that Entra ID may know, by the same id."""
        ids = {key.device_id for key in self._answers.matches() if key.escrow is Escrow.AD} - {""}
        if len(ids) == 1:
            device_id = ids.pop()
            self._reads.read("own", device_id)
            await asyncio.gather(self._reads.read("device", device_id), self._reads.read("keys", device_id))

    async def _tell_machines_apart(self) -> None:
        """A key of another device object may be of the same machine, set up anew: the serial number tells."""
        answers = self._answers
        matched = {key.device_id for key in answers.matches()}
        named = {device.device_id for device in answers.named}
        if named and len(matched) == 1 and not matched & named and not answers.query.by_user:
            both = [*matched, *sorted(named)]
            await self._reads.read_all("device", both)
            await self._reads.read_all("managed", both)

    async def _look_elsewhere(self, query: Query) -> None:
        """Nothing fits: another object of the same machine, or a deletion, may say why."""
        answers, reads = self._answers, self._reads
        if answers.matches():
            return
        if not answers.named and query.device_name:
            await reads.read("deleted", query.device_name)
        elif len(answers.named) == 1:
            device_id = answers.named[0].device_id
            if query.term is None and answers.keys.get(device_id):
                return
            await reads.read("managed", device_id)
            managed = answers.managed.get(device_id)
            if managed is not None and managed.serial:
                await reads.read("twins", managed.serial)

    def _open_device_in_question(self) -> None:
        device = self._answers.device_in_question()
        if device is not None:
            self._reads.open(device.device_id)
            if device.join is Join.HYBRID:
                self._reads.start("on-prem", device.device_id, lambda: self._on_prem.device(device.device_id))
            if device.autopilot:
                self._reads.read("owner-changes", device.device_id)

    async def _read_policy(self) -> None:
        answer = await self._reads.ask("policy", self._sources.policies.self_service())
        self._answers.self_service = answer.allowed if answer else None
        self._publish()

    async def _explain(self) -> None:
        """Something was refused: what the engineer may do explains it."""
        refused = any(
            health.state is SourceState.FORBIDDEN and source != ON_PREM
            for source, health in self._answers.evidence().sources.items()
        )
        if refused and self._rights is not None:
            self._answers.rights = await self._reads.ask("rights", self._rights()) or self._answers.rights

    async def _keep_hints(self, query: Query) -> None:
        answers = self._answers
        device = answers.device_in_question()
        if device is None:
            return
        managed = answers.managed.get(device.device_id)
        name = query.device_name if answers.named == (device,) else ""
        kept = self._reads.hints.keep(name=name, device_id=device.device_id, intune_id=managed.id if managed else "")
        await self._reads.ask("index", kept)

    def _publish(self) -> None:
        self._on_update(self._dossier())

    def _dossier(self) -> Dossier:
        own = self._answers.findings_of_own_audit()
        return build_dossier(self._answers.evidence(), self._clock, own=own, contact=self._contact)


def build_dossier(evidence: Evidence, clock: Clock, *, own: Sequence[Finding] = (), contact: str = "") -> Dossier:
    """Judge the evidence and spell it out; `own` are the findings of the console's own audit."""
    now = clock.now()
    judgement = judge(evidence, now, contact)
    return Dossier(
        evidence=evidence,
        verdict=judgement.verdict,
        headline=judgement.headline,
        next_step=judgement.next_step,
        key=judgement.key,
        facts=facts_of(evidence, now),
        findings=by_severity((*cloud_findings(evidence, judgement, now, contact), *own)),
    )
