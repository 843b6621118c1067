"""Each way in which Graph says no has its own kind, reason and next step, with Graph's own ids kept."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.errors import ProblemKind
from tui.sources.graph.problems import Ask, claims_challenge, problem_of
from tui.sources.upstream import Answer
from tui.text import clean_line

ASK = Ask("recovery key metadata", "BitlockerKey.ReadBasic.All", "Helpdesk Administrator")
# The shape of a real refusal, as reported in ugurkocde/DeviceOffboardingManager#24.
REFUSED = {
    "error": {
        "code": "authorization_error",
        "message": "Failed to authorize, token doesn't have the required permissions.",
        "innerError": {"date": "2025-04-09T04:32:16", "request-id": "inner-id", "client-request-id": "c"},
    }
}


def answer(status: int, body: object = None, **headers: str) -> Answer:
    return Answer(
        status,
        json.dumps(body).encode() if body is not None else b"",
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ProblemKind.UPSTREAM),
        (400, ProblemKind.UPSTREAM),
        (401, ProblemKind.SIGNED_OUT),
        (403, ProblemKind.FORBIDDEN),
        (404, ProblemKind.NOT_FOUND),
        (410, ProblemKind.NOT_FOUND),
        (429, ProblemKind.THROTTLED),
        (500, ProblemKind.UPSTREAM),
        (503, ProblemKind.UPSTREAM),
        (418, ProblemKind.UPSTREAM),
    ],
)
def test_each_status_has_its_kind_and_a_next_step(status: int, kind: ProblemKind) -> None:
    problem = problem_of(answer(status), ASK)
    assert (problem.kind, problem.status) == (kind, status)
    assert problem.what and problem.next_step


def test_no_two_refusals_sound_the_same() -> None:
    said = [str(problem_of(answer(status), ASK)) for status in (302, 400, 401, 403, 404, 429, 500)]
    assert len(set(said)) == len(said)


def test_a_refusal_says_what_is_possible_and_never_asks_for_everything() -> None:
    problem = problem_of(answer(403, REFUSED), ASK)
    assert (problem.code, problem.request_id) == ("authorization_error", "inner-id")
    for part in ("BitlockerKey.ReadBasic.All", "Helpdesk Administrator", "administrative unit", "token doesn't have"):
        assert part in problem.why
    assert "reseal doctor" in problem.next_step
    assert "Global Administrator" not in str(problem)


def test_the_request_id_of_the_header_comes_first() -> None:
    assert problem_of(answer(403, REFUSED, request_id="outer-id"), ASK).request_id == "outer-id"


def test_an_expired_token_and_a_revoked_session_are_told_apart() -> None:
    expired = problem_of(answer(401), ASK)
    revoked = problem_of(answer(401, www_authenticate='Bearer error="insufficient_claims", claims="e30="'), ASK)
    assert "expired" in expired.why
    assert "revoked" in revoked.why


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ('Bearer realm="", authorization_uri="x", error="insufficient_claims", claims="e30="', "e30="),
        ('bearer claims="abc"', "abc"),
        ("Bearer", ""),
        ('Basic claims="abc"', ""),
        ('Bearer claims=""', ""),
        ("", ""),
    ],
)
def test_the_claims_of_a_challenge(header: str, claims: str) -> None:
    assert claims_challenge({"www-authenticate": header}) == claims


def test_throttling_says_how_long() -> None:
    told = problem_of(answer(429, retry_after="17"), ASK)
    assert (told.retry_after, told.next_step) == (17.0, "Wait 17 s")
    assert problem_of(answer(429), ASK).retry_after is None


def test_a_gateways_page_is_called_one() -> None:
    problem = problem_of(Answer(502, b"<html>Bad gateway</html>", {"content-type": "text/html"}), ASK)
    assert "web page" in problem.why
    assert "<html>" not in str(problem)


def test_what_graph_says_is_cleaned() -> None:
    body = {"error": {"code": "x\x1b[2J", "message": "a\u202eb\nc", "innerError": None}}
    problem = problem_of(answer(400, body), ASK)
    assert problem.code == "x"
    assert '"ab c"' in problem.why


@settings(max_examples=80)
@given(
    st.sampled_from([400, 401, 403, 404, 429, 500]),
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text(max_size=9), st.lists, max_leaves=3).map(repr).map(str.encode),
    st.dictionaries(st.sampled_from(["request-id", "retry-after", "www-authenticate", "content-type"]), st.text()),
)
def test_no_answer_breaks_the_telling(status: int, body: bytes, headers: dict[str, str]) -> None:
    problem = problem_of(Answer(status, body, headers), ASK)
    assert problem.what
    assert clean_line(str(problem), 5000) == str(problem)
