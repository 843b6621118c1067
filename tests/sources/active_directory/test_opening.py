"""From `[active_directory]` to a directory; no server is needed."""

import sys

import pytest

from tui.config import ActiveDirectory as Settings
from tui.errors import Problem, ProblemKind
from tui.sources.active_directory.opening import open_directory
from tui.sources.active_directory.server import DirectoryServer
from tui.vault.warden import _for_directory

SETTINGS = Settings("ldaps://dc1.corp.example", "DC=corp,DC=example", user="reseal@corp.example", password_env="P")


def test_without_the_extra_the_console_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bonsai", None)
    with pytest.raises(Problem) as caught:
        open_directory(SETTINGS)
    assert caught.value.kind is ProblemKind.CONFIG
    assert "uv sync --extra ad" in caught.value.next_step


def test_every_setting_reaches_the_server() -> None:
    pytest.importorskip("bonsai", reason="no LDAP here: the extra is not installed (reseal[ad])")
    server = open_directory(SETTINGS).server
    assert server == DirectoryServer(SETTINGS.url, SETTINGS.base, user=SETTINGS.user, password_env="P")
    commanded = Settings(SETTINGS.url, SETTINGS.base, "/ca.pem", user="u", password_command=("pass", "show"))
    assert open_directory(commanded).server.password_command == ("pass", "show")
    assert open_directory(commanded).server.ca_file == "/ca.pem"


def test_settings_that_cannot_work_are_refused_at_the_start() -> None:
    pytest.importorskip("bonsai", reason="no LDAP here: the extra is not installed (reseal[ad])")
    with pytest.raises(Problem) as caught:
        open_directory(Settings(SETTINGS.url, SETTINGS.base))
    assert caught.value.kind is ProblemKind.CONFIG


@pytest.mark.parametrize(
    ("server", "passed"),
    [
        (None, ()),
        (DirectoryServer("ldaps://dc", "DC=x", user="u", password_env="BIND"), ("BIND",)),
        (DirectoryServer("ldaps://dc", "DC=x", user="u", password_command=("pass",)), ("HOME", "PATH")),
        (DirectoryServer("ldaps://dc", "DC=x", sasl="gssapi"), ("KRB5CCNAME", "KRB5_CONFIG", "HOME")),
    ],
)
def test_the_vault_gets_of_the_surroundings_what_its_way_of_signing_in_needs(
    server: DirectoryServer | None, passed: tuple[str, ...]
) -> None:
    assert _for_directory(server) == passed
