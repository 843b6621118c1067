"""The verbs from outside: exit codes, one clear line, and what is imported when."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

RESEAL = (sys.executable, "-m", "tui")


def reseal(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a verb without a terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESEAL")}
    return subprocess.run([*RESEAL, *arguments], env={**kept, **env}, capture_output=True, text=True, timeout=60)


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The only line on stderr, with the exit code that belongs to it."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert done.stdout == ""
    return line


def test_a_missing_config_names_the_file_and_the_next_step(tmp_path: Path) -> None:
    line = one_line(reseal("--config", str(tmp_path / "none.toml"), "queue", RESEAL_STATE=str(tmp_path / "s")), 2)
    assert str(tmp_path / "none.toml") in line
    assert "reseal init" in line


def test_a_wrong_config_names_line_and_nearest_key(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[tenant]\nname = "x"\ntenant_idd = "y"\n')
    line = one_line(reseal("--config", str(config), "queue"), 2)
    assert "line 3" in line
    assert "tenant_id" in line


def test_init_writes_a_config_once_and_for_its_owner_only(tmp_path: Path) -> None:
    config = tmp_path / "deep" / "config.toml"
    assert reseal("--config", str(config), "init").returncode == 0
    assert config.stat().st_mode & 0o077 == 0
    before = config.read_bytes()
    done = reseal("--config", str(config), "init")
    assert done.returncode != 0
    assert config.read_bytes() == before


def test_a_state_directory_that_others_can_read_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    line = one_line(reseal("audit", "list", RESEAL_STATE=str(state)), 4)
    assert "chmod" in line


@pytest.mark.parametrize("arguments", [(), ("demo",), ("keys",)])
def test_without_a_terminal_the_console_says_so(arguments: tuple[str, ...]) -> None:
    assert "needs a terminal" in one_line(reseal(*arguments), 2)


def test_a_terminal_that_is_too_small_is_told_its_size() -> None:
    with Terminal([*RESEAL, "demo"], columns=50, rows=10) as terminal:
        terminal.wait_until(lambda: not terminal.alive, 30)
        assert terminal.exit_code == 2
        assert "too small: 50 x 10" in terminal.frame().replace("\n", "")


@pytest.mark.parametrize("arguments", [("no-such-verb",), ("queue", "--no-such-option"), ("demo", "--size", "0")])
def test_wrong_usage_is_two(arguments: tuple[str, ...]) -> None:
    assert reseal(*arguments).returncode == 2


def imported_by(code: str) -> set[str]:
    """The top-level packages that are loaded after some code ran; of the project's own, their parts."""
    name = "'.'.join(name.split('.')[: 2 if name.startswith('tui.') else 1])"
    probe = f"import sys\n{code}\nprint(*sorted({{{name} for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tui.cli", {"textual", "rich", "msgraph", "azure", "httpx", "aiosqlite", "starlette"}),
        ("tui.headless", {"textual", "rich", "msgraph", "azure", "starlette", "pyperclip"}),
        ("tui.doctor", {"textual", "rich", "msgraph", "azure", "starlette"}),
        ("tui.app", {"tui.services", "tui.diagnosis", "tui.sources", "tui.wiring", "msgraph", "kiota_abstractions"}),
        ("tui.app", {"azure", "httpx", "starlette", "pyperclip", "click", "aiosqlite"}),
        ("tui.wiring", {"textual", "msgraph", "kiota_abstractions", "azure", "httpx", "starlette", "pyperclip"}),
        ("tui.vault.warden", {"textual", "msgraph", "azure", "aiosqlite"}),
        ("tui.store.verification", {"textual", "msgraph", "azure", "httpx"}),
        ("tui.services.desk", {"textual", "msgraph", "azure", "httpx", "aiosqlite", "starlette"}),
        ("tui.demo.serve", {"textual", "msgraph", "azure", "aiosqlite", "httpx"}),
    ],
)
def test_a_room_loads_only_what_it_needs(module: str, absent: set[str]) -> None:
    assert imported_by(f"import {module}") & absent == set()


def test_an_audit_verifies_without_a_config(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert reseal("audit", "list", RESEAL_STATE=str(state)).returncode == 0
    done = reseal("audit", "verify", "--json", RESEAL_STATE=str(state))
    assert done.returncode == 0
    assert json.loads(done.stdout)["rows"] == 0
