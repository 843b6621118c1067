"""The cause, whatever is put before it: order, unrelated inputs, and what the less trusted say."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.given import (
    API,
    TPM_WMI,
    boot,
    entry,
    msinfo,
    pair,
    protectors,
    recovery_log,
    screen,
    status,
    system_log,
    ticket,
)
from tui.diagnosis.causes import name_cause, weigh
from tui.diagnosis.causes_witness import NOTHING_CHANGED, REFINES, Trust, Witness
from tui.diagnosis.sample import Parsed
from tui.model.cause import CauseCode, Confidence

_DURING = "2026-04-15T06:00:05Z"

_NAMED: list[Callable[[], Parsed]] = [
    lambda: screen("tpm_absent", "E_FVE_TPM_NOT_DETECTED"),
    lambda: recovery_log(entry(60, _DURING, f"{API}/824", "cause", "secureboot_changed")),
    lambda: recovery_log(before=[entry(30, "2026-04-14T12:00:00Z", f"{TPM_WMI}/1043", "servicing")]),
    lambda: pair(["firmware_update"], [0]),
    lambda: ticket("firmware_update"),
    lambda: ticket("wrong_pin", ["KB5083769"]),
    lambda: Parsed("event-text", {"events": [{"id": 24658, "provider": "BitLocker-Driver"}]}),
    protectors,
]
_UNRELATED: list[Callable[[], Parsed]] = [
    lambda: Parsed("dsregcmd", {"join_state": "hybrid"}),
    lambda: Parsed("test-netconnection", {"tcp_test_succeeded": False}),
    lambda: Parsed("escrow-entra", {"keys": [{"id": "x"}]}),
    lambda: Parsed("recovery-key-file", {"key_id": None}),
    lambda: Parsed("unknown", {}, ("text, and of none of the known formats",)),
    lambda: msinfo("binding_not_possible"),
    status,
    lambda: system_log(boot(1, "2020-01-01T00:00:00Z", "10.0.19041.1")),
    lambda: ticket(),
]


@given(st.lists(st.sampled_from([*_NAMED, *_UNRELATED]), max_size=6), st.randoms())
@settings(max_examples=60)
def test_the_order_of_inputs_does_not_matter(makers: list[Callable[[], Parsed]], chance: random.Random) -> None:
    inputs = [make() for make in makers]
    shuffled = list(inputs)
    chance.shuffle(shuffled)
    assert name_cause(inputs) == name_cause(shuffled)


@given(st.lists(st.sampled_from(_NAMED), min_size=1, max_size=4), st.sampled_from(_UNRELATED))
@settings(max_examples=80)
def test_an_unrelated_input_never_changes_a_name(
    makers: list[Callable[[], Parsed]], unrelated: Callable[[], Parsed]
) -> None:
    inputs = [make() for make in makers]
    assert name_cause([*inputs, unrelated()]).code in (name_cause(inputs).code, CauseCode.UNKNOWN)


@given(st.lists(st.sampled_from(_NAMED[:4]), min_size=1, max_size=3), st.sampled_from(list(CauseCode)))
@settings(max_examples=80)
def test_a_tickets_prose_never_overrules_evidence(makers: list[Callable[[], Parsed]], said: CauseCode) -> None:
    inputs = [make() for make in makers]
    before = name_cause(inputs)
    if before.code is not CauseCode.UNKNOWN:
        after = name_cause([*inputs, ticket(str(said))])
        assert (after.code, after.pcr, after.event) == (before.code, before.pcr, before.event)


_WITNESSES = st.builds(
    Witness,
    trust=st.sampled_from(Trust),
    code=st.sampled_from(CauseCode),
    says=st.sampled_from(["a", "b", "c"]),
    confidence=st.sampled_from([Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE]),
    pcr=st.sampled_from([None, 0, 4, 7]),
    event=st.sampled_from([None, "db", "dbx"]),
)


@given(st.lists(_WITNESSES, max_size=7))
@settings(max_examples=200)
def test_only_what_the_most_trusted_said_or_left_open_is_named(found: list[Witness]) -> None:
    _check_verdict(found)


@pytest.mark.long
@given(st.lists(_WITNESSES, max_size=12))
@settings(max_examples=20_000, deadline=None)
def test_only_what_the_most_trusted_said_or_left_open_is_named_long(found: list[Witness]) -> None:
    _check_verdict(found)


def _check_verdict(found: list[Witness]) -> None:
    found = sorted(set(found), key=lambda witness: witness.order)
    cause = weigh(found)
    named = [witness for witness in found if witness.code not in {*NOTHING_CHANGED, CauseCode.UNKNOWN}]
    if cause.code is CauseCode.UNKNOWN or not named:
        assert cause.pcr is None
        return
    top = {witness.code for witness in named if witness.trust == named[0].trust}
    vague = {CauseCode.TPM_FAILURE, CauseCode.WRONG_PIN}
    allowed = top.union(*(REFINES.get(code, frozenset()) for code in top))
    allowed |= {fine for code in allowed for fine in REFINES.get(code, frozenset())}
    assert cause.code in allowed or (top & vague and named[0].trust is Trust.BOOT_EVENT)
    assert cause.because
    assert cause.confidence is not Confidence.NONE
