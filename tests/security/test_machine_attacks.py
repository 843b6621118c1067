"""A32 to A34: a shared jump host, programs that are started, and what is installed with the console."""

import ast
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.security.watching import ROOT
from tests.services.samples import SetClock
from tui.config import write_template
from tui.errors import Problem, ProblemKind
from tui.paths import guard_directory
from tui.store.approver_key import enrol
from tui.store.audit import open_audit
from tui.store.cache import open_cache
from tui.store.outbox import open_outbox

NOBODY = 65534
STARTERS = {
    "tui/courier/process.py": "the courier",
    "tui/demo/launch.py": "the demo tenant",
    "tui/recorder.py": "tmux, for a recorder",
    "tui/sources/active_directory/process.py": "LDAP, whose library blocks",
    "tui/sources/active_directory/secrets.py": "the engineer's password_command",
    "tui/sources/browser_window.py": "the engineer's browser, to sign in",
    "tui/sources/tickets/auth.py": "the engineer's token_command",
    "tui/vault/warden.py": "the vault",
}
"""Who starts programs, and which."""


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.attack("A32")
async def test_whatever_the_umask_files_are_for_their_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with umask(0):
        guard_directory(state)
        audit, cache = await open_audit(state), await open_cache(state)
        outbox = await open_outbox(state, SetClock())
        enrol(state, "second@demo.example", "a long passphrase")
        write_template(tmp_path / "config" / "config.toml")
        modes = modes_of(tmp_path)
        for store in (audit, cache, outbox):
            await store.close()
    assert {"audit.db", "audit.db-wal", "audit.key", "approver.key", "config.toml"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def modes_of(folder: Path) -> dict[str, int]:
    """The files below a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}


def _link(state: Path) -> None:
    state.rename(state.with_name("elsewhere"))
    state.symlink_to(state.with_name("elsewhere"))


def _link_file(state: Path) -> None:
    (state / "audit.db").rename(state / "elsewhere")
    (state / "audit.db").symlink_to(state / "elsewhere")


def _give_away(state: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give a directory away")
    os.chown(state, NOBODY, NOBODY)


CHANGES: dict[str, Callable[[Path], None]] = {
    "open to the group": lambda state: state.chmod(0o750),
    "a file open to others": lambda state: (state / "audit.db").chmod(0o644),
    "a key open to others": lambda state: (state / "audit.key").chmod(0o640),
    "a link": _link,
    "a link inside": _link_file,
    "of another user": _give_away,
}


@pytest.mark.attack("A32")
@pytest.mark.parametrize("change", CHANGES)
async def test_a_state_that_others_reach_is_refused(tmp_path: Path, change: str) -> None:
    state = tmp_path / "state"
    await (await open_audit(state)).close()
    CHANGES[change](state)
    with pytest.raises(Problem) as caught:
        await open_audit(state)
    assert caught.value.kind is ProblemKind.LOCAL
    assert caught.value.next_step


@pytest.mark.attack("A33")
def test_only_known_programs_are_started_and_no_shell_or_editor() -> None:
    starts = {"create_subprocess_exec", "create_subprocess_shell", "Popen", "run", "check_output", "call", "spawn"}
    found, forbidden = set(), []
    for path in [*ROOT.glob("tui/**/*.py"), *ROOT.glob("screens/**/*.py")]:
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner, called = ast.unparse(node.func.value), node.func.attr
            if called in starts and owner in ("asyncio", "subprocess"):
                found |= {name} if called != "run" or owner == "subprocess" else set()
            shell = any(word.arg == "shell" for word in node.keywords) or called == "create_subprocess_shell"
            if shell or (owner == "os" and re.match("system|popen|exec|spawn|fork", called)):
                forbidden.append(f"{name}:{node.lineno}")
        if re.search(r"[\"'](?:EDITOR|VISUAL|PAGER)[\"']|NamedTemporaryFile|mkstemp", text):
            forbidden.append(name)
    assert (found, forbidden) == (set(STARTERS), [])


@pytest.mark.attack("A34")
def test_every_locked_package_has_its_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
    assert len(packages) > 20
    for package in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==\S+ ", package), package[:60]
        assert "--hash=sha256:" in package, package[:60]
        assert "://" not in package, package[:60]


IMPORT_ALL = """
import importlib, pkgutil, sys
asked = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system"):
        asked.append((event, str(arguments)[:200]))
sys.addaudithook(watch)
import tui, screens, themes
for package in (tui, screens, themes):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__") and "active_directory" not in module.name:
            importlib.import_module(module.name)
print(len(sys.modules), asked)
"""


@pytest.mark.attack("A34")
def test_importing_everything_asks_nobody_and_starts_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, timeout=100)
    count, _, asked = done.stdout.partition(" ")
    assert (done.returncode, asked) == (0, "[]\n"), done.stderr
    assert int(count) > 500
