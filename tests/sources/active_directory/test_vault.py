"""The vault's own child reading from a real domain controller: whose right it needs, and what it refuses to hold."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.sources.active_directory.conftest import Connected
from tests.sources.active_directory.domain import REALM, TWINS, USER_PASSWORD, Domain
from tests.support.terminal import Terminal, memory_contains
from tui.errors import Problem, ProblemKind
from tui.ports import KeyReadRequest
from tui.sources.active_directory.server import DirectoryServer
from tui.vault.process import VaultProcess
from tui.vault.warden import Warden


class NoToken:
    """A key of Active Directory is read without a token."""

    async def token(self) -> str:
        raise AssertionError("no token is needed")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(["/bin/cat"]) as found:
        yield found


@pytest.fixture
async def wardens(terminal: Terminal) -> AsyncIterator[list[Warden]]:
    opened: list[Warden] = []
    yield opened
    for warden in opened:
        await warden.close()


async def vault_on(wardens: list[Warden], terminal: Terminal, server: DirectoryServer | None) -> VaultProcess:
    wardens.append(Warden("http://127.0.0.1:9", NoToken(), tty=terminal.tty, directory=server))
    return await wardens[-1].open()


async def request_for(connected: Connected, name: str, place: int = 0) -> KeyReadRequest:
    directory = connected("read")
    (computer,) = await directory.computers_named(name)
    key = (await directory.keys_of_device(computer.object_guid))[place]
    return KeyReadRequest(key.id, "6f1c1c5e-7a51-4b7e-8a55-000000000001", 60, key.object_guid)


@pytest.mark.parametrize(
    ("user", "name", "kind", "words"),
    [
        ("list", "LT-ONE", ProblemKind.FORBIDDEN, "may not read its password"),
        ("none", "LT-ONE", ProblemKind.NOT_FOUND, "sees no such recovery key"),
        ("read", "LT-DAMAGED", ProblemKind.ALARM, "damaged"),
        ("read", "LT-WRONG", ProblemKind.ALARM, "another key ID"),
    ],
)
async def test_what_is_not_one_whole_key_for_this_account_is_not_held(
    domain: Domain,
    connected: Connected,
    wardens: list[Warden],
    terminal: Terminal,
    user: str,
    name: str,
    kind: ProblemKind,
    words: str,
) -> None:
    request = await request_for(connected, name)
    vault = await vault_on(wardens, terminal, domain.server(user))
    with pytest.raises(Problem) as caught:
        await vault.read(request)
    assert caught.value.kind is kind
    assert words in caught.value.what
    assert (await vault.cleared()).shown_ms == 0


async def test_kerberos_reaches_the_vault_and_the_bind_password_does_not(
    domain: Domain,
    connected: Connected,
    wardens: list[Warden],
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(domain.root / "krb5.conf"))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    command = ["kinit", f"read@{REALM}"]
    await asyncio.to_thread(subprocess.run, command, input=USER_PASSWORD.encode(), check=True, stdout=-3, timeout=20)
    vault = await vault_on(wardens, terminal, domain.server("", sasl="gssapi", password_env=""))
    request = await request_for(connected, "LT-ONE")
    held = await vault.read(request)
    assert (held.http_status, held.request_id) == (0, "")
    assert memory_contains(vault.pid, domain.passwords[TWINS[0]])
    environment = await asyncio.to_thread(Path(f"/proc/{vault.pid}/environ").read_bytes)
    assert b"KRB5CCNAME" in environment
    assert b"TEST_AD_PASSWORD" not in environment
    await vault.clear("test")


async def test_a_domain_controller_that_hangs_leaves_no_vault_behind(
    domain: Domain, connected: Connected, wardens: list[Warden], terminal: Terminal
) -> None:
    request = await request_for(connected, "LT-ONE")
    waiting = await vault_on(wardens, terminal, domain.server(connect_seconds=0.5))
    left = await vault_on(wardens, terminal, domain.server())
    with domain.frozen():
        reading = asyncio.create_task(left.read(request))
        with pytest.raises(Problem) as caught:
            await waiting.read(request)
        assert not reading.done()
        reading.cancel()
        async with asyncio.timeout(10):
            await left.cleared()
    assert caught.value.kind is ProblemKind.UNREACHABLE
    assert "within" in caught.value.what


async def test_a_vault_without_a_directory_says_so(
    connected: Connected, wardens: list[Warden], terminal: Terminal
) -> None:
    vault = await vault_on(wardens, terminal, None)
    with pytest.raises(Problem) as caught:
        await vault.read(await request_for(connected, "LT-ONE"))
    assert caught.value.kind is ProblemKind.CONFIG
    assert "[active_directory]" in caught.value.why
