"""Credentials of ticket systems: read at use, never through a shell, renewed when refused."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.sources.loopback import Asked, Reply, as_json, loopback
from tui.errors import Problem, ProblemKind
from tui.sources.tickets.auth import BasicFromEnvironment, BearerFromCommand, BearerFromEnvironment
from tui.sources.tickets.desk import Desk


async def test_a_variable_is_read_each_time() -> None:
    environ = {"T": "one"}
    auth = BearerFromEnvironment("T", environ)
    assert await auth.header() == "Bearer one"
    environ["T"] = "two"
    assert await auth.header() == "Bearer two"


@pytest.mark.parametrize("value", ["", "  ", "a\nb"])
async def test_an_unusable_variable_is_named_and_its_value_is_not(value: str) -> None:
    for auth in (BearerFromEnvironment("MY_TOKEN", {"MY_TOKEN": value}), BasicFromEnvironment("u", "MY_TOKEN", {})):
        with pytest.raises(Problem) as caught:
            await auth.header()
        assert caught.value.kind is ProblemKind.CONFIG
        assert "MY_TOKEN" in caught.value.what


async def test_a_command_runs_once_until_its_token_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "runs"
    program = f"open({str(log)!r}, 'a').write('x'); print('token-' + str(len(open({str(log)!r}).read())))"
    auth = BearerFromCommand([sys.executable, "-c", program])
    assert set(await asyncio.gather(auth.header(), auth.header())) == {"Bearer token-1"}
    assert auth.refused()
    assert await auth.header() == "Bearer token-2"


async def test_a_refused_token_is_renewed_and_the_call_goes_again_once(tmp_path: Path) -> None:
    log = tmp_path / "runs"
    program = f"open({str(log)!r}, 'a').write('x'); print('token-' + str(len(open({str(log)!r}).read())))"

    def answer(asked: Asked) -> Reply:
        return as_json({}, 200 if asked.headers["authorization"] == "Bearer token-2" else 401)

    async with loopback(answer) as server:
        desk = Desk(server.url, BearerFromCommand([sys.executable, "-c", program]))
        assert (await desk.call("GET", "/x", "a test")).status == 200
        await desk.close()
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("print('two words')", "something else than one token"),
        ("pass", "something else than one token"),
        ("print('\\x1b[2J')", "something else than one token"),
        ("import time; time.sleep(60)", "no answer within"),
    ],
)
async def test_a_command_that_gives_no_token_says_why_and_is_gone(program: str, why: str) -> None:
    auth = BearerFromCommand([sys.executable, "-c", program], seconds=1.0 if "sleep" in program else 20.0)
    with pytest.raises(Problem) as caught:
        await auth.header()
    assert why in caught.value.why


async def test_a_command_that_is_not_there_and_no_shell() -> None:
    for command in (["/no/such/program"], ["echo token; echo"], []):
        with pytest.raises(Problem) as caught:
            await BearerFromCommand(command).header()
        assert caught.value.kind is ProblemKind.CONFIG
