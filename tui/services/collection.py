"""Collecting from a device: the owner's consent first, a row before the deed and one after it, then what was found.

What a device sends back is untrusted: it is bounded by the way it came, read by `tui.diagnosis`, and stripped of
recovery passwords there. Nothing of the bundle itself is kept.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import uuid4

from tui.clock import Clock
from tui.diagnosis.findings import NO_CLOUD, CloudSide
from tui.diagnosis.formats import diagnose_inputs
from tui.diagnosis.kb_device import local_device, system_protectors
from tui.diagnosis.redact import redact
from tui.diagnosis.report import Read, Report, diagnose
from tui.diagnosis.sample import Parsed
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Operator, Proof
from tui.model.dossier import Dossier, Evidence
from tui.model.fact import Fact, SourceState
from tui.model.finding import Finding
from tui.ports import AuditTrail
from tui.services.cloud_findings import by_severity
from tui.services.incident_evidence import IncidentEvidence, evidence_of_inputs
from tui.services.local_facts import local_facts
from tui.services.rotation_proof import pin_lost
from tui.text import clean_line

LONGEST_CONSENT = 100
"""Characters of a consent reference; the collector takes no more."""

LARGEST_BUNDLE = 256 << 20
"""Bytes of a zip that is taken from a device; Intune's own are below 100 MB."""


class Way(StrEnum):
    """How a device is reached."""

    SSH = "ssh"
    INTUNE = "intune"


WAY_WORDS = {Way.SSH: "SSH, through the jump host", Way.INTUNE: "Intune, Collect diagnostics"}


@dataclass(frozen=True, slots=True)
class Target:
    """The device: its name as the directory has it, its Entra device id, and Intune's id where Intune knows it."""

    name: str
    device_id: str = ""
    intune_id: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What to collect, for which ticket; `consent` says where the owner's agreement is recorded."""

    target: Target
    ticket: str
    consent: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a collection stands; `done` and `of` count bytes, zero where there is nothing to count."""

    says: str
    done: int = 0
    of: int = 0


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What came back. `left_behind` says what could not be removed from the device; empty when nothing was left."""

    name: str
    data: bytes = field(repr=False)
    left_behind: str = ""


class CollectionRoute(Protocol):
    """A way to a device, in `tui.sources`."""

    async def collect(self, target: Target, consent: str, on_progress: OnProgress) -> Bundle:
        """Collect one zip of at most `LARGEST_BUNDLE` bytes; raises `Problem`, and can be cancelled."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A finished collection. `problems` are sentences about what is odd or was left on the device."""

    target: Target
    way: Way
    consent: str
    at: datetime
    size: int
    sha256: str
    report: Report
    facts: tuple[Fact, ...]
    evidence: IncidentEvidence
    problems: tuple[str, ...] = ()


