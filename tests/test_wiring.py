"""From a config to a desk: what the console's parts do together when the sign-in changes under them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.demo.tenant import Running, running
from tests.sources.authority import Authority, authority, device_code_config
from tui.config import load
from tui.ports import SignInPrompt
from tui.wiring import Console, open_console

TOKEN_USERS = "/v1.0/me"


@pytest.fixture(params=[False, True], ids=["here", "apart"])
def apart(request: pytest.FixtureRequest) -> bool:
    """Graph in this process, or in one of its own."""
    return bool(request.param)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Running]:
    with running("--seed", "7", "--size", "5") as found:
        yield found


@asynccontextmanager
async def signed_in(
    tenant: Running, directory: Path, prompts: list[SignInPrompt], apart: bool
) -> AsyncIterator[tuple[Console, Authority]]:
    """A console whose engineer has signed in with a device code."""

    async def show(prompt: SignInPrompt) -> None:
        prompts.append(prompt)

    async with authority(directory) as service:
        service.access = tenant.tokens["engineer"]
        config = directory / "config.toml"
        config.write_text(device_code_config(tenant.config.read_text(encoding="utf-8"), service), encoding="utf-8")
        async with open_console(load(config), directory / "state", on_prompt=show, apart=apart) as console:
            await console.sign_in()
            yield console, service


async def test_a_challenge_in_mid_session_is_met_and_the_call_goes_on(
    tenant: Running, tmp_path: Path, apart: bool
) -> None:
    prompts: list[SignInPrompt] = []
    async with signed_in(tenant, tmp_path, prompts, apart) as (console, service):
        tenant.fault("401-claims", TOKEN_USERS)
        engineer = await console.sign_in()
        assert engineer.user.upn == "engineer@demo.example"
        [form] = service.grants("refresh_token")
        assert "claims" in form
    assert len(prompts) == 1


async def test_a_session_that_is_revoked_in_mid_session_asks_once_for_all_who_wait(
    tenant: Running, tmp_path: Path, apart: bool
) -> None:
    prompts: list[SignInPrompt] = []
    async with signed_in(tenant, tmp_path, prompts, apart) as (console, service):
        service.revoked = True
        tenant.fault("401-claims", TOKEN_USERS)
        tenant.fault("401-claims", "/v1.0/informationProtection")
        policies = (await console.cloud.sources()).policies
        found = await asyncio.gather(policies.me(), policies.me(), policies.me())
        assert {user.upn for user in found} == {"engineer@demo.example"}
    assert [prompt.code for prompt in prompts] == ["ABCD-1234", "ABCD-1235"]


async def test_a_sign_in_that_is_given_up_in_mid_session_waits_for_the_engineer(
    tenant: Running, tmp_path: Path, apart: bool
) -> None:
    prompts: list[SignInPrompt] = []
    async with signed_in(tenant, tmp_path, prompts, apart) as (console, service):
        service.revoked = service.forever_pending = True
        tenant.fault("401-claims", TOKEN_USERS)
        asking = asyncio.create_task(console.sign_in())
        async with asyncio.timeout(20):
            while len(prompts) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not console.desk.signed_out()
        console.cloud.graph.cancel_sign_in()
        await asyncio.wait([asking])
        assert "cancelled" in str(asking.exception())
        assert console.desk.signed_out()
        console.cloud.graph.sign_in_again()
        service.forever_pending = False
        await console.sign_in()
        assert not console.desk.signed_out()
