"""Active Directory in a dossier: its keys, its rights, and its silence, which is not a "none"."""

import asyncio
from dataclasses import replace

import pytest

from tests.services.cloud import DEVICE, KEY, NOW, OTHER, Cloud, entra, key
from tests.services.on_prem import AD_KEY, OBJECT, Domain, computer, on_prem_key
from tests.services.samples import SetClock
from tui.errors import Problem, ProblemKind
from tui.model.device import Join, User
from tui.model.dossier import Dossier, Query, Verdict
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.ids import parse_key_term, read_key_ids
from tui.model.on_prem import object_of
from tui.model.rights import Rights
from tui.ports import OnPremDirectory
from tui.services.cloud_findings import cloud_findings
from tui.services.dossier import DossierJoin
from tui.services.lookup import lookup_json
from tui.services.matching import Refused, Selection, select
from tui.services.on_prem_patience import PAUSE_SECONDS, PatientDirectory
from tui.services.self_service import offer
from tui.services.verdict import judge

TERM, WHOLE = parse_key_term(AD_KEY[:8]), parse_key_term(AD_KEY)
BY_BOTH = Query(term=TERM, device_name="LT-1")
HYBRID = entra(join=Join.HYBRID)
HIDDEN = Problem(ProblemKind.FORBIDDEN, "This account sees no key at all", "It hides", "Ask the AD team")
DOWN = Problem(ProblemKind.UNREACHABLE, "No connection to dc1")


def domain(**rest: object) -> Domain:
    return Domain(keys=[on_prem_key()], computers=[computer()], **rest)  # type: ignore[arg-type]


async def join(directory: OnPremDirectory | None, query: Query = BY_BOTH, cloud: Cloud | None = None) -> Dossier:
    sources = (cloud or Cloud(devices=[HYBRID])).sources
    join = DossierJoin(replace(sources, on_prem=directory), SetClock(NOW), query, lambda _: None)
    return await join.run()


def codes(dossier: Dossier) -> set[str]:
    return {finding.code for finding in dossier.findings}


def selected(dossier: Dossier) -> Selection:
    term = dossier.evidence.query.term
    assert term is not None
    return select(dossier, read_key_ids(term.digits)[0])


async def test_a_key_that_only_active_directory_has_is_the_one_match() -> None:
    dossier = await join(domain())
    assert (dossier.verdict, dossier.key) == (Verdict.ONE_MATCH, on_prem_key())
    assert "to Active Directory" in dossier.headline
    assert FindingCode.ESCROW_AD_ONLY in codes(dossier)
    assert dossier.evidence.may_read is True
    selection = selected(dossier)
    assert selection.key is not None
    assert object_of(selection.key) == OBJECT
    assert "unknown" in selection.notes[0]
    answer = lookup_json("x", "key_id_prefix", dossier)
    assert [(one["id"], one["escrow"]) for one in answer["matches"][0]["keys"]] == [(AD_KEY, "ad")]
    assert answer["sources"]["ad"]["state"] == "ok"


async def test_neither_owner_nor_role_of_entra_id_matters_for_a_key_of_active_directory() -> None:
    found = (await join(domain())).evidence
    owned = replace(
        found, self_service=True, owners=(User("1", "ada@demo.example", "Ada"),), rights=Rights(observed_at=NOW)
    )
    judgement = judge(owned, NOW)
    assert offer(owned, "ada@demo.example", judgement.key) is None
    codes = {finding.code for finding in cloud_findings(owned, judgement, NOW)}
    assert not codes & {FindingCode.SELF_SERVICE_AVAILABLE, FindingCode.ROLE_MISSING, FindingCode.OUTSIDE_ADMIN_UNIT}
    escrowed = replace(owned, matches=(key(AD_KEY),))
    assert offer(escrowed, "ada@demo.example", key(AD_KEY)) is not None


