"""Where a recovery password and a token must not be found: looked for, with a control that shows the looking works."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, memory_contains
from tests.vault.conftest import REQUEST
from tests.vault.graph_stub import TOKEN, GraphStub
from tests.vault.keys import invented_password
from tests.vault.watching import BLOCKS, ROOT, WITHIN, Console, eventually, runs
from tui.vault.process import VaultProcess
from tui.vault.warden import Warden

PASSWORD = invented_password(1)
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into, or start, a process of another user")


def proc(pid: int, name: str) -> bytes:
    """A file about a process."""
    return Path(f"/proc/{pid}/{name}").read_bytes()


def open_files(pid: int) -> dict[int, str]:
    """Descriptors and what they are."""
    return {int(entry.name): str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}


@pytest.mark.attack("A07")
@as_root
def test_the_console_never_holds_a_digit(graph: GraphStub) -> None:
    with Console(graph, 60) as console:
        # The control: the child is the one place that has it.
        assert "utf-8" in memory_contains(console.vault_pid, PASSWORD)
        assert not memory_contains(console.terminal.pid, PASSWORD)
        os.kill(console.vault_pid, signal.SIGTERM)
        console.is_gone(2)
        console.terminal.wait_until("ended by signal-term")
        assert not memory_contains(console.terminal.pid, PASSWORD)


FORMS = {
    "dashed": ("utf-8", PASSWORD),
    "plain": ("utf-8", PASSWORD.replace("-", "")),
    "two blocks": ("utf-8", " / ".join(BLOCKS[2:4])),
    "five blocks": ("utf-8", " and somewhere else ".join(BLOCKS[::2] + BLOCKS[1:2])),
    "utf-16": ("utf-16", PASSWORD),
    "utf-32": ("utf-32", PASSWORD),
    "base64": ("base64", PASSWORD),
}


@pytest.mark.parametrize(("form", "text"), FORMS.values(), ids=FORMS.keys())
def test_the_look_into_memory_finds_every_form(form: str, text: str) -> None:
    code = """
import base64, sys
form, text = sys.argv[1:]
held = {"utf-8": str.encode, "base64": lambda t: base64.b64encode(b"k" + t.encode())}.get(form)
held = bytearray(held(text) if held else text.encode(form + "-le"))
sys.argv.clear()
print("held", flush=True)
sys.stdin.readline()
"""
    with subprocess.Popen([sys.executable, "-S", "-c", code, form, text], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert form in memory_contains(process.pid, PASSWORD)
        assert not memory_contains(process.pid, invented_password(2))
        process.communicate(b"\n")


@pytest.mark.attack("A17")
async def test_no_token_in_arguments_or_environment(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    await vault.read(REQUEST)
    for name in ("cmdline", "environ"):
        content = proc(vault.pid, name)
        assert TOKEN.encode() not in content
        assert not any(block.encode() in content for block in BLOCKS)


@pytest.mark.attack("A17")
async def test_the_environment_of_the_console_does_not_reach_the_child(
    warden: Warden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESEAL_GRAPH_TOKEN", TOKEN)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    vault = await warden.open()
    environ = proc(vault.pid, "environ").decode().split("\0")
    assert {entry.partition("=")[0] for entry in environ if entry} == {"PATH", "LANG", "PYTHONPATH", "SSL_CERT_FILE"}


@pytest.mark.attack("A08", "A09")
async def test_no_core_dump_and_no_open_file_but_pipes_and_terminal(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    limits = proc(vault.pid, "limits").decode().splitlines()
    (core,) = [line.split() for line in limits if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]
    files = open_files(vault.pid)
    # What libraries print is for nobody's eyes.
    assert files[2] == "/dev/null"
    assert {name.partition(":")[0] for name in files.values()} <= {
        "pipe",
        "socket",
        "anon_inode",
        "/dev/null",
        terminal.tty,
    }


@pytest.mark.attack("A08", "A09")
async def test_memory_is_locked_or_the_refusal_is_told(vault: VaultProcess) -> None:
    await eventually(lambda: vault.protection, 20)
    assert vault.protection is not None
    status = proc(vault.pid, "status").decode().splitlines()
    (locked,) = [int(line.split()[1]) for line in status if line.startswith("VmLck")]
    assert bool(locked) != bool(vault.protection.memory_refusal)
    assert (vault.protection.core_limit, vault.protection.dumpable) == (0, False)


def interpreter_for_all() -> str:
    """A Python that any user may run on this source."""
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([python, "-c", "import tui.vault.hardening"], user=NOBODY, cwd=ROOT, check=True, stderr=-3)
            return python
    pytest.skip("no other user may run a Python here")


@pytest.mark.attack("A08")
@as_root
@pytest.mark.parametrize("hardened", [True, False])
def test_another_process_of_the_same_user_cannot_look(hardened: bool) -> None:
    script = "import sys; from tui.vault.hardening import harden; "
    script += ("harden(); " if hardened else "") + "print('up', flush=True); sys.stdin.readline()"
    look = "import sys; open(f'/proc/{sys.argv[1]}/mem', 'rb')"
    python = interpreter_for_all()
    with subprocess.Popen([python, "-c", script], stdin=-1, stdout=-1, user=NOBODY, cwd=ROOT) as target:
        assert target.stdout is not None
        assert target.stdout.readline() == b"up\n"
        seen = subprocess.run([python, "-c", look, str(target.pid)], stderr=-1, user=NOBODY, check=False)
        target.communicate(b"\n")
    assert (b"PermissionError" in seen.stderr) is hardened
    assert (seen.returncode == 0) is not hardened


def test_a_child_dies_with_its_console_even_if_its_input_stays_open() -> None:
    child = "from tui.vault.hardening import harden; harden(); print('up', flush=True); __import__('signal').pause()"
    console = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=-1)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
os._exit(0)
"""
    with subprocess.Popen([sys.executable, "-c", console, child], stdin=-1, stdout=-1, cwd=ROOT) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert runs(pid)
        process.communicate(b"\n")
    deadline = time.monotonic() + WITHIN
    try:
        while runs(pid):
            assert time.monotonic() < deadline
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.attack("A12")
@pytest.mark.parametrize("where", ["raise ValueError(key)", "threading.Thread(target=int, args=(key,)).start()"])
def test_a_crash_prints_a_class_and_nothing_else(where: str) -> None:
    code = f"import threading; from tui.vault.hardening import harden; harden(); key = 'not-to-be-seen'; {where}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT)
    assert ended.stderr == b"ValueError\n"
    assert ended.stdout == b""
