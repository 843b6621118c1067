"""Collecting: consent before anything, a row before and after the deed, and the disk's facts beside the cloud's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.services.samples import MORNING, ListedAudit, SetClock
from tests.sources.device_side import bundle
from tests.sources.ssh_pair import DEVICE, ssh_pair
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, DeviceRef, Operator
from tui.model.device import EntraDevice, Join, ManagedDevice
from tui.model.dossier import Dossier, Evidence, Query
from tui.model.fact import FactState, Source, SourceHealth, SourceState
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.collection import (
    LONGEST_CONSENT,
    Bundle,
    Collection,
    CollectionRoute,
    CollectionService,
    OnProgress,
    Order,
    Progress,
    Target,
    Way,
    cloud_side,
    joined,
    target_of,
)
from tui.services.dossier import build_dossier
from tui.sources.remote_shell import RemoteShell

ME = Operator("engineer@demo.example", "oid")
TARGET = Target("127", "device-1", "intune-1")
ORDER = Order(TARGET, "INC0010042", "mail of the owner, 15 April")
PASSWORD = "-".join(f"{word * 11:06}" for word in (19642, 6916, 23082, 57031, 34997, 10830, 23067, 51996))
NAME = "bitlocker-facts-127-20260415T080211Z.zip"


@dataclass
class Route:
    """A route that does as it is told, and notes what stood in the audit when it was asked."""

    audit: ListedAudit
    answer: Bundle | Problem = field(default_factory=lambda: Bundle(NAME, bundle()))
    waits: asyncio.Event | None = None
    rows_before: list[str] = field(default_factory=list)

    async def collect(self, target: Target, consent: str, on_progress: OnProgress) -> Bundle:
        self.rows_before += [row.entry.note for row in self.audit.written]
        on_progress(Progress("collecting"))
        if self.waits is not None:
            self.waits.set()
            await asyncio.Event().wait()
        if isinstance(self.answer, Problem):
            raise self.answer
        return self.answer


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


@pytest.fixture
def route(audit: ListedAudit) -> Route:
    return Route(audit)


def service_of(audit: ListedAudit, **routes: CollectionRoute) -> CollectionService:
    def ready(route: CollectionRoute) -> Callable[[], Awaitable[CollectionRoute]]:
        async def give() -> CollectionRoute:
            return route

        return give

    made = {Way(name): ready(route) for name, route in routes.items()}
    return CollectionService(audit, audit.clock, made, lambda: ME)


async def collect(audit: ListedAudit, route: Route, order: Order = ORDER) -> Collection:
    return await service_of(audit, ssh=route).collect(order, Way.SSH, lambda _: None)


async def test_the_consent_is_on_record_before_the_device_is_touched(audit: ListedAudit, route: Route) -> None:
    collection = await collect(audit, route)
    assert route.rows_before == ["collect over ssh from 127: requested, consent: mail of the owner, 15 April"]
    before, after = (row.entry for row in audit.written)
    assert (before.event, after.event) == (AuditEvent.EXPORT, AuditEvent.VIEW)
    for entry in (before, after):
        assert (entry.proof.type, entry.proof.reference) == ("consent", "mail of the owner, 15 April")
        assert (entry.operator, entry.ticket) == (ME, "INC0010042")
        assert entry.device == DeviceRef("device-1", "127")
        assert entry.client_request_id == before.client_request_id != ""
    ended = f"{len(bundle())} bytes, sha256 {collection.sha256[:16]}, cause {collection.report.cause.code}"
    assert after.note == f"collect over ssh from 127: {ended}"


async def test_without_an_audit_nothing_is_collected(audit: ListedAudit, route: Route) -> None:
    audit.fails_on = frozenset({AuditEvent.EXPORT})
    with pytest.raises(Problem):
        await collect(audit, route)
    assert route.rows_before == []


@pytest.mark.parametrize(
    ("consent", "why"),
    [
        ("", "No consent reference"),
        (" \u200b\t", "No consent reference"),
        ("x" * (LONGEST_CONSENT + 1), "longer than"),
        (f"key {PASSWORD}", "recovery password"),
    ],
)
async def test_a_consent_reference_is_required(audit: ListedAudit, route: Route, consent: str, why: str) -> None:
    with pytest.raises(Problem) as caught:
        await collect(audit, route, replace(ORDER, consent=consent))
    assert caught.value.kind is ProblemKind.POLICY
    assert why in caught.value.why
    assert audit.written == []
    assert PASSWORD[:13] not in str(caught.value)


async def test_a_consent_reference_is_cleaned(audit: ListedAudit, route: Route) -> None:
    collection = await collect(audit, route, replace(ORDER, consent=" mail\r\n\x1b[2J of the owner "))
    assert collection.consent == "mail of the owner"


async def test_ways_that_cannot_be_gone_say_why(audit: ListedAudit, route: Route) -> None:
    nothing = service_of(audit)
    assert set(nothing.ways_to(TARGET).values()) == {"the config has no [remote_shell]", "Graph is not connected"}
    both = service_of(audit, ssh=route, intune=route)
    assert both.ways_to(TARGET) == {Way.SSH: "", Way.INTUNE: ""}
    assert both.ways_to(Target("127"))[Way.INTUNE] == "Intune has no record of this device"
    with pytest.raises(Problem) as caught:
        await both.collect(replace(ORDER, target=Target("127")), Way.INTUNE, lambda _: None)
    assert "no record" in caught.value.why
    assert audit.written == []


async def test_a_failure_and_a_cancellation_are_on_record(audit: ListedAudit, route: Route) -> None:
    route.answer = Problem(ProblemKind.UNREACHABLE, "The jump host is down")
    with pytest.raises(Problem):
        await collect(audit, route)
    assert audit.written[-1].entry.note == "collect over ssh from 127: failed: The jump host is down"
    route.waits = asyncio.Event()
    running = asyncio.create_task(collect(audit, route))
    await asyncio.wait_for(route.waits.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert audit.written[-1].entry.note == "collect over ssh from 127: cancelled"
    assert audit.events == ["export", "view", "export", "view"]


async def test_what_comes_back_is_facts_of_the_disk(audit: ListedAudit, route: Route) -> None:
    collection = await collect(audit, route)
    assert {fact.source for fact in collection.facts} == {Source.DISK}
    facts = {fact.name: fact for fact in collection.facts}
    assert facts["os-build"].value == "10.0.26100.8246"
    assert facts["pcr7"].value == "binding not possible"
    assert facts["system-model"].value == "Made Up 14"
    assert facts["pcr-policy"].value == "PCR 0, 2, 4, 11"
    assert facts["name"].observed_at is not None
    assert facts["name"].observed_at <= MORNING, "a device's clock that is ahead is not believed"
    assert {finding.code for finding in collection.report.findings} >= {FindingCode.PCR7_BINDING_NOT_POSSIBLE}
    assert collection.evidence.cause == collection.report.cause
    assert collection.problems == ()


async def test_a_device_that_calls_itself_otherwise_is_said(audit: ListedAudit, route: Route) -> None:
    collection = await collect(audit, route, replace(ORDER, target=Target("DEMO-PC07")))
    assert collection.problems == ("it calls itself 127 and not DEMO-PC07: check that this is the device",)


async def test_what_stayed_on_the_device_is_said(audit: ListedAudit, route: Route) -> None:
    route.answer = Bundle(NAME, bundle(), "C:\\Users\\x\\reseal-1 (in use)")
    assert (await collect(audit, route)).problems == ("left on the device: C:\\Users\\x\\reseal-1 (in use)",)


@pytest.mark.parametrize("data", [b"", b"PK", b"\0" * 100, PASSWORD.encode(), bundle()[:-40]])
async def test_rubbish_is_no_error_and_no_password_is_kept(audit: ListedAudit, route: Route, data: bytes) -> None:
    route.answer = Bundle(NAME, data)
    collection = await collect(audit, route)
    assert collection.report.inputs
    assert PASSWORD[:13] not in repr(collection)


def cloud_dossier() -> Dossier:
    device = EntraDevice("object-1", "device-1", "127", Join.ENTRA, True, "10.0.26100.4061", True, True, None, None)
    managed = ManagedDevice(
        "intune-1", "device-1", "127", "ada@demo.example", "S1", "Made Up", "14", "10.0.26100.4061", True,
        "noncompliant", MORNING,
    )  # fmt: skip
    evidence = Evidence(
        query=Query(device_name="127"),
        named=(device,),
        managed=managed,
        keys=(RecoveryKey("0a1b2c3d-0000-4000-8000-000000000001", "device-1", MORNING, Volume.OPERATING_SYSTEM),),
        sources={"entra-keys": SourceHealth(SourceState.OK, MORNING)},
        pending=False,
    )
    return build_dossier(evidence, SetClock())


async def test_joined_the_sources_stand_side_by_side(audit: ListedAudit, route: Route) -> None:
    dossier = cloud_dossier()
    collection = await collect(audit, route)
    both = joined(dossier, collection)
    builds = {(fact.source, fact.value) for fact in both.facts if fact.name == "os-build"}
    assert {(Source.DISK, "10.0.26100.8246"), (Source.INTUNE, "10.0.26100.4061")} <= builds
    assert set(collection.report.findings) <= set(both.findings)
    assert both.verdict == dossier.verdict
    order = list(reversed(Severity))
    assert [finding.severity for finding in both.findings] == sorted(
        (finding.severity for finding in both.findings), key=order.index
    )


async def test_of_one_code_the_devices_own_finding_counts(audit: ListedAudit, route: Route) -> None:
    code = FindingCode.CUSTOM_PCR_PROFILE
    other = Finding(code, Severity.CRITICAL, "by hearsay", ("the cloud",), "ask")
    both = joined(replace(cloud_dossier(), findings=(other,)), await collect(audit, route))
    assert [finding.title for finding in both.findings if finding.code is code] == ["Policy sets the PCRs to watch"]


def test_the_target_and_the_cloud_side_come_from_the_dossier() -> None:
    dossier = cloud_dossier()
    assert target_of(dossier, "other") == TARGET
    assert target_of(None, "DEMO-PC07") == Target("DEMO-PC07")
    side = cloud_side(dossier.evidence)
    assert (side.compliant, side.encrypted) == (False, True)
    assert side.key_ids == frozenset({"0a1b2c3d-0000-4000-8000-000000000001"})
    unasked = replace(dossier.evidence, sources={}, managed=None)
    assert cloud_side(unasked).key_ids is None
    assert cloud_side(unasked).compliant is None


async def test_over_a_real_jump_host(tmp_path: Path, audit: ListedAudit) -> None:
    with ssh_pair(tmp_path) as pair:
        pair.behave("good")
        said: list[str] = []
        order = replace(ORDER, target=Target(DEVICE, "device-1"))
        service = service_of(audit, ssh=RemoteShell(pair.settings()))
        collection = await service.collect(order, Way.SSH, lambda progress: said.append(progress.says))
    assert said[0].startswith("logging in to the jump host")
    assert said[-1] == "reading what came back"
    assert [fact.state for fact in collection.facts if fact.name == "os-build"] == [FactState.FRESH]
    assert audit.events == ["export", "view"]


LISTING = """BitLocker Drive Encryption: Configuration Tool version 10.0.26100
Copyright (C) 2013 Microsoft Corporation. All rights reserved.