class CollectionService:
    """The use case. `routes` make a route when it is first needed; a way that is not configured is absent."""

    def __init__(
        self,
        audit: AuditTrail,
        clock: Clock,
        routes: Mapping[Way, Callable[[], Awaitable[CollectionRoute]]],
        operator: Callable[[], Operator],
    ) -> None:
        self._audit = audit
        self._clock = clock
        self._routes = routes
        self._operator = operator
        self._protectors: dict[str, tuple[str, ...]] = {}
        """Kinds of key protectors by device, as they were when this console first looked."""

    def ways_to(self, target: Target) -> dict[Way, str]:
        """Every way, with the reason why it cannot be gone; an empty reason where it can."""
        return {
            Way.SSH: "" if Way.SSH in self._routes else "the config has no [remote_shell]",
            Way.INTUNE: _intune_refusal(Way.INTUNE in self._routes, target),
        }

    def check(self, order: Order, way: Way) -> Order:
        """The order with its consent reference cleaned; raises `Problem(POLICY)` when it must not be carried out."""
        what = f"Nothing is collected from {order.target.name or 'the device'}"
        why = self.ways_to(order.target)[way]
        if why:
            raise Problem(ProblemKind.POLICY, what, f"By {way} it cannot be reached: {why}", "Choose another way.")
        consent, removed = redact(order.consent)
        consent = clean_line(consent)
        if removed:
            raise Problem(
                ProblemKind.POLICY, what, "The consent reference holds a recovery password", "Write where it is filed."
            )
        if not consent or len(consent) > LONGEST_CONSENT:
            why = "No consent reference is given" if not consent else f"It is longer than {LONGEST_CONSENT} characters"
            step = "Ask the owner, and write where the agreement is recorded, such as the ticket's number."
            raise Problem(ProblemKind.POLICY, what, why, step)
        return replace(order, consent=consent)

    async def collect(
        self, order: Order, way: Way, on_progress: OnProgress, *, cloud: CloudSide = NO_CLOUD
    ) -> Collection:
        """Collect and read. The row with the consent stands before the device is touched, another one tells the end."""
        order = self.check(order, way)
        deed = str(uuid4())
        asked = f"collect over {way} from {order.target.name}"
        await self._write(AuditEvent.EXPORT, order, deed, f"{asked}: requested, consent: {order.consent}")
        ended = "ended without a word"
        try:
            route = await self._routes[way]()
            bundle = await route.collect(order.target, order.consent, on_progress)
            on_progress(Progress("reading what came back"))
            collection = await asyncio.to_thread(self._read, order, way, bundle, cloud)
            ended = f"{collection.size} bytes, sha256 {collection.sha256[:16]}, cause {collection.report.cause.code}"
        except asyncio.CancelledError:
            ended = "cancelled"
            raise
        except Problem as problem:
            ended = f"failed: {problem.what}"
            raise
        finally:
            await asyncio.shield(self._write(AuditEvent.VIEW, order, deed, f"{asked}: {ended}"))
        return collection

    async def _write(self, event: AuditEvent, order: Order, deed: str, note: str) -> None:
        await self._audit.append(
            AuditEntry(
                event=event,
                operator=self._operator(),
                ticket=order.ticket,
                proof=Proof("consent", order.consent),
                device=DeviceRef(order.target.device_id, order.target.name),
                client_request_id=deed,
                note=note,
            )
        )

    def _read(self, order: Order, way: Way, bundle: Bundle, cloud: CloudSide) -> Collection:
        now = self._clock.now()
        inputs = diagnose_inputs([(bundle.name, bundle.data)])
        report = diagnose([Read(item.path, item.parsed) for item in inputs], cloud=cloud)
        parsed = [item.parsed for item in inputs]
        lost = self._lost_pin(order.target, parsed)
        if lost is not None:
            report = replace(report, findings=by_severity((*report.findings, lost)))
        facts = local_facts(parsed, report, now)
        problems = [*report.problems, *other_machine(order.target.name, facts)]
        if bundle.left_behind:
            problems.append(f"left on the device: {bundle.left_behind}")
        return Collection(
            target=order.target,
            way=way,
            consent=order.consent,
            at=now,
            size=len(bundle.data),
            sha256=hashlib.sha256(bundle.data).hexdigest(),
            report=report,
            facts=facts,
            evidence=evidence_of_inputs(parsed),
            problems=tuple(problems),
        )

    def _lost_pin(self, target: Target, inputs: Sequence[Parsed]) -> Finding | None:
        """Compare with the first look at this device, which was before the rotation or the repair."""
        kinds = system_protectors(local_device(inputs))
        first = self._protectors.setdefault(target.device_id or target.name.casefold(), kinds) if kinds else ()
        return pin_lost(first, kinds)


def _intune_refusal(connected: bool, target: Target) -> str:
    if not connected:
        return "Graph is not connected"
    return "" if target.intune_id else "Intune has no record of this device"


def other_machine(target: str, facts: tuple[Fact, ...]) -> list[str]:
    """A device that answers under another name: a wrong address on the way, or a renamed device."""
    names = {fact.value for fact in facts if fact.name == "name" and fact.value}
    wanted = target.split(".")[0].casefold()
    others = sorted(name for name in names if name.split(".")[0].casefold() != wanted)
    return [f"it calls itself {', '.join(others)} and not {target}: check that this is the device"] if others else []


def target_of(dossier: Dossier | None, device_name: str) -> Target:
    """The device of a dossier, or only its name as the ticket has it."""
    device = dossier.evidence.device if dossier is not None else None
    if dossier is None or device is None:
        return Target(device_name)
    managed = dossier.evidence.managed
    return Target(device.name or device_name, device.device_id, managed.id if managed is not None else "")


def cloud_side(evidence: Evidence) -> CloudSide:
    """What Entra ID and Intune say, as far as findings of local facts compare with it."""
    keys, managed = evidence.sources.get("entra-keys"), evidence.managed
    answered = keys is not None and keys.state is SourceState.OK
    return CloudSide(
        compliant=_compliant(managed.compliance) if managed is not None else None,
        encrypted=managed.encrypted if managed is not None else None,
        key_ids=frozenset(key.id for key in evidence.keys) if answered else None,
    )


def _compliant(state: str) -> bool | None:
    """Intune's complianceState as yes or no; the states between say neither."""
    return {"compliant": True, "noncompliant": False}.get(state.lower())


def joined(dossier: Dossier, collection: Collection) -> Dossier:
    """The dossier with the disk's facts beside the others'. Of one finding code the device's own finding counts."""
    local = collection.report.findings
    codes = {finding.code for finding in local}
    others = [finding for finding in dossier.findings if finding.code not in codes]
    return replace(dossier, facts=(*dossier.facts, *collection.facts), findings=by_severity((*local, *others)))
