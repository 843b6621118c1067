"""Client credentials: a token is asked for once, again when it ends or is refused, and the secret is never shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest

from tests.sources.loopback import Asked, Loopback, Reply, as_json, loopback
from tui.errors import Problem, ProblemKind
from tui.sources.tickets.desk import Desk
from tui.sources.tickets.oauth import ClientCredentials

SECRET = "invented-secret"


class Endpoint:
    """Gives numbered tokens, and takes only the last one."""

    def __init__(self, expires: object = 1800) -> None:
        self.given = 0
        self.expires = expires

    def __call__(self, asked: Asked) -> Reply:
        if asked.path != "/oauth_token.do":
            good = asked.headers["authorization"] == f"Bearer token-{self.given}"
            return as_json({}, 200 if good else 401)
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form == {
            "grant_type": "client_credentials",
            "client_id": "app",
            "client_secret": SECRET,
            "scope": "tickets",
        }
        self.given += 1
        return as_json({"access_token": f"token-{self.given}", "token_type": "Bearer", "expires_in": self.expires})


@asynccontextmanager
async def opened(answer: Endpoint | Reply) -> AsyncIterator[tuple[ClientCredentials, Loopback]]:
    async with loopback(answer if isinstance(answer, Endpoint) else lambda _: answer) as server:
        url = f"{server.url}/oauth_token.do"
        yield ClientCredentials(url, "app", "S", scope="tickets", environ={"S": SECRET}, seconds=5), server


async def test_one_token_serves_many_calls_and_a_refused_one_is_renewed() -> None:
    endpoint = Endpoint()
    async with opened(endpoint) as (auth, server):
        assert set(await asyncio.gather(*(auth.header() for _ in range(5)))) == {"Bearer token-1"}
        assert len(server.asked) == 1
        endpoint.given = 7
        desk = Desk(server.url, auth)
        await desk.call("GET", "/api", "a test")
        await desk.close()
        assert await auth.header() == "Bearer token-8"


async def test_a_token_that_ends_soon_is_not_used_to_its_end() -> None:
    async with opened(Endpoint(expires="61")) as (auth, _):
        assert await auth.header() == "Bearer token-1"
        await asyncio.sleep(1.1)
        assert await auth.header() == "Bearer token-2"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (as_json({"error": "invalid_client", "echo": SECRET}, 401), ProblemKind.SIGNED_OUT),
        (as_json({"access_token": "two words"}), ProblemKind.SIGNED_OUT),
        (as_json({"token": SECRET}), ProblemKind.SIGNED_OUT),
        (as_json({"access_token": "t", "expires_in": "soon"}), ProblemKind.SIGNED_OUT),
        (Reply(200, b"<html>"), ProblemKind.SIGNED_OUT),
        (as_json({}, 429, retry_after="9"), ProblemKind.THROTTLED),
    ],
)
async def test_no_token_is_a_problem_that_does_not_repeat_what_was_sent(reply: Reply, kind: ProblemKind) -> None:
    async with opened(reply) as (auth, _):
        with pytest.raises(Problem) as caught:
            await auth.header()
    assert caught.value.kind is kind
    assert SECRET not in str(caught.value)


async def test_the_secret_does_not_cross_a_network_in_clear_and_must_be_there() -> None:
    with pytest.raises(Problem) as caught:
        ClientCredentials("http://desk.example/token", "app", "S")
    assert caught.value.kind is ProblemKind.CONFIG
    with pytest.raises(Problem) as caught:
        await ClientCredentials("http://127.0.0.1:9/token", "app", "S", environ={}).header()
    assert caught.value.kind is ProblemKind.CONFIG
