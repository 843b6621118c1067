"""The collector over SSH, against a real jump host and a real device server on loopback."""

import asyncio
import base64
import itertools
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import asyncssh
import pytest

from tests.sources.device_side import bundle
from tests.sources.ssh_pair import DEVICE, Pair, ssh_pair
from tui.diagnosis.collector import collector_script
from tui.errors import Problem, ProblemKind
from tui.services.collection import Bundle, Progress, Target
from tui.sources import remote_login
from tui.sources.remote_login import Address, LoginSettings, checked_host, parse_address
from tui.sources.remote_shell import Limits, RemoteShell, _Place, command_line, native_path

CONSENT = "INC0010042, agreed by the owner's phone"
TARGET = Target(DEVICE)
LIMITS = Limits(collect=20, fetch=20, tidy=5, bundle=1 << 20)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with ssh_pair(tmp_path_factory.mktemp("ssh")) as pair:
        yield pair


@pytest.fixture
def pair(hosts: Pair) -> Iterator[Pair]:
    hosts.behave("good")
    for trace in hosts.notes.iterdir():
        if trace.name != "behaviour":
            trace.unlink()
    yield hosts
    for left in hosts.home.iterdir():
        subprocess.run(["rm", "-rf", str(left)], check=True)


async def collect(settings: LoginSettings, limits: Limits = LIMITS) -> Bundle:
    return await RemoteShell(settings, limits).collect(TARGET, CONSENT, lambda _: None)


async def problem_of(settings: LoginSettings, limits: Limits = LIMITS) -> Problem:
    with pytest.raises(Problem) as caught:
        await collect(settings, limits)
    return caught.value


async def until(condition: str, pair: Pair) -> None:
    async with asyncio.timeout(20):
        while not (pair.notes / condition).exists():  # noqa: ASYNC110 (the file is written by another process)
            await asyncio.sleep(0.01)


async def test_the_bundle_comes_back_and_nothing_stays_on_the_device(pair: Pair) -> None:
    seen: list[Progress] = []
    answer = await RemoteShell(pair.settings(), LIMITS).collect(TARGET, CONSENT, seen.append)
    assert answer.data == bundle()
    assert answer.left_behind == ""
    assert list(pair.home.iterdir()) == []
    assert [progress.says for progress in seen if "fetching" not in progress.says] == [
        f"logging in to the jump host 127.0.0.1:{pair.jump_port}",
        f"logging in to 127.0.0.1:{pair.device_port}",
        f"sending the collector to 127.0.0.1:{pair.device_port}",
        f"collecting on 127.0.0.1:{pair.device_port}, which takes up to five minutes",
        f"removing the collector from 127.0.0.1:{pair.device_port}",
    ]
    fetched = [progress for progress in seen if "fetching" in progress.says]
    assert fetched[-1].done == fetched[-1].of == len(bundle())


async def test_the_device_gets_this_script_and_the_consent_and_no_agent(pair: Pair) -> None:
    await collect(pair.settings())
    assert pair.note("script") == collector_script()
    assert "-Consent -Reference 'INC0010042, agreed by the owner''s phone' -Path '" in pair.note("call")
    assert pair.note("agent") == ""
    assert len(pair.note("command")) < 8_191


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


@pytest.mark.parametrize("victim", ["device", "jump"])
async def test_a_connection_killed_in_the_middle_is_told_with_what_is_left(pair: Pair, victim: str) -> None:
    pair.behave("waits")
    running = asyncio.create_task(problem_of(pair.settings()))
    await until("waiting", pair)
    assert pair.kill_sessions(victim)
    problem = await asyncio.wait_for(running, 30)
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "broke before" in problem.what
    assert f"left on the device: {pair.home}/reseal-" in problem.why
    assert len(list(pair.home.iterdir())) == 1


async def test_a_peer_that_hangs_is_noticed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_login, "KEEPALIVE_SECONDS", 0.2)
    pair.behave("waits")
    running = asyncio.create_task(problem_of(pair.settings(), replace(LIMITS, tidy=0.5)))
    await until("waiting", pair)
    pair.freeze("device")
    problem = await asyncio.wait_for(running, 20)
    pair.kill_sessions("device")
    assert problem.kind is ProblemKind.UNREACHABLE


async def test_cancelling_ends_it_and_tidies_up(pair: Pair) -> None:
    pair.behave("waits")
    running = asyncio.create_task(collect(pair.settings()))
    await until("waiting", pair)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 20)
    assert list(pair.home.iterdir()) == []
    pair.kill_sessions("device")


async def test_a_collector_that_does_not_end_is_given_up(pair: Pair) -> None:
    pair.behave("waits")
    problem = await problem_of(pair.settings(), replace(LIMITS, collect=0.5))
    assert "was given up" in problem.what
    assert list(pair.home.iterdir()) == []
    pair.kill_sessions("device")


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("ten gigabytes", "It offers 10737418240 bytes"),
        ("endless", "no regular file"),
        ("pipe", "no regular file"),
        ("floods", "It printed more than"),
        ("two zips", "more than one zip"),
        ("many files", "more files than the collector writes"),
    ],
)
async def test_a_hostile_device_is_refused(pair: Pair, how: str, why: str) -> None:
    pair.behave(how)
    problem = await problem_of(pair.settings())
    assert (problem.kind, problem.what) == (ProblemKind.ALARM, "The device sent something that no collector writes")
    assert why in problem.why
    if how != "many files":
        assert list(pair.home.iterdir()) == []