Volume C: [OS]
All Key Protectors

    {kind}:
      ID: {{4A2B9C1D-C100-4214-A5DD-8FE1FC905CC7}}
      PCR Validation Profile:
        7, 11

    Numerical Password:
      ID: {{5BB89AC4-C100-4214-A5DD-8FE1FC905CC7}}
"""


@pytest.mark.parametrize(("after", "lost"), [("TPM", True), ("TPM And PIN", False)])
async def test_a_pin_that_a_rotation_took_away_is_found_by_the_next_look(
    audit: ListedAudit, route: Route, after: str, lost: bool
) -> None:
    service = service_of(audit, ssh=route)
    found = []
    for kind in ("TPM And PIN", after):
        route.answer = Bundle("protectors.txt", LISTING.format(kind=kind).encode())
        collection = await service.collect(ORDER, Way.SSH, lambda _: None)
        found.append([each for each in collection.report.findings if each.code is FindingCode.PIN_PROTECTOR_LOST])
    assert found[0] == []
    assert bool(found[1]) is lost
    if lost:
        assert found[1][0].evidence == ("before: RecoveryPassword, TpmPin", "after: RecoveryPassword, Tpm")
    other = replace(ORDER, target=Target("128", "device-2"))
    collection = await service.collect(other, Way.SSH, lambda _: None)
    assert FindingCode.PIN_PROTECTOR_LOST not in {each.code for each in collection.report.findings}
