"""The Azure CLI as the way of signing in: a program named `az` that answers as the real one does."""

import base64
import time
from pathlib import Path

import pytest

from tests.sources.signing import failed
from tui.errors import Problem, ProblemKind
from tui.sources.credentials import Tenant, azure_cli

CLI_TENANT = Tenant("11111111-2222-4333-8444-555555555555", "c")
CLI_TOKEN = "echo '" + '{"accessToken": "cli-token", "expires_on": %d, "expiresOn": "2099-12-31 00:00:00"}' + "'"


def install_az(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A program that answers as Azure CLI does, and the file that it keeps its arguments in."""
    log, program = directory / "asked", directory / "az"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    return log


async def test_azure_cli_is_asked_for_graphs_scope_in_the_tenant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = install_az(tmp_path, monkeypatch, CLI_TOKEN % 4102444800)
    signing = azure_cli(CLI_TENANT)
    assert await signing.token() == "cli-token"
    assert await signing.token() == "cli-token"
    [asked] = log.read_text().splitlines()
    assert "account get-access-token" in asked
    assert "https://graph.microsoft.com" in asked
    assert f"--tenant {CLI_TENANT.tenant_id}" in asked


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Please run 'az login' to setup account.",
        "ERROR: AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks.",
        "ERROR: AADSTS700082: The refresh token has expired due to inactivity.",
    ],
)
async def test_an_azure_cli_that_is_signed_out_is_asked_again_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    log = install_az(tmp_path, monkeypatch, f'echo "{said}" >&2\nexit 1')
    signing = azure_cli(CLI_TENANT)
    problem = await failed(signing)
    assert problem.kind is ProblemKind.SIGNED_OUT
    assert "az login" in problem.next_step
    assert signing.refused is None
    install_az(tmp_path, monkeypatch, CLI_TOKEN % 4102444800)
    assert await signing.token() == "cli-token"
    assert len(log.read_text().splitlines()) == 2


async def test_a_token_of_azure_cli_that_ends_is_asked_for_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = install_az(tmp_path, monkeypatch, CLI_TOKEN % (time.time() + 100))
    signing = azure_cli(CLI_TENANT)
    assert [await signing.token(), await signing.token()] == ["cli-token"] * 2
    assert len(log.read_text().splitlines()) == 2


async def test_a_challenge_that_azure_cli_cannot_meet_says_how_to_sign_in_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_az(tmp_path, monkeypatch, CLI_TOKEN % 4102444800)
    signing = azure_cli(CLI_TENANT)
    await signing.token()
    with pytest.raises(Problem) as caught:
        await signing.challenge(base64.b64encode(b'{"access_token":{}}').decode())
    assert "az login" in str(caught.value)
    assert "--claims-challenge" in caught.value.why


async def test_without_azure_cli_the_next_step_is_to_sign_in_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = await failed(azure_cli(Tenant("11111111-2222-4333-8444-555555555555", "c")))
    assert "az login" in problem.next_step
