"""No trusted connection: down, silent, without TLS, with an old one, or with the wrong certificate."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sources.active_directory.certificates import Authority
from tests.sources.active_directory.conftest import Connected, problem_of
from tests.sources.active_directory.domain import SHARED_PREFIX, Domain
from tests.sources.active_directory.reader import read_in_child
from tests.sources.active_directory.relay import expired
from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.probing import probe
from tui.sources.active_directory.server import DirectoryServer


@contextmanager
def listener(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server on loopback that does this to each connection, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve() -> None:
            while True:
                try:
                    accepted, _ = server.accept()
                    accepted.settimeout(10)
                    with accepted:
                        handle(accepted)
                except OSError:
                    if server.fileno() < 0:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(15)


def speak_tls(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def handle(accepted: socket.socket) -> None:
        with context.wrap_socket(accepted, server_side=True) as wrapped:
            wrapped.recv(1000)

    return handle


def wait_for_end(accepted: socket.socket) -> None:
    accepted.recv(10_000)
    accepted.recv(10_000)


def tls_server(key: Path, certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def elsewhere(authority: Authority, port: int, scheme: str = "ldaps") -> DirectoryServer:
    return DirectoryServer(
        url=f"{scheme}://127.0.0.1:{port}",
        base="DC=corp,DC=example",
        ca_file=str(authority.ca_file),
        user="u",
        password_env="TEST_AD_PASSWORD",
        connect_seconds=0.7,
    )


def probed(server: DirectoryServer) -> Problem:
    with pytest.raises(Problem) as caught:
        probe(server)
    assert caught.value.next_step
    return caught.value


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority", "Another invented authority")


def test_nothing_listens(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    problem = probed(elsewhere(authority, port))
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "refused the connection" in problem.what
    assert "[active_directory] url" in problem.next_step


def test_a_name_that_does_not_exist(authority: Authority) -> None:
    server = DirectoryServer(url="ldaps://dc.invalid", base="DC=x", user="u", password_env="P")
    assert "could not be resolved" in probed(server).what


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_a_server_that_says_nothing(authority: Authority, scheme: str) -> None:
    with listener(wait_for_end) as port:
        started = time.monotonic()
        problem = probed(elsewhere(authority, port, scheme))
    assert time.monotonic() - started < 5
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "within" in problem.what


@pytest.mark.parametrize(
    "answer", [b"", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00", b"HTTP/1.1 400 No"]
)
def test_starttls_that_is_refused_or_stripped_ends_there(authority: Authority, answer: bytes) -> None:
    heard = bytearray()

    def refuse(accepted: socket.socket) -> None:
        heard.extend(accepted.recv(10_000))
        accepted.sendall(answer)

    with listener(refuse) as port:
        problem = probed(elsewhere(authority, port, "ldap"))
    assert problem.code == "starttls"
    assert len(heard) == 31


def test_a_server_without_tls(authority: Authority) -> None:
    with listener(lambda accepted: accepted.sendall(b"220 this is no TLS, sorry")) as port:
        problem = probed(elsewhere(authority, port))
    assert problem.code == "tls"
    assert "636" in problem.next_step


def test_an_expired_certificate(authority: Authority, tmp_path: Path) -> None:
    with listener(speak_tls(tls_server(*expired(authority, tmp_path / "old")))) as port:
        problem = probed(elsewhere(authority, port))
    assert "has expired" in problem.what
    assert problem.code == "x509-10"


def test_a_certificate_for_another_name(authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue(tmp_path / "other", names=["dc9.corp.example"], ip="127.0.0.9")
    with listener(speak_tls(tls_server(*issued))) as port:
        assert "is for another address" in probed(elsewhere(authority, port)).what


async def test_old_tls_is_refused_by_the_look_and_by_libldap_itself(authority: Authority, tmp_path: Path) -> None:
    pytest.importorskip("bonsai", reason="no LDAP here: the extra is not installed (reseal[ad])")
    context = tls_server(*authority.issue(tmp_path / "dc", names=[], ip="127.0.0.1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    agreed: list[str | None] = []

    def handle(accepted: socket.socket) -> None:
        with context.wrap_socket(accepted, server_side=True) as wrapped:
            agreed.append(wrapped.version())

    with listener(handle) as port:
        server = elsewhere(authority, port)
        assert await read_in_child(server) == "ConnectionError\n"
        assert agreed.pop() == "TLSv1.3"
        with pytest.warns(DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        assert probed(server).code == "tls"
        assert await read_in_child(server) == "ConnectionError\n"
    assert agreed == []


async def test_a_wrong_authority(domain: Domain, authority: Authority, connected: Connected) -> None:
    problem = await problem_of(connected(ca_file=str(authority.ca_file)))
    assert problem.kind is ProblemKind.UNREACHABLE
    assert "authority" in problem.what
    assert "ca_file" in problem.next_step


async def test_libldap_verifies_too(domain: Domain, authority: Authority, tmp_path: Path) -> None:
    bound: list[bytes] = []
    context = tls_server(*domain.authority.issue(tmp_path / "dc", names=[], ip="127.0.0.1"))

    def handle(accepted: socket.socket) -> None:
        with context.wrap_socket(accepted, server_side=True) as wrapped:
            bound.append(wrapped.recv(1000))

    with listener(handle) as port:
        await read_in_child(elsewhere(authority, port))
        assert b"invented" not in b"".join(bound)
        await read_in_child(elsewhere(domain.authority, port))
    assert b"invented" in b"".join(bound)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
async def test_an_unusable_ca_file(connected: Connected, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    problem = await problem_of(connected(ca_file=str(file)))
    assert problem.kind is ProblemKind.CONFIG
    assert "ca_file" in problem.next_step


async def test_the_machines_authorities_are_used_without_a_ca_file(
    domain: Domain, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "authority" in (await problem_of(connected(ca_file=""))).what
    monkeypatch.setenv("SSL_CERT_FILE", str(domain.authority.ca_file))
    assert len(await connected(ca_file="").keys_with_prefix(SHARED_PREFIX)) == 2
