"""A22, A23, A31: addresses that lead elsewhere, false certificates, and a Graph that does not answer as it should."""

import ast
import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.responses import RedirectResponse, Response, StreamingResponse

from tests.security.discloser import ME, intake
from tests.security.watching import ROOT
from tests.services.samples import ListedAudit, SetClock
from tests.sources.active_directory.certificates import Authority
from tests.sources.graph.conftest import to
from tests.sources.graph.samples import DEVICE, key
from tests.sources.loopback import as_json, loopback
from tests.support.terminal import Terminal
from tests.vault.conftest import StillToken
from tests.vault.graph_stub import GraphStub, error_answer, running_stub
from tui.config import parse
from tui.errors import Problem, ProblemKind
from tui.services.reveal import RevealPolicy, RevealService
from tui.sources.graph.escrow import EntraEscrow
from tui.vault.warden import Warden
from tui.wiring import READ_SECONDS

LIMIT_SECONDS = 10.0
"""Within so long the engineer knows."""
CONFIG = """
[tenant]
name = "t"
tenant_id = "t"
client_id = "c"
[[tickets]]
profile = "servicenow"
url = "https://tickets.example"
[graph]
endpoint = "{url}"
"""
ELSEWHERE = (
    "http://graph.example",
    "http://169.254.169.254/metadata",
    "http://127.0.0.1.example",
    "http://localhost@evil.example",
    "https://user:word@graph.example",
    "https://graph.example/?x=1",
    "https://graph.example#x",
    "file:///etc/passwd",
    "ftp://graph.example",
    "//graph.example",
)


@pytest.mark.attack("A22")
@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_endpoint_that_leads_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(CONFIG.format(url=url), Path("/etc/reseal/config.toml"))
    assert caught.value.kind is ProblemKind.CONFIG


@pytest.mark.attack("A22")
async def test_a_link_to_another_host_gets_no_token() -> None:
    async with loopback(lambda _: as_json({"value": []})) as other:
        body = {"value": [key()], "@odata.nextLink": f"{other.url}/v1.0/more"}
        async with loopback(lambda _: as_json(body)) as server, to(server.url) as transport:
            with pytest.raises(Problem) as caught:
                await EntraEscrow(transport).keys_of_device(DEVICE)
        assert other.asked == []
    assert caught.value.kind is ProblemKind.ALARM


@pytest.mark.attack("A22")
@pytest.mark.parametrize("status", [302, *(pytest.param(each, marks=pytest.mark.long) for each in (301, 307, 308))])
async def test_a_redirect_of_the_keyed_read_is_not_followed(graph: GraphStub, terminal: Terminal, status: int) -> None:
    with running_stub() as other:
        graph.answering = lambda key_id: RedirectResponse(f"{other.endpoint}/v1.0/{key_id}", status)
        problem = await refused(Warden(graph.endpoint, StillToken(), tty=terminal.tty))
        assert other.requests == []
    assert "redirect" in str(problem)


async def refused(warden: Warden) -> Problem:
    """The problem of a disclosure that must fail; nothing is drawn, and the outcome is a row."""
    audit = ListedAudit(SetClock())
    policy = RevealPolicy(60, 99, True)
    service = RevealService(audit, warden, audit.clock, policy, lambda: ME, recorder=lambda: "no")
    began = time.monotonic()
    try:
        with pytest.raises(Problem) as caught:
            await service.begin(intake(1))
    finally:
        await warden.close()
    assert time.monotonic() - began < LIMIT_SECONDS
    assert audit.events == ["intent", "outcome"]
    return caught.value


async def _one_at_a_time() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.1)


STORMS: dict[str, tuple[Callable[[str], Response], ProblemKind]] = {
    "429": (lambda _: error_answer(429, "TooManyRequests", "Slow down.", retry_after="30"), ProblemKind.THROTTLED),
    "503": (lambda _: error_answer(503, "serviceUnavailable", "Later."), ProblemKind.UPSTREAM),
    "slow loris": (
        lambda _: StreamingResponse(_one_at_a_time(), media_type="application/json"),
        ProblemKind.UNREACHABLE,
    ),
}