async def test_a_key_that_entra_id_has_too_is_entra_ids() -> None:
    both = domain()
    both.keys = [on_prem_key(KEY)]
    cloud = Cloud(devices=[HYBRID], keys=[key()], index=[key()])
    dossier = await join(both, Query(term=parse_key_term(KEY[:8]), device_name="LT-1"), cloud)
    assert (dossier.verdict, dossier.key) == (Verdict.ONE_MATCH, key())
    assert dossier.evidence.only_on_prem == ()
    assert len(dossier.evidence.on_prem_keys) == 1
    assert FindingCode.ESCROW_AD_ONLY not in codes(dossier)
    assert "may-read" not in both.asked


async def test_a_key_whose_password_is_not_for_this_account_is_hidden_and_not_offered() -> None:
    dossier = await join(domain(readable=False))
    assert (dossier.verdict, dossier.key) == (Verdict.HIDDEN_BY_SCOPE, None)
    assert "may not read" in dossier.headline
    assert dossier.evidence.hidden_on_prem
    assert selected(dossier).refused is Refused.UNDECIDED
    states = {fact.name: fact.state for fact in dossier.facts if fact.source == "ad"}
    assert (states["keys"], states["key-password"]) == ("fresh", "denied")


@pytest.mark.parametrize("query", [BY_BOTH, Query(device_name="LT-1"), Query(term=WHOLE)])
@pytest.mark.parametrize(
    ("problem", "verdict"), [(HIDDEN, Verdict.HIDDEN_BY_SCOPE), (DOWN, Verdict.FACTS_TOO_OLD)], ids=["hidden", "down"]
)
async def test_silence_is_never_no_key(query: Query, problem: Problem, verdict: Verdict) -> None:
    silent = Domain(computers=[computer()], absent=problem, fails=problem if problem is DOWN else None)
    dossier = await join(silent, query)
    assert dossier.verdict is verdict, dossier.headline
    assert FindingCode.ESCROW_MISSING not in codes(dossier)


async def test_a_device_without_a_key_in_either_was_never_escrowed() -> None:
    dossier = await join(Domain(computers=[computer()]), Query(device_name="LT-1"))
    assert dossier.verdict is Verdict.NEVER_ESCROWED
    [missing] = [finding for finding in dossier.findings if finding.code is FindingCode.ESCROW_MISSING]
    assert "keys in Active Directory: 0" in missing.evidence
    assert dossier.evidence.sources["ad"].state == "not-found"


async def test_without_a_configured_directory_the_verdict_says_where_to_look_and_the_source_is_off() -> None:
    dossier = await join(None)
    assert dossier.verdict is Verdict.AD_ONLY
    assert dossier.evidence.sources["ad"].state == "off"


async def test_a_device_of_entra_id_alone_does_not_depend_on_active_directory() -> None:
    cloud = Cloud(devices=[entra()], keys=[key()], index=[key()])
    for fails in (None, DOWN):
        dossier = await join(Domain(fails=fails), Query(device_name="LT-1"), cloud)
        assert dossier.verdict is Verdict.ONE_MATCH
        bare = await join(Domain(fails=fails), Query(device_name="LT-1"), Cloud(devices=[entra()]))
        assert bare.verdict is Verdict.NEVER_ESCROWED


async def test_a_computer_that_entra_id_does_not_know_is_found_by_name_and_id() -> None:
    dossier = await join(domain(), cloud=Cloud())
    assert (dossier.verdict, dossier.key) == (Verdict.ONE_MATCH, on_prem_key())
    assert selected(dossier).key == on_prem_key()
    nameless = await join(domain(), Query(term=TERM), Cloud())
    assert selected(nameless).refused is Refused.WHOLE_ID_NEEDED
    whole = await join(domain(), Query(term=WHOLE), Cloud())
    assert selected(whole).key == on_prem_key()


