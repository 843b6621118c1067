"""Every way in which a keyed read can fail has its own words, discloses nothing and ends the child."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from starlette.responses import RedirectResponse, Response

from tests.support.terminal import Terminal
from tests.vault.conftest import REQUEST, StillToken
from tests.vault.graph_stub import TOKEN, GraphStub, as_json, error_answer, key_answer, raw_answer
from tests.vault.keys import invented_key_id, invented_password
from tests.vault.watching import runs, shown
from tui.errors import Problem, ProblemKind
from tui.ports import KeyReadRequest
from tui.vault.fetching import KeyReader
from tui.vault.messages import REPORTS, Prepare, Read, Refused, line
from tui.vault.warden import Warden

PASSWORD = invented_password(1)
OTHER = invented_key_id(2)
LONG = pytest.mark.long
BROKEN = "-".join(["000012", *PASSWORD.split("-")[1:]])


@dataclass(frozen=True)
class Case:
    """How Graph answers, and what the engineer must be told."""

    answering: Callable[[str], Response]
    kind: ProblemKind
    said: str
    status: int = 200
    code: str = ""
    retry_after: float | None = None


CASES = {
    "401": Case(
        lambda _: error_answer(401, "InvalidAuthenticationToken", "Lifetime validation failed."),
        ProblemKind.SIGNED_OUT,
        "sign-in",
        401,
        "InvalidAuthenticationToken",
    ),
    "403": Case(
        lambda _: error_answer(403, "authorization_error", "Failed to authorize."),
        ProblemKind.FORBIDDEN,
        "BitlockerKey.Read.All",
        403,
        "authorization_error",
    ),
    "404": Case(
        lambda _: error_answer(404, "itemNotFound", "Key not found."),
        ProblemKind.NOT_FOUND,
        "Not found",
        404,
        "itemNotFound",
    ),
    "429": Case(
        lambda _: error_answer(429, "TooManyRequests", "Slow down.", retry_after="17"),
        ProblemKind.THROTTLED,
        "Wait 17 s",
        429,
        "TooManyRequests",
        17.0,
    ),
    "503": Case(
        lambda _: error_answer(503, "serviceUnavailable", "Later."),
        ProblemKind.UPSTREAM,
        "HTTP 503",
        503,
        "serviceUnavailable",
    ),
    "html with 502": Case(
        lambda _: raw_answer(b"<html>Bad gateway</html>", "text/html", 502), ProblemKind.UPSTREAM, "web page", 502
    ),
    "html with 200": Case(
        lambda _: raw_answer(b"<!DOCTYPE html><p>Sign in</p>", "text/html"), ProblemKind.UPSTREAM, "web page"
    ),
    "redirect": Case(lambda _: RedirectResponse("http://127.0.0.1:9/"), ProblemKind.UPSTREAM, "redirect", 307),
    "broken json": Case(
        lambda i: raw_answer(as_json({"id": i, "key": PASSWORD})[:-9]), ProblemKind.UPSTREAM, "not whole"
    ),
    "other shape": Case(lambda i: key_answer({"id": i, "key": [PASSWORD]}), ProblemKind.UPSTREAM, "shape"),
    "wrong id": Case(lambda _: key_answer({"id": OTHER, "key": PASSWORD}), ProblemKind.ALARM, OTHER),
    "wrong id, wrapped": Case(
        lambda _: key_answer({"value": {"id": OTHER, "key": PASSWORD}}), ProblemKind.ALARM, OTHER
    ),
    "no id": Case(lambda _: key_answer({"key": PASSWORD}), ProblemKind.ALARM, "without its ID"),
    "failed checksum": Case(lambda i: key_answer({"id": i, "key": BROKEN}), ProblemKind.ALARM, "divisible by 11"),
    "seven blocks": Case(lambda i: key_answer({"id": i, "key": PASSWORD[7:]}), ProblemKind.ALARM, "eight blocks"),
    "no key": Case(lambda i: key_answer({"id": i}), ProblemKind.UPSTREAM, "ReadBasic"),
    "empty": Case(lambda _: raw_answer(b""), ProblemKind.UPSTREAM, "could not be read"),
    "two keys": Case(
        lambda i: key_answer({"value": [{"id": i, "key": PASSWORD}, {"id": OTHER, "key": PASSWORD}]}),
        ProblemKind.ALARM,
        "more than one",
    ),
    "one name twice": Case(
        lambda i: raw_answer(as_json({"id": i, "key": PASSWORD})[:-1] + b", " + as_json({"key": PASSWORD})[1:]),
        ProblemKind.ALARM,
        "more than one",
    ),
    "huge": Case(lambda i: key_answer({"id": i, "key": PASSWORD, "pad": "x" * 20_000}), ProblemKind.UPSTREAM, "larger"),
    "key in an error": Case(
        lambda _: error_answer(403, "authorization_error", f"No access to {PASSWORD}."),
        ProblemKind.FORBIDDEN,
        "[recovery password removed]",
        403,
        "authorization_error",
    ),
    "escapes in an error": Case(
        lambda _: error_answer(400, "bad\x1b[2J", "\x1b]52;c;AAAA\x07Bad."), ProblemKind.UPSTREAM, '"Bad."', 400, "bad"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_failed_read_has_its_own_words(case: Case, graph: GraphStub) -> None:
    graph.answering = case.answering
    reader = KeyReader(Prepare(graph.endpoint))
    with pytest.raises(Problem) as caught:
        await reader.fetch(Read(REQUEST.key_id, REQUEST.client_request_id, TOKEN))
    await reader.close()
    problem = over_the_pipe(caught.value)
    assert problem.kind is case.kind
    assert case.said in str(problem)
    assert (problem.status, problem.code, problem.retry_after) == (case.status, case.code, case.retry_after)
    assert problem.what
    assert problem.next_step
    assert not any(block in str(problem) for block in PASSWORD.split("-"))
    assert len(graph.requests) == 1


def over_the_pipe(problem: Problem) -> Problem:
    """What the console gets of a problem of the child."""
    refused = REPORTS.decode(line(Refused.of(problem)))
    assert isinstance(refused, Refused)
    return refused.problem()


@pytest.mark.parametrize(
    "name", ["wrong id", *(pytest.param(name, marks=pytest.mark.long) for name in ("403", "broken json"))]
)
async def test_a_failed_read_draws_nothing_and_ends_the_child(name: str, graph: GraphStub, terminal: Terminal) -> None:
    graph.answering = CASES[name].answering
    vault = await Warden(graph.endpoint, StillToken(), tty=terminal.tty).open()
    with pytest.raises(Problem) as caught:
        await vault.read(REQUEST)
    assert caught.value.kind is CASES[name].kind
    assert caught.value.status == CASES[name].status
    assert (await vault.cleared()).ended_by == "not-read"
    assert not runs(vault.pid)
    assert shown(terminal) == ["......"] * 8


async def test_a_refused_connection(terminal: Terminal) -> None:
    vault = await Warden("http://127.0.0.1:9", StillToken(), tty=terminal.tty).open()
    with pytest.raises(Problem, match="refused") as caught:
        await vault.read(REQUEST)
    assert caught.value.kind is ProblemKind.UNREACHABLE
    assert not runs(vault.pid)


async def test_no_answer_in_time(graph: GraphStub, terminal: Terminal) -> None:
    async def never(key_id: str) -> Response:
        await asyncio.sleep(20)
        return key_answer({})

    graph.answering = never
    vault = await Warden(graph.endpoint, StillToken(), tty=terminal.tty, timeout=0.3).open()
    with pytest.raises(Problem, match="No answer") as caught:
        await vault.read(REQUEST)
    assert caught.value.kind is ProblemKind.UNREACHABLE
    assert not runs(vault.pid)


async def test_only_a_whole_key_id_is_read(graph: GraphStub, terminal: Terminal) -> None:
    vault = await Warden(graph.endpoint, StillToken(), tty=terminal.tty).open()
    with pytest.raises(Problem, match="no whole key ID") as caught:
        await vault.read(KeyReadRequest(REQUEST.key_id[:8], REQUEST.client_request_id))
    assert caught.value.kind is ProblemKind.POLICY
    assert not graph.requests


async def test_a_key_in_a_header_does_not_reach_the_console(graph: GraphStub, terminal: Terminal) -> None:
    graph.answering = lambda i: key_answer({"id": i, "key": PASSWORD}, request_id=PASSWORD)
    vault = await Warden(graph.endpoint, StillToken(), tty=terminal.tty).open()
    assert (await vault.read(REQUEST)).request_id == "[recovery password removed]"
    await vault.clear("escape")


async def test_a_failed_sign_in_ends_the_child(graph: GraphStub, terminal: Terminal) -> None:
    class NoToken(StillToken):
        async def token(self) -> str:
            raise Problem(ProblemKind.SIGNED_OUT, "Not signed in")

    vault = await Warden(graph.endpoint, NoToken(), tty=terminal.tty).open()
    with pytest.raises(Problem, match="Not signed in"):
        await vault.read(REQUEST)
    assert not runs(vault.pid)
    assert not graph.requests


async def test_a_child_that_dies_in_mid_read(graph: GraphStub, terminal: Terminal) -> None:
    vault = await Warden(graph.endpoint, StillToken(), tty=terminal.tty).open()

    async def kill(key_id: str) -> Response:
        os.kill(vault.pid, 9)
        return key_answer({})

    graph.answering = kill
    with pytest.raises(Problem, match="lost-vault") as caught:
        await vault.read(REQUEST)
    assert caught.value.kind is ProblemKind.LOCAL


@pytest.mark.parametrize("tty", ["/dev/null", "/nonexistent"])
async def test_without_a_terminal_nothing_starts(graph: GraphStub, tty: str) -> None:
    with pytest.raises(Problem, match="no terminal"):
        await Warden(graph.endpoint, StillToken(), tty=tty).open()
