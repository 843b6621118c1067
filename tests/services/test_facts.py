"""Facts say where they come from, how old they are, and why one is not there."""

from datetime import timedelta

import pytest

from tests.services.cloud import KEY, NOW, entra, managed
from tui.model.device import ActionResult, EncryptionReport, Hardware
from tui.model.dossier import Evidence, Query
from tui.model.fact import Fact, SourceHealth, SourceState
from tui.model.ids import parse_key_term
from tui.services.facts import facts_of


def facts(**rest: object) -> dict[tuple[str, str], Fact]:
    fields: dict[str, object] = {"query": Query(device_name="LT-1"), "named": (entra(),), "pending": False}
    about = Evidence(**(fields | rest))  # type: ignore[arg-type]
    return {(str(fact.source), fact.name): fact for fact in facts_of(about, NOW)}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("ok", "missing"),
        ("forbidden", "denied"),
        ("throttled", "error"),
        ("unreachable", "error"),
        ("not-found", "missing"),
    ],
)
def test_an_owner_that_is_not_there_is_missing_denied_or_an_error(state: str, said: str) -> None:
    health = {"owners": SourceHealth(SourceState(state), NOW)}
    assert facts(sources=health)["entra", "owner"].state == said
    assert ("entra", "owner") not in facts(), "what was not asked for is not said to be missing"


def test_intune_that_is_a_day_old_is_stale_and_says_since_when() -> None:
    old = NOW - timedelta(hours=25)
    found = facts(managed=managed(last_sync=old))
    assert found["intune", "compliance"].state == "stale"
    assert found["intune", "compliance"].observed_at == old
    assert facts(managed=managed())["intune", "compliance"].state == "fresh"


def test_two_sources_stand_side_by_side_under_one_name() -> None:
    found = facts(managed=managed(name="LT-OLD", compliance="noncompliant"))
    assert (found["entra", "name"].value, found["intune", "name"].value) == ("LT-1", "LT-OLD")
    assert (found["entra", "compliance"].value, found["intune", "compliance"].value) == ("compliant", "noncompliant")


def test_a_device_out_of_sight_is_said_once_everything_was_asked() -> None:
    refused = {"entra": SourceHealth(SourceState.FORBIDDEN, NOW, "not allowed")}
    found = facts(named=(), sources=refused)
    assert (found["entra", "device"].state, found["entra", "device"].detail) == ("denied", "not allowed")
    assert facts(named=(), pending=True) == {}


def test_details_of_intune_and_the_age_of_the_index() -> None:
    report = EncryptionReport("ready", "encrypted", "compliant", ("Disk",), ("networkError",))
    action = ActionResult("rotateBitLockerKeys", "failed", NOW, NOW, -5)
    found = facts(
        managed=managed(actions=(action,)),
        encryption=report,
        hardware=Hardware("1.2", "2.0", "DEMO", ""),
        query=Query(term=parse_key_term(KEY[:8]), device_name="LT-1"),
        indexed_at=NOW - timedelta(hours=3),
    )
    assert found["intune", "encryption"].value == "encrypted, ready: networkError"
    assert found["intune", "bios"].value == "1.2"
    assert found["intune", "action-rotateBitLockerKeys"].value == "failed (error -5)"
    assert found["entra", "key-index"].state == "stale"
    assert ("entra", "key-index") not in facts(query=Query(term=parse_key_term(KEY)))
