"""Every combination of evidence ends in one verdict with words and a next step, and never in a bare "none"."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.cloud import DEVICE, KEY, NOW, OTHER, entra, key, managed
from tests.services.on_prem import computer, on_prem_key
from tui.model.device import DirectoryChange, Join
from tui.model.dossier import Evidence, Query, Verdict
from tui.model.fact import SourceHealth, SourceState
from tui.model.ids import parse_key_term
from tui.model.recovery_key import Volume
from tui.services.cloud_findings import cloud_findings
from tui.services.facts import facts_of
from tui.services.indexed import INDEX_OLD
from tui.services.verdict import judge

SECOND = "0e0e0e0e-0000-4000-8000-000000000002"
PREFIX, WHOLE = parse_key_term(KEY[:8]), parse_key_term(KEY)
KEYS = [key(), key(SECOND), key(SECOND, OTHER), key(volume=Volume.FIXED_DATA), key(created=None)]
KEYS += [on_prem_key(), on_prem_key(device_id=OTHER)]
DEVICES = [entra(), entra(OTHER), entra(OTHER, "LT-2", join=Join.HYBRID, registered_at=None, last_sign_in=None)]
HEALTH = st.builds(SourceHealth, st.sampled_from(SourceState), st.none() | st.just(NOW), st.just("why"))


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    device = st.none() | st.sampled_from(DEVICES)
    return Evidence(
        query=Query(
            term=draw(st.sampled_from([None, PREFIX, WHOLE])),
            device_name=draw(st.sampled_from(["", "LT-1"])),
            user=draw(st.sampled_from(["", "ada@demo.example"])),
            not_bitlocker=draw(st.booleans()),
        ),
        named=tuple(draw(st.lists(st.sampled_from(DEVICES), max_size=2, unique=True))),
        matches=tuple(draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True))),
        matched_device=draw(device),
        keys=tuple(draw(st.lists(st.sampled_from(KEYS), max_size=3))),
        managed=draw(st.none() | st.just(managed())),
        twins=tuple(draw(st.lists(st.sampled_from(DEVICES), max_size=1))),
        twin_keys=tuple(draw(st.lists(st.sampled_from(KEYS), max_size=1))),
        same_machine=draw(st.none() | st.booleans()),
        deleted=tuple(draw(st.lists(st.just(DirectoryChange("Delete device", "LT-1", "", NOW, "x@y")), max_size=1))),
        indexed_at=draw(st.sampled_from([None, NOW, NOW - timedelta(days=2)])),
        self_service=draw(st.none() | st.booleans()),
        computers=tuple(draw(st.lists(st.just(computer()), max_size=1))),
        computer=draw(st.none() | st.just(computer())),
        on_prem_keys=tuple(draw(st.lists(st.just(on_prem_key()), max_size=2))),
        may_read=draw(st.none() | st.booleans()),
        sources=draw(
            st.dictionaries(st.sampled_from(["entra", "entra-keys", "intune", "directory-log", "ad"]), HEALTH)
        ),
        pending=draw(st.booleans()),
    )


@settings(max_examples=300)
@given(evidences())
def test_there_is_always_one_verdict_with_a_next_step(evidence: Evidence) -> None:
    judgement = judge(evidence, NOW, "the directory team")
    assert judgement.verdict in Verdict
    assert judgement.headline.strip() and judgement.next_step.strip()
    assert "Global Administrator" not in judgement.next_step
    for finding in cloud_findings(evidence, judgement, NOW):
        assert finding.title and finding.evidence and all(finding.evidence) and finding.next
    assert all(fact.name for fact in facts_of(evidence, NOW))
    if judgement.key is not None:
        assert not evidence.pending
        assert {each.id for each in evidence.matches} == {judgement.key.id}, "exactly one key, and the one that fits"
        named = evidence.named_ids
        assert judgement.key.escrow != "ad" or evidence.may_read is not False, "no key is offered that may not be read"
        elsewhere = bool(named) and judgement.key.device_id not in named and not evidence.query.by_user
        assert not elsewhere or evidence.same_machine, "a key of another machine is never disclosed"


def nothing_fits(**rest: object) -> Evidence:
    """One device without a key that fits, everything answered."""
    fields: dict[str, object] = {
        "query": Query(term=PREFIX, device_name="LT-1"),
        "named": (entra(),),
        "indexed_at": NOW,
        "pending": False,
    }
    return Evidence(**(fields | rest))  # type: ignore[arg-type]


def test_a_prefix_that_finds_nothing_in_an_old_index_proves_nothing() -> None:
    for indexed_at in (None, NOW - INDEX_OLD - timedelta(minutes=1)):
        assert judge(nothing_fits(indexed_at=indexed_at), NOW).verdict is Verdict.FACTS_TOO_OLD
    assert judge(nothing_fits(indexed_at=NOW - INDEX_OLD), NOW).verdict is Verdict.NEVER_ESCROWED
    whole = Query(term=WHOLE, device_name="LT-1")
    assert judge(nothing_fits(indexed_at=None, query=whole), NOW).verdict is Verdict.NEVER_ESCROWED


def test_t3_hybrid_without_a_key_points_to_active_directory() -> None:
    assert judge(nothing_fits(named=(entra(join=Join.HYBRID),)), NOW).verdict is Verdict.AD_ONLY


def test_a_deletion_outranks_not_found_and_a_silent_audit_log_is_said() -> None:
    gone = DirectoryChange("Delete device", "LT-1", "", NOW, "x@y.example")
    found = judge(nothing_fits(named=(), deleted=(gone,)), NOW)
    assert found.verdict is Verdict.DEVICE_DELETED
    assert "x@y.example" in found.headline
    refused = {"directory-log": SourceHealth(SourceState.FORBIDDEN, NOW)}
    silent = judge(nothing_fits(named=(), query=Query(device_name="LT-1"), sources=refused), NOW)
    assert silent.verdict is Verdict.NOT_FOUND
    assert "cannot be ruled out" in silent.headline


def test_t7_another_serial_number_or_none_is_an_alarm_and_the_same_one_is_not() -> None:
    other = key(device_id=OTHER)
    for same, verdict in (
        (True, "other-device-object"),
        (False, "key-of-another-machine"),
        (None, "key-of-another-machine"),
    ):
        found = judge(nothing_fits(matches=(other,), matched_device=entra(OTHER, "LT-2"), same_machine=same), NOW)
        assert found.verdict == verdict
        assert (found.key is not None) is (same is True)


def test_a_caller_with_other_machines_is_no_alarm_but_is_said() -> None:
    found = judge(
        nothing_fits(query=Query(term=PREFIX, user="ada@demo.example"), named=(entra(OTHER),), matches=(key(),)), NOW
    )
    assert found.verdict is Verdict.ONE_MATCH
    assert "none of the caller's devices" in found.next_step
    assert DEVICE in found.headline
