"""Signing in with a device code, inside the console, against a sign-in service on loopback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sources.authority import Authority, authority_beside, device_code_config
from tests.support.terminal import Terminal
from tests.terminal.desk import Desk, desk, select

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("morning")) as found:
        yield found


@contextmanager
def signing_in(morning: Desk, directory: Path) -> Iterator[tuple[Desk, Authority]]:
    """The tenant again, with a device code instead of a token at hand; nobody has approved it yet."""
    with authority_beside(directory) as service:
        service.forever_pending = True
        service.access = morning.tenant.tokens["engineer"]
        config = directory / "config.toml"
        config.write_text(device_code_config(morning.config.read_text(encoding="utf-8"), service), encoding="utf-8")
        yield Desk(morning.tenant, config, directory / "state"), service


def shows_code(terminal: Terminal, code: str = "ABCD-1234") -> bool:
    return code in terminal.frame()


def close_problem(terminal: Terminal) -> None:
    terminal.press("escape")
    terminal.wait_until(lambda: "on any screen signs in" not in terminal.frame())


def test_a_code_is_shown_inside_the_console_at_first_and_after_a_revocation(morning: Desk, tmp_path: Path) -> None:
    with signing_in(morning, tmp_path) as (desk, service), desk.console() as terminal:
        terminal.wait_until(lambda: shows_code(terminal), 30)
        assert "https://sign-in.example/device" in terminal.frame()
        assert re.search(r"good until \d\d:\d\d UTC", terminal.frame())
        assert b"never printed" not in terminal.raw
        assert "signing in ..." in terminal.text()[0]
        service.forever_pending = False
        terminal.wait_until(lambda: "mine" in terminal.text()[0] and not shows_code(terminal), 30)
        terminal.wait_until(lambda: re.search(r"keys \d+[smh]", terminal.text()[0]), 30)
        plain = morning.tenant.case("plain")
        select(terminal, plain["ticket"])
        terminal.press("enter")
        terminal.wait_until("One key fits", 20)
        assert service.codes == 1
        service.revoked = service.forever_pending = True
        morning.tenant.fault("401-claims", "/v1.0/devices")
        terminal.press("enter")
        terminal.wait_until(lambda: shows_code(terminal, "ABCD-1235"), 30)
        service.forever_pending = False
        terminal.wait_until(lambda: not shows_code(terminal, "ABCD-1235"), 30)
        terminal.wait_until("One key fits")


def test_escape_gives_up_and_the_console_stays_usable_and_says_how_to_sign_in(morning: Desk, tmp_path: Path) -> None:
    with signing_in(morning, tmp_path) as (desk, service), desk.console() as terminal:
        terminal.wait_until(lambda: shows_code(terminal), 30)
        terminal.press("escape")
        terminal.wait_until("The sign-in was cancelled")
        terminal.wait_until("I on any screen signs in")
        assert not shows_code(terminal)
        close_problem(terminal)
        terminal.wait_until("signed out (I)")
        terminal.press("enter")
        terminal.wait_until("You are signed out")
        assert service.codes == 1
        terminal.press("I")
        terminal.wait_until(lambda: shows_code(terminal, "ABCD-1235"), 20)
        service.forever_pending = False
        terminal.wait_until(lambda: "mine" in terminal.text()[0] and "signed out" not in terminal.text()[0], 30)
        assert not shows_code(terminal, "ABCD-1235")
