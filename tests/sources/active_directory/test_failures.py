"""A server that is slow, killed, frozen, or that refuses: each with words of its own."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.sources.active_directory.conftest import Connected, problem_of
from tests.sources.active_directory.domain import ADMIN_PASSWORD, REALM, SHARED_PREFIX, TWINS, USER_PASSWORD, Domain
from tui.errors import Problem, ProblemKind


async def test_a_wrong_password(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_AD_PASSWORD", "wrong")
    problem = await problem_of(connected())
    assert problem.kind is ProblemKind.SIGNED_OUT
    assert "user name or password is wrong" in problem.what
    assert problem.code == "ldap-49/52e"
    assert "wrong" not in problem.why


async def test_an_empty_password_never_becomes_an_anonymous_bind(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_AD_PASSWORD", "")
    problem = await problem_of(connected())
    assert problem.kind is ProblemKind.CONFIG
    assert "TEST_AD_PASSWORD" in problem.what


@pytest.mark.parametrize(
    "base", ["DC=nowhere,DC=example", "OU=Nothing,DC=corp,DC=example", "DC=sub,DC=corp,DC=example"]
)
async def test_a_base_that_is_not_there_is_not_an_empty_answer(connected: Connected, base: str) -> None:
    problem = await problem_of(connected(base=base))
    assert problem.kind is ProblemKind.CONFIG
    assert base in problem.what


async def test_a_base_that_is_no_name(connected: Connected) -> None:
    assert (await problem_of(connected(base="not a name"))).kind is ProblemKind.CONFIG


async def test_the_server_is_killed_in_the_middle(domain: Domain, connected: Connected) -> None:
    directory = connected(page_size=1)
    pages = 0
    with pytest.raises(Problem) as caught:
        async for _ in directory.all_keys():
            pages += 1
            if pages == 3:
                domain.stop()
    assert caught.value.kind is ProblemKind.UNREACHABLE
    assert 3 <= pages < 80
    assert (await problem_of(directory)).kind is ProblemKind.UNREACHABLE
    domain.start()
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2


async def test_a_connection_that_died_meanwhile_is_replaced(domain: Domain, connected: Connected) -> None:
    directory = connected()
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2
    child = directory._child.pid
    domain.stop()
    domain.start()
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2
    assert directory._child.pid == child


async def test_a_slow_server_is_given_up(domain: Domain, connected: Connected) -> None:
    directory = connected(search_seconds=0.5, connect_seconds=0.5)
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2
    started = time.monotonic()
    with domain.frozen():
        problem = await problem_of(directory)
    assert time.monotonic() - started < 8
    assert problem.kind is ProblemKind.UNREACHABLE
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2


async def test_a_server_that_stops_between_two_pages_is_given_up(domain: Domain, connected: Connected) -> None:
    directory = connected(page_size=1, search_seconds=0.5)
    pages = directory.all_keys()
    assert len(await anext(pages)) == 1
    with domain.frozen(), pytest.raises(Problem) as caught:
        async for _ in pages:
            pass
    assert caught.value.kind is ProblemKind.UNREACHABLE
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2


async def test_cancelling_ends_the_question_at_once(domain: Domain, connected: Connected) -> None:
    directory = connected()
    assert await directory.key(TWINS[0]) is not None
    child = directory._child.pid
    assert child is not None
    with domain.frozen():
        asking = asyncio.create_task(directory.keys_with_prefix("deadbeef"))
        await asyncio.wait((asking,), timeout=0.3)
        assert not asking.done()
        started = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert time.monotonic() - started < 2
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert len(await directory.keys_with_prefix(SHARED_PREFIX)) == 2


async def test_questions_at_once_get_their_own_answers(connected: Connected) -> None:
    directory = connected()
    found = await asyncio.gather(*(directory.key(TWINS[at % 2]) for at in range(10)))
    assert [key.id for key in found if key is not None] == [TWINS[at % 2] for at in range(10)]


async def test_a_child_that_dies_is_replaced(connected: Connected) -> None:
    directory = connected()
    assert await directory.key(TWINS[0]) is not None
    child = directory._child.pid
    assert child is not None
    os.kill(child, signal.SIGSTOP)
    asking = asyncio.create_task(directory.key(TWINS[0]))
    await asyncio.sleep(0)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(Problem) as caught:
        await asking
    assert caught.value.kind is ProblemKind.LOCAL
    assert await directory.key(TWINS[0]) is not None


async def test_closing_leaves_no_child(connected: Connected) -> None:
    directory = connected()
    assert await directory.key(TWINS[0]) is not None
    child = directory._child.pid
    assert child is not None
    await directory.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def kinit(user: str) -> None:
    command = ["kinit", f"{user}@{REALM}"]
    subprocess.run(command, input=USER_PASSWORD.encode(), check=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
async def test_kerberos(
    domain: Domain, connected: Connected, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(domain.root / "krb5.conf"))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    url = f"{scheme}://{domain.address}"
    problem = await problem_of(connected(url=url, sasl="gssapi", user="", password_env=""))
    assert problem.kind is ProblemKind.SIGNED_OUT
    assert "kinit" in problem.next_step
    await asyncio.to_thread(kinit, "list")
    directory = connected(url=url, sasl="gssapi", user="", password_env="")
    key = await directory.key(TWINS[0])
    assert key is not None
    assert not await directory.may_read_password(key)


async def test_a_disabled_account_is_named(domain: Domain, connected: Connected) -> None:
    await domain.account("create", "off", USER_PASSWORD)
    await domain.account("disable", "off")
    try:
        problem = await problem_of(connected("off"))
    finally:
        await domain.account("delete", "off")
    assert problem.code == "ldap-49/533"
    assert "disabled" in problem.what


async def test_an_administrator_sees_what_the_delegated_do_not(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_AD_PASSWORD", ADMIN_PASSWORD)
    directory = connected("Administrator")
    (hidden,) = await directory.computers_named("LT-HIDDEN")
    (key,) = await directory.keys_of_device(hidden.object_guid)
    assert await directory.may_read_password(key)
