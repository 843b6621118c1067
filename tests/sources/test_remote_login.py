"""Logging in through a real jump host: who is let in, whom we believe, and what is said when it fails."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sources.device_side import bundle
from tests.sources.ssh_pair import Pair, collect, problem_of
from tui.errors import Problem, ProblemKind
from tui.sources import remote_login
from tui.sources.remote_login import Address, LoginSettings, checked_host, parse_address


async def test_a_plain_key_file_and_a_list_of_plain_host_keys_do_as_well(pair: Pair) -> None:
    known = pair.trust("jump_key", "device_key")
    settings = pair.settings(key_file=pair.root / "plain", known_hosts=known)
    assert (await collect(settings)).data == bundle()


async def test_a_certificate_file_beside_another_key_name(pair: Pair) -> None:
    key = pair.root / "elsewhere"
    key.write_bytes((pair.root / "id").read_bytes())
    key.chmod(0o600)
    settings = pair.settings(key_file=key, certificate_file=pair.root / "id-cert.pub")
    assert (await collect(settings)).data == bundle()


@contextmanager
def agent(pair: Pair, *keys: str) -> Iterator[str]:
    socket = str(pair.root / f"agent-{len(list(pair.root.iterdir()))}")
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 10
            while not Path(socket).exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            for key in keys:
                env = {**os.environ, "SSH_AUTH_SOCK": socket}
                subprocess.run(["ssh-add", "-q", str(pair.root / key)], env=env, check=True, timeout=20)
            yield socket
        finally:
            process.kill()


async def test_the_agents_keys_do(pair: Pair) -> None:
    with agent(pair, "rogue", "id") as socket:
        assert (await collect(pair.settings(key_file=None, agent=socket))).data == bundle()
    with agent(pair, "plain") as socket:
        assert (await collect(pair.settings(key_file=None, agent=socket))).data == bundle()


async def test_an_agent_without_keys_or_none_at_all(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    with agent(pair) as socket:
        assert (await problem_of(pair.settings(key_file=None, agent=socket))).kind is ProblemKind.CONFIG
    gone = await problem_of(pair.settings(key_file=None, agent=str(pair.root / "no-agent")))
    assert gone.what == "The SSH agent does not answer"
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    none = await problem_of(pair.settings(key_file=None))
    assert "no agent is running" in none.why


@pytest.mark.parametrize(("jump", "device", "named"), [("rogue", "host_ca", "jump"), ("host_ca", "rogue", "device")])
async def test_another_host_key_is_an_alarm_and_nothing_is_sent(pair: Pair, jump: str, device: str, named: str) -> None:
    problem = await problem_of(pair.settings(known_hosts=pair.trust(jump, device)))
    port = pair.jump_port if named == "jump" else pair.device_port
    assert (problem.kind, problem.what) == (ProblemKind.ALARM, f"The host key of 127.0.0.1:{port} is not a known one")
    assert pair.note("command") == ""
    assert list(pair.home.iterdir()) == []


async def test_an_unknown_host_is_not_taken_on_first_sight(pair: Pair) -> None:
    known = pair.root / "known_hosts-of-others"
    known.write_text(f"other.example {(pair.root / 'jump_key.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    assert (await problem_of(pair.settings(known_hosts=known))).kind is ProblemKind.ALARM


@pytest.mark.parametrize("content", [None, ""])
async def test_a_missing_or_empty_list_of_known_hosts_is_no_list_of_none(pair: Pair, content: str | None) -> None:
    known = pair.root / "known_hosts-missing"
    known.unlink(missing_ok=True)
    if content is not None:
        known.write_text(content, encoding="utf-8")
    problem = await problem_of(pair.settings(known_hosts=known))
    assert problem.kind is ProblemKind.CONFIG
    assert "known_hosts" in problem.what


@pytest.mark.parametrize("key", ["unsigned", "rogue"])
async def test_a_refused_key(pair: Pair, key: str) -> None:
    problem = await problem_of(pair.settings(key_file=pair.root / key))
    assert problem.kind is ProblemKind.FORBIDDEN
    assert f"127.0.0.1:{pair.jump_port} did not let" in problem.what


async def test_a_key_with_a_passphrase_and_a_damaged_one_ask_for_nothing(pair: Pair) -> None:
    locked = await problem_of(pair.settings(key_file=pair.root / "locked"))
    assert "passphrase" in locked.why
    damaged = pair.root / "damaged"
    damaged.write_text(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", encoding="utf-8"
    )
    assert (await problem_of(pair.settings(key_file=damaged))).kind is ProblemKind.CONFIG


async def test_the_jump_host_is_down(pair: Pair) -> None:
    settings = replace(pair.settings(), jump=Address("127.0.0.1", 1))
    problem = await problem_of(settings)
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "127.0.0.1:1" in problem.what
    assert problem.why == "Nothing listens there, or a firewall says no"


async def test_the_jump_host_does_not_reach_the_device(pair: Pair) -> None:
    problem = await problem_of(pair.settings(device_port=pair.jump_port))
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "could not reach" in problem.what


async def test_a_silent_jump_host_is_given_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_login, "CONNECT_SECONDS", 0.5)

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        address = Address("127.0.0.1", server.sockets[0].getsockname()[1])
        problem = await problem_of(replace(pair.settings(), jump=address))
        for writer in held:
            writer.close()
            await writer.wait_closed()
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "No connection" in problem.what


@pytest.mark.parametrize("name", ["", "-oProxyCommand=x", "a b", "x;y", "..", "a/b", "a@b", "h\n", "é", "*", "x" * 70])
def test_names_that_no_host_can_have_are_not_contacted(name: str) -> None:
    with pytest.raises(Problem):
        checked_host(name)


def test_addresses() -> None:
    assert parse_address("jump.example") == Address("jump.example", 22)
    assert parse_address("jump.example:2222") == Address("jump.example", 2222)
    assert str(parse_address("jump.example:22")) == "jump.example"
    for wrong in ("", "jump.example:x", "jump.example:99999", "a b", "user@jump.example", "::1:22"):
        with pytest.raises(Problem):
            parse_address(wrong)
    settings = LoginSettings(
        jump=Address("jump"), known_hosts=Path("known_hosts"), user="me", domain="corp.example", device_port=2222
    )
    assert settings.address_of("DEMO-PC07") == Address("DEMO-PC07.corp.example", 2222)
    assert settings.address_of("demo-pc07.other.example") == Address("demo-pc07.other.example", 2222)
