"""The user first: offered only where it works for certain, and as a text that gives nothing away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.services.samples import MORNING
from tests.services.test_matching import KEY, evidence
from tui.model.cause import CauseCode
from tui.model.device import DirectoryChange, User
from tui.services.intake_text import REASONS, first_guess, secret_in
from tui.services.self_service import PAGE, offer

ADA = User("u1", "ada@demo.example", "Ada Demo")
PLAIN = evidence(KEY.id, KEY, self_service=True, owners=(ADA,))


def test_the_owner_who_calls_gets_the_text_with_preconditions() -> None:
    for caller in ("ada@demo.example", "Ada Demo", "ADA@demo.example"):
        found = offer(PLAIN, caller, KEY)
        assert found is not None
        assert found.certain
        assert PAGE in found.text
        assert "4A2B9C1D" in found.text
        assert "Do not send them" in found.text
        assert len(found.preconditions) == 3
    other = offer(PLAIN, "someone else", KEY)
    assert other is not None
    assert not other.certain


@pytest.mark.parametrize(
    "changes",
    [
        {"self_service": None},
        {"self_service": False},
        {"owners": ()},
        {"owners": (ADA, replace(ADA, id="u2"))},
        {"owner_changes": (DirectoryChange("owner", "DEMO-1", "o", MORNING + timedelta(days=2), "x"),)},
    ],
)
def test_nothing_is_offered_that_would_not_work(changes: dict[str, object]) -> None:
    assert offer(replace(PLAIN, **changes), ADA.upn, KEY) is None  # type: ignore[arg-type]
    assert offer(PLAIN, ADA.upn, replace(KEY, device_id="d2")) is None


@pytest.mark.parametrize(
    "text",
    [
        "password: Sommer2026",
        "PIN is 4711",
        "Kennwort war blume7",
        "born 12.03.1981",
        "1979-05-30",
        "card 4111 1111 1111 1111",
        "Xy7$kk!92",
        "maiden name: Miller",
        "-".join(f"{word * 11:06d}" for word in range(7001, 7009)),
    ],
)
def test_an_answer_is_not_kept(text: str) -> None:
    assert secret_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "INC0010001", "called +44 20 7946 0991 at 07:12 on 2026-04-15", "ticket REQ-2041, prompt #88213",
        "manager grace@demo.example", "badge seen at desk 3.14, floor 2", "call-back 2026-04-15T07:10:00Z",
        "order 4111111111111112", "PIN was forgotten", "password is unknown to him",
        "DEMO-LT-7001", "pinned by firmware", "cannot log in; needs his laptop (round 9-10 a.m.)",
    ],
)  # fmt: skip
def test_a_reference_is(text: str) -> None:
    assert secret_in(text) == ""


def test_reason_codes_are_distinct_and_guessed_from_the_cause() -> None:
    assert len({reason.code for reason in REASONS}) == len(REASONS)
    known = {str(code) for code in CauseCode}
    assert all(set(reason.causes) <= known for reason in REASONS)
    assert first_guess(CauseCode.PCR_MISMATCH).code == "os-update"
    assert first_guess(CauseCode.UNKNOWN).code == "unknown"
