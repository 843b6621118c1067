"""Signing in, against a sign-in service on loopback that speaks the real protocol over real TLS."""

import asyncio
import base64
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sources.authority import PENDING, authority, self_signed
from tests.sources.signing import Shown, failed
from tui.errors import Problem, ProblemKind
from tui.sources.credentials import CLOUDS, Tenant, azure_cli, certificate, device_code, sign_in
from tui.sources.sign_in import Prompt


async def thread_gone(name: str = "sign-in") -> None:
    async with asyncio.timeout(10):
        while any(thread.name == name for thread in threading.enumerate()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_device_code_is_shown_once_and_shared_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        service.polls = [PENDING]
        signing = device_code(service.tenant, shown)
        assert not signing.signed_in
        tokens = await asyncio.gather(*(signing.token() for _ in range(5)))
        assert set(tokens) == {"access-1"}
        assert await signing.token() == "access-1"
        assert signing.signed_in
        [form] = [form for form in service.forms if "grant_type" not in form]
        assert form["scope"].split()[0] == "https://graph.microsoft.com/.default"
        await thread_gone()
    [prompt] = shown.prompts
    assert (prompt.url, prompt.code) == ("https://sign-in.example/device", "ABCD-1234")
    assert prompt.expires_at.tzinfo is not None
    assert capfd.readouterr() == ("", "")
    assert [file.name for file in tmp_path.iterdir()] == ["authority.pem"]  # noqa: ASYNC240


async def test_a_token_near_its_end_is_renewed_without_the_engineer(tmp_path: Path) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        service.lifetime = 200
        signing = device_code(service.tenant, shown)
        assert await signing.token() == "access-1"
        assert await signing.token() == "access-2"
        assert len(service.grants("refresh_token")) == 1
    assert len(shown.prompts) == 1


async def test_a_challenge_is_passed_on_and_met_without_the_engineer(tmp_path: Path) -> None:
    shown = Shown()
    claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}').decode().rstrip("=")
    async with authority(tmp_path) as service:
        signing = device_code(service.tenant, shown)
        await signing.token()
        await asyncio.gather(signing.challenge(claims), signing.challenge(claims))
        assert await signing.token() == "access-2"
        [form] = service.grants("refresh_token")
        assert "1604106651" in form["claims"]
        assert "CP1" in form["claims"].upper()
        await signing.challenge(claims)
        assert len(service.grants("refresh_token")) == 1
    assert len(shown.prompts) == 1


async def test_a_challenge_that_cannot_be_read_is_a_problem() -> None:
    with pytest.raises(Problem) as caught:
        await azure_cli(Tenant("t", "c")).challenge("\u00e4")
    assert caught.value.kind is ProblemKind.SIGNED_OUT


async def test_cancel_ends_the_wait_of_all_and_the_polling_soon(tmp_path: Path) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        service.forever_pending = True
        signing = device_code(service.tenant, shown)
        waiting = [asyncio.create_task(signing.token()) for _ in range(3)]
        await shown.first.wait()
        signing.cancel()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(result) for result in results] == ["The sign-in was cancelled. Sign in when you are ready."] * 3
        await thread_gone()
        service.forever_pending = False
        assert "You are signed out" in str(await failed(signing))
        assert len(shown.prompts) == 1
        signing.again()
        assert await signing.token() == "access-1"


async def test_a_prompt_is_taken_away_when_the_sign_in_is_over(tmp_path: Path) -> None:
    ended = asyncio.Event()
    began = asyncio.Event()

    async def show(_: Prompt) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with authority(tmp_path) as service:
        service.polls = [PENDING]
        assert await device_code(service.tenant, show).token() == "access-1"
        assert began.is_set()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_prompt_that_cannot_be_shown_ends_the_sign_in_and_may_be_tried_again(tmp_path: Path) -> None:
    async def fail(_: Prompt) -> None:
        raise RuntimeError("no screen")

    async with authority(tmp_path) as service:
        service.forever_pending = True
        signing = device_code(service.tenant, fail)
        assert "could not be shown" in (await failed(signing)).what
        assert signing.refused is None
        await thread_gone()


async def test_one_waiter_that_goes_away_does_not_end_the_sign_in(tmp_path: Path) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        service.polls = [PENDING]
        signing = device_code(service.tenant, shown)
        leaver, stayer = asyncio.create_task(signing.token()), asyncio.create_task(signing.token())
        await shown.first.wait()
        leaver.cancel()
        assert await stayer == "access-1"
        assert leaver.cancelled() or leaver.done()
    assert len(shown.prompts) == 1


async def test_the_event_loop_runs_while_the_engineer_signs_in(tmp_path: Path) -> None:
    shown = Shown()
    ticks = 0
    async with authority(tmp_path) as service:
        service.polls = [PENDING]
        signing = asyncio.create_task(device_code(service.tenant, shown).token())
        while not signing.done():
            await asyncio.sleep(0.01)
            ticks += 1
    assert ticks > 20


async def test_a_revoked_sign_in_asks_the_engineer_once_more(tmp_path: Path) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        service.lifetime = 200
        signing = device_code(service.tenant, shown)
        assert await signing.token() == "access-1"
        service.revoked = True
        assert await signing.token() == "access-2"
        assert len(service.grants("refresh_token")) == 1
    assert [prompt.code for prompt in shown.prompts] == ["ABCD-1234", "ABCD-1235"]


