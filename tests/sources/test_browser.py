"""Signing in with a browser: a real child process follows the URL to a sign-in service on loopback."""

import asyncio
import os
import sys
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from tests.sources.authority import Authority, authority
from tests.sources.browsing import install
from tests.sources.test_sign_in import thread_gone
from tui.errors import Problem, ProblemKind
from tui.sources.browser_window import NAME, command_of
from tui.sources.credentials import sign_in
from tui.sources.sign_in import Prompt, SignIn

URL = "https://sign-in.example/?a=1&b=2"


@pytest.fixture(autouse=True)
async def _forget_the_window() -> AsyncIterator[None]:
    yield
    await thread_gone("browser")
    webbrowser._browsers.pop(NAME, None)  # type: ignore[attr-defined]
    if NAME in (webbrowser._tryorder or []):  # type: ignore[attr-defined]
        webbrowser._tryorder.remove(NAME)  # type: ignore[attr-defined]


def signing(service: Authority, shown: list[Prompt]) -> SignIn:
    async def show(prompt: Prompt) -> None:
        shown.append(prompt)

    found = sign_in("browser", service.tenant, on_prompt=show)
    assert isinstance(found, SignIn)
    return found


async def test_a_browser_signs_in_and_writes_nothing_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shown: list[Prompt] = []
    async with authority(tmp_path) as service:
        monkeypatch.setenv("BROWSER", str(install(tmp_path, service.ca_file)))
        found = signing(service, shown)
        async with asyncio.timeout(30):
            assert await found.token() == "access-1"
            assert await found.token() == "access-1"
        assert service.asked_in_browser["response_mode"] == "form_post"
        assert service.asked_in_browser["redirect_uri"].startswith("http://localhost:")
        assert len(service.grants("authorization_code")) == 1
    [prompt] = shown
    assert (prompt.url, prompt.code) == ("127.0.0.1", "")
    assert capfd.readouterr() == ("", "")


async def test_what_the_engineer_refuses_in_the_browser_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with authority(tmp_path) as service:
        service.denied = "AADSTS65004: User declined to consent to access the app."
        monkeypatch.setenv("BROWSER", str(install(tmp_path, service.ca_file)))
        found = signing(service, [])
        async with asyncio.timeout(30):
            with pytest.raises(Problem) as caught:
                await found.token()
    assert caught.value.kind is ProblemKind.SIGNED_OUT
    assert found.refused is caught.value
    assert not service.grants("authorization_code")


async def test_where_no_browser_can_open_the_engineer_is_told_of_the_device_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    # A text browser would draw over the console.
    drawn = tmp_path / "drawn"
    for name in ("www-browser", "w3m", "lynx", "links"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {drawn}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with authority(tmp_path) as service:
        async with asyncio.timeout(30):
            with pytest.raises(Problem) as caught:
                await signing(service, []).token()
    assert "no browser was opened" in str(caught.value)
    assert "device-code" in caught.value.next_step
    assert not drawn.exists()


async def test_giving_up_does_not_wait_for_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Prompt] = []
    async with authority(tmp_path) as service:
        asked = tmp_path / "url"
        (tmp_path / "browser").write_text(f'#!/bin/sh\nprintf %s "$1" > {asked}.part; mv {asked}.part {asked}\n')
        (tmp_path / "browser").chmod(0o755)
        monkeypatch.setenv("BROWSER", str(tmp_path / "browser"))
        found = signing(service, shown)
        waiting = asyncio.create_task(found.token())
        async with asyncio.timeout(20):
            while not (shown and asked.exists()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        found.cancel()
        async with asyncio.timeout(2):
            with pytest.raises(Problem, match="cancelled"):
                await waiting
        # The engineer's browser comes back all the same, and what it brings is redeemed by nobody.
        told = parse_qs(urlsplit(asked.read_text()).query)
        late = urlencode({"code": "from-browser", "state": told["state"][0]}).encode()
        await asyncio.to_thread(lambda: urlopen(told["redirect_uri"][0], late).close())
        await thread_gone()
        assert not service.grants("authorization_code")


def programs(directory: Path, *names: str) -> dict[str, str]:
    for name in names:
        (directory / name).write_text("#!/bin/sh\n")
        (directory / name).chmod(0o755)
    return {"PATH": str(directory)}


def test_which_browser_is_opened(tmp_path: Path) -> None:
    path = programs(tmp_path, "mine", "xdg-open", "open")
    assert command_of(URL, {**path, "BROWSER": f"none{os.pathsep}mine --new %s &"}) == ["mine", "--new", URL]
    assert command_of(URL, {**path, "BROWSER": "mine"}) == ["mine", URL]
    assert command_of(URL, {**path, "DISPLAY": ":0"}, "linux") == ["xdg-open", URL]
    assert command_of(URL, {**path, "WAYLAND_DISPLAY": "w"}, "linux") == ["xdg-open", URL]
    assert command_of(URL, path, "linux") == []
    assert command_of(URL, path, "darwin") == ["open", URL]
    assert command_of(URL, {"PATH": "", "DISPLAY": ":0"}, sys.platform) == []