@pytest.mark.attack("A31")
@pytest.mark.parametrize("storm", STORMS)
async def test_a_keyed_read_in_a_storm_ends_soon_and_says_why(graph: GraphStub, terminal: Terminal, storm: str) -> None:
    graph.answering, kind = STORMS[storm]
    problem = await refused(Warden(graph.endpoint, StillToken(), tty=terminal.tty, timeout=1))
    assert problem.kind is kind
    assert problem.next_step
    assert len(graph.requests) == 1, "a keyed read is not repeated"


@pytest.mark.attack("A31")
async def test_a_name_that_does_not_resolve_is_said(terminal: Terminal) -> None:
    problem = await refused(Warden("http://graph.invalid", StillToken(), tty=terminal.tty, timeout=READ_SECONDS))
    assert problem.kind is ProblemKind.UNREACHABLE


@pytest.mark.attack("A31")
def test_the_console_gives_a_keyed_read_less_than_the_limit() -> None:
    assert LIMIT_SECONDS - 2 < READ_SECONDS < LIMIT_SECONDS


Certificate = Callable[[Authority, Path], tuple[Path, Path]]
CERTIFICATES: dict[str, Certificate] = {
    "expired": lambda authority, folder: authority.issue(folder, names=["localhost"], ip="127.0.0.1", age=60),
    "for another name": lambda authority, folder: authority.issue(folder, names=["other.example"], ip="127.0.0.2"),
    "of another authority": lambda _, folder: Authority(folder / "own", "another").issue(
        folder, names=["localhost"], ip="127.0.0.1"
    ),
}


def good(authority: Authority, folder: Path) -> tuple[Path, Path]:
    return authority.issue(folder, names=["localhost"], ip="127.0.0.1")


async def asked(authority: Authority, files: tuple[Path, Path], change: Callable[[ssl.SSLContext], None]) -> int:
    """How many requests a server with this certificate gets to see."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    change(context)
    async with loopback(lambda _: as_json({"value": []}), context) as server, to(server.url) as transport:
        with suppress(Problem):
            await EntraEscrow(transport).keys_of_device(DEVICE)
        return len(server.asked)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this machine trusts."""
    made = Authority(tmp_path / "authority", "invented")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.ca_file))
    return made


def _as_it_is(_: ssl.SSLContext) -> None:
    return


@pytest.mark.attack("A23")
async def test_a_right_certificate_is_taken(authority: Authority, tmp_path: Path) -> None:
    """The control."""
    assert await asked(authority, good(authority, tmp_path / "server"), _as_it_is) == 1


@pytest.mark.attack("A23")
@pytest.mark.parametrize("wrong", CERTIFICATES)
async def test_a_wrong_certificate_ends_it_before_a_token_is_sent(
    authority: Authority, tmp_path: Path, wrong: str
) -> None:
    assert await asked(authority, CERTIFICATES[wrong](authority, tmp_path / "server"), _as_it_is) == 0


@pytest.mark.attack("A23")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_tls_is_refused(authority: Authority, tmp_path: Path) -> None:
    def old(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    assert await asked(authority, good(authority, tmp_path / "server"), old) == 0


@pytest.mark.attack("A23")
def test_no_line_of_code_switches_the_check_off() -> None:
    found = []
    for path in [*ROOT.glob("tui/**/*.py"), *ROOT.glob("screens/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname", "verify_ssl"):
                found += [path] if isinstance(node.value, ast.Constant) and not node.value.value else []
            if isinstance(node, ast.Attribute) and node.attr in ("CERT_NONE", "_create_unverified_context"):
                found.append(path)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is False:
                names = [target.attr for target in node.targets if isinstance(target, ast.Attribute)]
                found += [path] if "check_hostname" in names else []
    assert found == []