async def test_a_file_that_grows_while_it_is_fetched_is_cut_off(pair: Pair) -> None:
    grown = False

    def grow(progress: Progress) -> None:
        nonlocal grown
        if "fetching" in progress.says and not grown:
            grown = True
            folder = next(pair.home.iterdir())
            with next(folder.glob("*.zip")).open("ab") as file:
                file.truncate(64 << 20)

    with pytest.raises(Problem) as caught:
        await RemoteShell(pair.settings(), LIMITS).collect(TARGET, CONSENT, grow)
    assert "It sent more than" in caught.value.why
    assert list(pair.home.iterdir()) == []


async def test_hostile_file_names_are_nobodys_and_are_removed(pair: Pair) -> None:
    pair.behave("hostile names")
    problem = await problem_of(pair.settings())
    assert "wrote no zip" in problem.what
    assert "\x1b" not in str(problem)
    assert list(pair.home.iterdir()) == []


async def test_what_cannot_be_removed_is_said(pair: Pair) -> None:
    pair.behave("a folder inside")
    answer = await collect(pair.settings())
    assert answer.data == bundle()
    assert f"{pair.home}/reseal-" in answer.left_behind


@pytest.mark.parametrize(
    ("how", "kind", "says"),
    [
        ("not elevated", ProblemKind.FORBIDDEN, "administrator"),
        ("fails", ProblemKind.UPSTREAM, "It ended with 1: the tool is missing"),
    ],
)
async def test_a_collector_that_fails_says_why(pair: Pair, how: str, kind: ProblemKind, says: str) -> None:
    pair.behave(how)
    problem = await problem_of(pair.settings())
    assert problem.kind is kind
    assert says in problem.why


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


def test_windows_paths() -> None:
    assert native_path("/C:/Users/an account/x.ps1") == "C:\\Users\\an account\\x.ps1"
    assert native_path("/home/x") == "/home/x"


@pytest.mark.parametrize("consent", ["' ; Remove-Item C:\\ ; '", "\u2019; evil; \u2018", '"`$(evil)', "a\r\nb\x1b[2J"])
def test_nothing_in_the_consent_reference_is_run(consent: str) -> None:
    line = command_line("C:\\x\\a.ps1", "C:\\x", consent)
    assert set(line.rsplit(" ", 1)[1]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    call = base64.b64decode(line.rsplit(" ", 1)[1]).decode("utf-16-le")
    inside = call.split("-Reference '", 1)[1].rsplit("' -Path 'C:\\x'; exit $LASTEXITCODE", 1)[0]
    for quote in "'\u2018\u2019\u201a\u201b":
        assert inside.count(quote) % 2 == 0
        assert quote not in inside.replace(quote * 2, "")
    assert not set(inside) & set("\r\n\x1b")


class HostileFiles(asyncssh.SFTPServer):
    """An SFTP server that no Windows has: it lists, sizes and sends what it likes."""

    listed: tuple[str, ...] = ()
    home = b"/C:/Users/demo"
    removed: ClassVar[list[bytes]] = []

    def realpath(self, path: bytes) -> bytes:
        return self.home

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Pretend."""

    def rmdir(self, path: bytes) -> None:
        """Pretend."""

    def remove(self, path: bytes) -> None:
        self.removed.append(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for name in self.listed:
            yield asyncssh.SFTPName(name.encode(), "", asyncssh.SFTPAttrs())

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(size=10, permissions=0o100644)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return object()

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        return b"x" * size

    def close(self, file_obj: object) -> None:
        """Pretend."""


@asynccontextmanager
async def hostile_place(files: type[HostileFiles]) -> AsyncIterator[_Place]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with (
        asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], sftp_factory=files, server_factory=NoQuestions
        ) as server,
        asyncssh.connect(
            "127.0.0.1", server.get_port(), known_hosts=([key.convert_to_public()], [], []), config=None, username="x"
        ) as connection,
    ):
        yield await _Place.make(connection)


class NoQuestions(asyncssh.SSHServer):
    """Lets anybody in."""

    def begin_auth(self, username: str) -> bool:
        return False


@pytest.mark.parametrize(
    "name", ["../../x.zip", "/etc/passwd", "..\\..\\x.zip", "C:\\x\\bitlocker-facts-a-20260415T080211Z.zip"]
)
async def test_a_listing_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    class Files(HostileFiles):
        listed = (name,)
        removed: ClassVar[list[bytes]] = []

    async with hostile_place(Files) as place:
        with pytest.raises(Problem) as caught:
            await place.only_zip()
        assert "leads out" in caught.value.why
        assert "reseal-" in await place.remove(5)
    assert Files.removed == []


async def test_a_server_that_never_stops_listing_or_sending() -> None:
    class Files(HostileFiles):
        async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            for number in itertools.count():
                yield asyncssh.SFTPName(str(number).encode(), "", asyncssh.SFTPAttrs())

    async with hostile_place(Files) as place:
        with pytest.raises(Problem) as caught:
            await place.only_zip()
        assert "more files" in caught.value.why
        with pytest.raises(Problem) as caught:
            await place.fetch("x.zip", 1 << 20, lambda _: None)
        assert "It sent more than" in caught.value.why
        assert place.native.startswith("C:\\Users\\demo\\reseal-")


@pytest.mark.parametrize("home", [b"relative", b"/a\x1b]0;x\x07", b"/" + b"x" * 300, b"", b"/a\nb"])
async def test_a_home_directory_with_an_impossible_name(home: bytes) -> None:
    class Files(HostileFiles):
        pass

    Files.home = home
    with pytest.raises(Problem) as caught:
        async with hostile_place(Files):
            raise AssertionError("it was taken")
    assert "home directory" in caught.value.why
