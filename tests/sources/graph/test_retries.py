"""What is sent again: a GET that asked for it, within its budget, and after a challenge; never a POST."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.sources.graph.conftest import TOKEN, Graph, to
from tests.sources.graph.samples import keys, refused
from tests.sources.loopback import Reply, as_json, loopback
from tui.errors import Problem, ProblemKind
from tui.sources.graph import transport as transport_module
from tui.sources.upstream import retry_after


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_a_post_is_sent_once_whatever_comes_back(graph: Graph, status: int) -> None:
    async with graph(lambda _: as_json({}, status, retry_after="0")) as (transport, server):
        with pytest.raises(Problem):
            await transport.send(transport.beta("POST", "/x"), "c", retries=5)
    assert len(server.asked) == 1


async def test_a_get_is_sent_once_unless_retries_are_asked_for(graph: Graph) -> None:
    async with graph(lambda _: as_json({}, 503)) as (transport, server):
        await refused(transport)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_a_get_waits_as_told_and_goes_again_with_the_same_id(graph: Graph, status: int) -> None:
    answers = [as_json({}, status, retry_after="0"), as_json({"value": [1]})]
    async with graph(lambda _: answers.pop(0)) as (transport, server):
        answer = await transport.send(keys(transport), "c-9", retries=2)
    assert answer.body == b'{"value": [1]}'
    assert [asked.headers["client-request-id"] for asked in server.asked] == ["c-9", "c-9"]
    assert [asked.headers["authorization"] for asked in server.asked] == [f"Bearer {TOKEN}"] * 2


async def test_a_wait_beyond_the_budget_is_not_waited_for(graph: Graph) -> None:
    async with graph(lambda _: as_json({}, 429, retry_after="179")) as (transport, server):
        problem = await refused(transport, retries=3)
    assert len(server.asked) == 1
    assert (problem.kind, problem.retry_after, problem.next_step) == (ProblemKind.THROTTLED, 179.0, "Wait 179 s")


async def test_the_budget_is_for_all_waits_together(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "RETRY_BUDGET", 0.1)
    async with graph(lambda _: as_json({}, 503, retry_after="0.06")) as (transport, server):
        await refused(transport, retries=10)
    assert len(server.asked) == 2


async def test_a_broken_connection_is_tried_again_for_a_get(graph: Graph) -> None:
    answers = [Reply(200, b"x" * 100, cut=10), as_json({"value": []})]
    async with graph(lambda _: answers.pop(0)) as (transport, server):
        await transport.send(keys(transport), "c", retries=1)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("12", 12.0), (" 0.5 ", 0.5), ("99999", 3600.0), ("", None), ("soon", None), ("-4", None), ("1e9", None)],
)
def test_retry_after_as_a_number(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize(("ahead", "low", "high"), [(60, 50, 61), (-60, 0, 0), (90_000, 3600, 3600)])
def test_retry_after_as_a_date(ahead: int, low: float, high: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    found = retry_after({"retry-after": date})
    assert found is not None
    assert low <= found <= high


CHALLENGE = {"www-authenticate": 'Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="'}


async def test_a_challenge_is_answered_once_and_the_get_goes_again() -> None:
    met: list[str] = []

    async def challenged(claims: str) -> None:
        met.append(claims)

    answers = [Reply(401, headers=CHALLENGE), as_json({"value": []})]
    async with (
        loopback(lambda _: answers.pop(0)) as server,
        to(server.url, challenged=challenged) as transport,
    ):
        await transport.send(keys(transport), "c")
    assert met == ["eyJhIjoxfQ=="]
    assert len(server.asked) == 2


async def test_a_challenge_that_stays_is_signed_out_and_not_a_loop() -> None:
    async def challenged(claims: str) -> None:
        return None

    async with (
        loopback(lambda _: Reply(401, headers=CHALLENGE)) as server,
        to(server.url, challenged=challenged) as transport,
    ):
        problem = await refused(transport)
    assert problem.kind is ProblemKind.SIGNED_OUT
    assert "revoked" in problem.why
    assert len(server.asked) == 2


async def test_a_challenged_post_is_not_sent_again() -> None:
    async def challenged(claims: str) -> None:
        return None

    async with (
        loopback(lambda _: Reply(401, headers=CHALLENGE)) as server,
        to(server.url, challenged=challenged) as transport,
    ):
        with pytest.raises(Problem):
            await transport.send(transport.beta("POST", "/x"), "c")
    assert len(server.asked) == 1


async def test_without_somebody_to_answer_a_challenge_nothing_is_sent_again(graph: Graph) -> None:
    async with graph(lambda _: Reply(401, headers=CHALLENGE)) as (transport, server):
        problem = await refused(transport)
    assert problem.kind is ProblemKind.SIGNED_OUT
    assert len(server.asked) == 1
