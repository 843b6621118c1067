"""How a dossier is joined: at once, fact by fact, never held up or spoiled by one source."""

import asyncio
import itertools

import pytest

from tests.services.cloud import DEVICE, INTUNE, KEY, OTHER, Cloud, entra, key, managed
from tests.services.samples import SetClock
from tui.errors import ProblemKind
from tui.model.device import EncryptionReport
from tui.model.dossier import Dossier, Query, Verdict
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.ids import parse_key_term
from tui.services.dossier import DossierJoin

TERM = parse_key_term(KEY[:8])
BY_BOTH = Query(term=TERM, device_name="LT-1", incident_id="desk:1")


def whole(**rest: object) -> Cloud:
    """One device with one key that the index knows."""
    return Cloud(devices=[entra()], records=[managed()], keys=[key()], index=[key()], **rest)  # type: ignore[arg-type]


async def join(cloud: Cloud, query: Query = BY_BOTH, seen: list[Dossier] | None = None) -> Dossier:
    collected: list[Dossier] = [] if seen is None else seen
    return await DossierJoin(cloud.sources, SetClock(), query, collected.append).run()


class Rounds:
    """Answers all calls that wait at once, round after round, and counts the rounds."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[asyncio.Event] = []

    async def before(self, _: str) -> None:
        event = asyncio.Event()
        self._waiting.append(event)
        await event.wait()

    async def run(self, work: "asyncio.Task[Dossier]") -> Dossier:
        while not work.done():
            for _ in range(40):
                await asyncio.sleep(0)
            if self._waiting:
                self.count += 1
                waiting, self._waiting = self._waiting, []
                for event in waiting:
                    event.set()
        return await work


async def rounds_of(cloud: Cloud) -> int:
    rounds = Rounds()
    cloud.before = rounds.before
    dossier = await rounds.run(asyncio.ensure_future(join(cloud)))
    assert dossier.verdict is Verdict.ONE_MATCH
    assert dossier.evidence.managed is not None
    cloud.before = None
    return rounds.count


async def test_a_device_that_was_seen_before_takes_one_round_trip_and_a_new_one_two() -> None:
    cloud = whole()
    assert await rounds_of(cloud) == 2, "Intune's details need Intune's own id first"
    assert await rounds_of(cloud) == 1
    assert cloud.asked.count(f"policies {INTUNE}") == 2, "the details were asked for both times"


async def test_a_refusal_about_another_device_does_not_hide_this_one() -> None:
    cloud = Cloud(devices=[entra(), entra(OTHER, "LT-2")], fail={f"keys {OTHER}": ProblemKind.FORBIDDEN})
    cloud.kept = {"device-of-name:t:lt-1": OTHER}
    assert (await join(cloud, Query(device_name="LT-1"))).verdict is Verdict.NEVER_ESCROWED


async def test_one_refusal_among_several_answers_is_not_forgotten() -> None:
    second = KEY[:-1] + "2"
    cloud = Cloud(index=[key(), key(second, OTHER)], fail={f"key {KEY}": ProblemKind.FORBIDDEN})
    assert (await join(cloud, Query(term=TERM))).verdict is Verdict.HIDDEN_BY_SCOPE


async def test_the_verdict_is_there_before_intune_has_answered() -> None:
    cloud, release = whole(), asyncio.Event()

    async def slow_intune(name: str) -> None:
        if name == "managed":
            await release.wait()

    cloud.before = slow_intune
    seen: list[Dossier] = []
    work = asyncio.ensure_future(join(cloud, seen=seen))
    async with asyncio.timeout(5):
        while not seen or seen[-1].verdict is not Verdict.ONE_MATCH:  # noqa: ASYNC110  (nothing tells it)
            await asyncio.sleep(0)
    assert not seen[-1].evidence.complete
    release.set()
    assert (await work).evidence.complete


async def test_facts_come_one_by_one_and_none_goes_away_again() -> None:
    seen: list[Dossier] = []
    final = await join(whole(), seen=seen)
    names = [{(fact.source, fact.name) for fact in dossier.facts} for dossier in seen]
    assert len({len(each) for each in names}) > 3
    assert all(before <= after for before, after in itertools.pairwise(names))
    assert seen[0].verdict is Verdict.FACTS_TOO_OLD
    assert seen[-1] == final


async def test_a_wrong_hint_changes_nothing() -> None:
    cloud = whole()
    cloud.devices.append(entra(OTHER, "LT-2"))
    cloud.kept = {"device-of-name:t:lt-1": OTHER, f"intune-id:t:{DEVICE}": OTHER}
    cloud.keys.append(key("0e0e0e0e-0000-4000-8000-00000000000f", OTHER))
    cloud.reports = {OTHER: EncryptionReport("ready", "encrypted", "", (), ("networkError",))}
    dossier = await join(cloud)
    assert dossier.verdict is Verdict.ONE_MATCH
    assert dossier.key == key()
    assert dossier.evidence.encryption is None, "the report was of another device"
    assert f"policies {INTUNE}" in cloud.asked, "asked again under the right id"
    assert dossier == await join(whole())


@pytest.mark.parametrize("kind", [ProblemKind.FORBIDDEN, ProblemKind.THROTTLED, ProblemKind.UNREACHABLE])
@pytest.mark.parametrize(
    "call", ["managed", "owners", "users", "units", "encryption", "hardware", "policies", "policy"]
)
async def test_a_source_that_fails_beside_the_key_costs_its_own_facts_only(call: str, kind: ProblemKind) -> None:
    dossier = await join(whole(fail={call: kind}))
    assert dossier.verdict is Verdict.ONE_MATCH
    assert dossier.key == key()
    failed = {name for name, health in dossier.evidence.sources.items() if health.state != "ok"}
    assert len(failed) == 1


@pytest.mark.parametrize("call", ["keys", "key"])
async def test_a_key_source_that_is_silent_never_means_no_key(call: str) -> None:
    for kind, verdict in (
        (ProblemKind.FORBIDDEN, Verdict.HIDDEN_BY_SCOPE),
        (ProblemKind.THROTTLED, Verdict.FACTS_TOO_OLD),
        (ProblemKind.UNREACHABLE, Verdict.FACTS_TOO_OLD),
        (ProblemKind.UPSTREAM, Verdict.FACTS_TOO_OLD),
    ):
        cloud = Cloud(devices=[entra()], index=[key()], keys=[], fail={call: kind})
        assert (await join(cloud)).verdict is verdict


async def test_nothing_is_asked_twice() -> None:
    cloud = whole()
    await join(cloud)
    assert sorted(cloud.asked) == sorted(set(cloud.asked))


async def test_leaving_ends_every_call() -> None:
    cloud, never = whole(), asyncio.Event()

    async def wait(_: str) -> None:
        await never.wait()

    cloud.before = wait
    work = asyncio.ensure_future(join(cloud))
    async with asyncio.timeout(5):
        while cloud.in_flight < 3:  # noqa: ASYNC110  (nothing tells it)
            await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    for _ in range(5):
        await asyncio.sleep(0)
    assert cloud.in_flight == 0


async def test_the_own_audit_speaks_of_the_device_in_question_only() -> None:
    cloud = whole()
    cloud.devices.append(entra(OTHER, "LT-2"))
    cloud.kept = {"device-of-name:t:lt-1": OTHER}

    async def local(device_id: str) -> list[Finding]:
        return [Finding(FindingCode.ROTATION_DUE, Severity.WARNING, "due", (device_id,), "press T")]

    dossier = await DossierJoin(cloud.sources, SetClock(), BY_BOTH, lambda _: None, local=local).run()
    due = [finding.evidence for finding in dossier.findings if finding.code is FindingCode.ROTATION_DUE]
    assert due == [(DEVICE,)]


async def test_compliance_that_flips_without_an_escrowed_key_is_flapping() -> None:
    cloud, clock = Cloud(devices=[entra()], records=[managed()]), SetClock()
    for turn in range(5):
        state = "compliant" if turn % 2 else "noncompliant"
        clock.go(3600)
        cloud.records = [managed(compliance=state, last_sync=clock.now())]
        dossier = await DossierJoin(cloud.sources, clock, Query(device_name="LT-1"), lambda _: None).run()
    assert FindingCode.COMPLIANCE_FLAPPING in {finding.code for finding in dossier.findings}