async def test_what_the_audit_knows_of_a_computer_is_told_though_entra_id_knows_none() -> None:
    async def earlier(device_id: str) -> list[Finding]:
        return [Finding(FindingCode.REPEAT_RECOVERY, Severity.WARNING, "Again", (device_id,), "Find out why")]

    sources = replace(Cloud().sources, on_prem=domain())
    dossier = await DossierJoin(sources, SetClock(NOW), BY_BOTH, lambda _: None, local=earlier).run()
    assert [finding.evidence for finding in dossier.findings if finding.code == "repeat-recovery"] == [(DEVICE,)]


async def test_the_key_of_another_computer_is_an_alarm() -> None:
    other = domain()
    other.keys = [on_prem_key(device_id=OTHER, computer="LT-2")]
    dossier = await join(other)
    assert (dossier.verdict, dossier.key) == (Verdict.KEY_OF_ANOTHER_MACHINE, None)
    assert "LT-2, not to LT-1" in dossier.headline
    assert selected(dossier).refused is Refused.CLONE_ALARM


async def test_one_key_on_two_computers_is_an_alarm_whatever_was_asked_for() -> None:
    cloned = domain()
    cloned.keys.append(on_prem_key(device_id=OTHER, computer="LT-2", object_guid=OBJECT[:-1] + "2"))
    for query in (BY_BOTH, Query(term=WHOLE), Query(term=WHOLE, user="ada@demo.example")):
        dossier = await join(cloned, query)
        assert (dossier.verdict, dossier.key) == (Verdict.KEY_OF_ANOTHER_MACHINE, None)
        assert "LT-1 and LT-2" in dossier.headline
        assert selected(dossier).refused is Refused.CLONE_ALARM


async def test_keys_of_two_directories_that_begin_alike_select_none() -> None:
    twin = AD_KEY[:-1] + "9"
    cloud = Cloud(devices=[HYBRID], keys=[key(twin)], index=[key(twin)])
    dossier = await join(domain(), cloud=cloud)
    assert (dossier.verdict, dossier.key) == (Verdict.SEVERAL_MATCHES, None)


async def test_a_directory_that_does_not_answer_holds_one_verdict_up_and_not_the_next() -> None:
    class Frozen(Domain):
        async def _call(self, question: str) -> None:
            self.asked.append(question)
            await asyncio.Event().wait()

    frozen, clock = Frozen(), SetClock(NOW)
    patient = PatientDirectory(frozen, clock, 0.01)
    dossier = await join(patient)
    assert dossier.verdict is Verdict.FACTS_TOO_OLD
    assert "gave no answer" in dossier.evidence.sources["ad"].detail
    cloud = Cloud(devices=[HYBRID], keys=[key()], index=[key()])
    by_both = Query(term=parse_key_term(KEY[:8]), device_name="LT-1")
    assert (await join(patient, by_both, cloud)).verdict is Verdict.ONE_MATCH
    assert frozen.asked == ["prefix"]
    clock.go(PAUSE_SECONDS)
    await join(patient, by_both, cloud)
    assert frozen.asked == ["prefix", "prefix"]


async def test_a_directory_that_answers_again_is_asked_again_at_once() -> None:
    directory, clock = domain(fails=DOWN), SetClock(NOW)
    patient = PatientDirectory(directory, clock)
    assert (await join(patient)).verdict is Verdict.FACTS_TOO_OLD
    assert directory.asked == ["prefix"]
    directory.fails = None
    clock.go(PAUSE_SECONDS)
    assert (await join(patient)).verdict is Verdict.ONE_MATCH
    directory.fails = HIDDEN
    assert (await join(patient)).verdict is Verdict.HIDDEN_BY_SCOPE, "a refusal is an answer"


async def test_a_stale_id_names_the_newest_key_of_active_directory() -> None:
    dossier = await join(domain(), Query(term=parse_key_term("deadbeef"), device_name="LT-1"))
    assert dossier.verdict is Verdict.NOT_FOUND
    assert AD_KEY[:8].upper() in dossier.headline
    assert FindingCode.STALE_KEY in codes(dossier)
    assert dossier.evidence.on_prem_keys[0].device_id == DEVICE