async def test_a_revoked_sign_in_that_nobody_renews_stays_signed_out(tmp_path: Path) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        service.lifetime = 200
        signing = device_code(service.tenant, shown)
        await signing.token()
        service.revoked, service.forever_pending = True, True
        asking = asyncio.create_task(signing.token())
        async with asyncio.timeout(20):
            while len(shown.prompts) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        signing.cancel()
        with pytest.raises(Problem, match="cancelled"):
            await asking
        assert [(await failed(signing)).what for _ in range(3)] == ["You are signed out"] * 3
        assert service.codes == 2
        await thread_gone()


async def test_a_challenge_to_a_revoked_sign_in_asks_the_engineer_with_its_claims(tmp_path: Path) -> None:
    shown = Shown()
    claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}').decode()
    async with authority(tmp_path) as service:
        signing = device_code(service.tenant, shown)
        await signing.token()
        service.revoked = True
        await signing.challenge(claims)
        assert await signing.token() == "access-2"
        assert "1604106651" in service.grants("device_code")[-1]["claims"]
    assert len(shown.prompts) == 2


async def test_signing_in_anew_takes_nothing_of_the_old_sign_in(tmp_path: Path) -> None:
    shown = Shown()
    async with authority(tmp_path) as service:
        signing = device_code(service.tenant, shown)
        await signing.token()
        signing.again()
        assert await signing.token() == "access-2"
        assert not service.grants("refresh_token")
    assert len(shown.prompts) == 2


REFUSALS = {
    "AADSTS70020: The provided value for the device code has expired.": "Try again",
    "AADSTS530035: Access has been blocked by security defaults.": "may block device code sign-in",
    "AADSTS53003: Access has been blocked by Conditional Access policies.": "may block device code sign-in",
    "AADSTS700016: Application not found": "client_id",
    "AADSTS65001: no consent": "consent",
    "something\x1b[2J else": "Try again",
}


@pytest.mark.parametrize(("said", "step"), REFUSALS.items())
async def test_a_refused_sign_in_says_what_and_what_next(tmp_path: Path, said: str, step: str) -> None:
    async with authority(tmp_path) as service:
        service.polls = [{"error": "access_denied", "error_description": said}]
        signing = device_code(service.tenant, Shown())
        problem = await failed(signing)
        assert problem.kind is ProblemKind.SIGNED_OUT
        assert step in problem.next_step
        assert "\x1b" not in str(problem)
        assert problem.code == (said.partition(":")[0] if said.startswith("AADSTS") else "")
        assert (await failed(signing)).what == "You are signed out"
        assert service.codes == 1


async def test_an_unreachable_service_is_not_called_a_refused_sign_in(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with authority(tmp_path) as service:
        tenant = service.tenant
    problem = await failed(device_code(tenant, Shown()))
    assert problem.kind is ProblemKind.UNREACHABLE
    assert capfd.readouterr() == ("", "")


async def test_a_certificate_signs_an_app_in(tmp_path: Path) -> None:
    pem = tmp_path / "app.pem"
    pem.write_bytes(self_signed(rsa.generate_private_key(65537, 2048)))
    async with authority(tmp_path) as service:
        signing = sign_in("certificate", service.tenant, on_prompt=Shown(), certificate_path=str(pem))
        assert await signing.token() == "access-1"
        [form] = service.grants("client_credentials")
        assert form["client_assertion_type"].endswith("jwt-bearer")


async def test_a_missing_certificate_says_so(tmp_path: Path) -> None:
    problem = await failed(certificate(Tenant("t" * 8, "c"), str(tmp_path / "none.pem")))
    assert problem.kind is ProblemKind.SIGNED_OUT
    assert "certificate" in problem.next_step


def test_what_azure_logs_does_not_reach_the_terminal(tmp_path: Path) -> None:
    code = """
        import asyncio
        from tui.errors import Problem
        from tui.sources.credentials import Tenant, azure_cli
        try:
            asyncio.run(azure_cli(Tenant("11111111-2222-4333-8444-555555555555", "c")).token())
        except Problem:
            print("told")
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.stdout, ran.stderr) == ("told\n", "")


@pytest.mark.parametrize(
    ("cloud", "authority_host"),
    [
        ("global", "login.microsoftonline.com"),
        ("usgov", "login.microsoftonline.us"),
        ("usgov-dod", "login.microsoftonline.us"),
        ("china", "login.chinacloudapi.cn"),
    ],
)
def test_scope_and_authority_follow_the_cloud(cloud: str, authority_host: str) -> None:
    tenant = Tenant("t", "c", cloud, endpoint="http://127.0.0.1:1")
    assert tenant.scope == f"{CLOUDS[cloud][0]}/.default"
    assert tenant.options()["authority"] == authority_host
    assert "disable_instance_discovery" not in tenant.options()
    assert Tenant("t", "c", cloud, endpoint=CLOUDS[cloud][0]).scope == tenant.scope


def test_an_unknown_method_is_a_config_problem() -> None:
    with pytest.raises(Problem) as caught:
        sign_in("magic", Tenant("t", "c"), on_prompt=Shown())
    assert caught.value.kind is ProblemKind.CONFIG
