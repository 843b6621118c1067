"""The clipboard: off unless asked, never through an argument, taken back only if nobody copied anything since.

The clipboard program is a stand-in of the test's own, which keeps its input in a file; the child, its environment and
pyperclip are real.
"""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.vault.conftest import REQUEST, StillToken, in_seconds
from tests.vault.graph_stub import GraphStub
from tests.vault.keys import invented_password
from tests.vault.watching import WITHIN, eventually, runs
from tui.errors import Problem, ProblemKind
from tui.vault.process import VaultProcess
from tui.vault.warden import Warden

PASSWORD = invented_password(1)
XSEL = """#!/bin/sh
echo "$0 $@" >> "$(dirname "$0")/calls"
case "$*" in
  *-o*) cat "$(dirname "$0")/content" 2>/dev/null ;;
  *) cat > "$(dirname "$0")/content"; SLEEP ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs with a clipboard and the klipper trap, and a display."""
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    # As xclip does, it stays behind to serve what was copied, with the descriptors that it was given.
    put(tmp_path / "xsel", XSEL.replace("SLEEP", "sleep 3 &"))
    for klipper in ("qdbus", "klipper"):
        put(tmp_path / klipper, '#!/bin/sh\necho "klipper" >> "$(dirname "$0")/calls"\n')
    return tmp_path


def put(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)


@pytest.fixture
async def vault(graph: GraphStub, terminal: Terminal, tools: Path) -> AsyncIterator[VaultProcess]:
    warden = Warden(graph.endpoint, StillToken(), tty=terminal.tty, clipboard=True)
    vault = await warden.open()
    await vault.read(REQUEST)
    yield vault
    await warden.close()


@pytest.mark.attack("A16")
async def test_what_was_copied_is_taken_back_at_the_end(vault: VaultProcess, tools: Path) -> None:
    await vault.copy("local", in_seconds(60))
    assert (tools / "content").read_text() == PASSWORD
    async with asyncio.timeout(WITHIN):
        await vault.clear("cleared")
    assert (tools / "content").read_text() == ""
    calls = (tools / "calls").read_text()
    assert "klipper" not in calls
    assert not any(block in calls for block in PASSWORD.split("-"))


@pytest.mark.attack("A16")
async def test_what_somebody_copied_since_stays(vault: VaultProcess, tools: Path) -> None:
    await vault.copy("local", in_seconds(60))
    (tools / "content").write_text("newer")
    await vault.clear("cleared")
    assert (tools / "content").read_text() == "newer"


@pytest.mark.attack("A16")
async def test_a_clipboard_that_hangs_does_not_hold_the_vault(vault: VaultProcess, tools: Path) -> None:
    await vault.copy("local", in_seconds(60))
    put(tools / "xsel", "#!/bin/sh\nexec sleep 3\n")
    async with asyncio.timeout(WITHIN + 0.5):
        assert (await vault.clear("cleared")).ended_by == "cleared"
    assert not runs(vault.pid)


@pytest.mark.attack("A16")
async def test_without_a_tool_that_takes_its_input_nothing_is_copied(vault: VaultProcess, tools: Path) -> None:
    (tools / "xsel").unlink()
    with pytest.raises(Problem, match="cannot be copied"):
        await vault.copy("local", in_seconds(60))
    # The trap: pyperclip by itself would take klipper here, which gets the text as an argument.
    assert not (tools / "calls").exists()
    assert runs(vault.pid)


@pytest.mark.attack("A16")
async def test_over_ssh_nothing_is_copied(vault: VaultProcess, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    with pytest.raises(Problem, match="SSH") as caught:
        await vault.copy("local", in_seconds(60))
    assert caught.value.kind is ProblemKind.POLICY
    assert not (tools / "calls").exists()


@pytest.mark.attack("A16")
async def test_osc_52_goes_to_the_terminal(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.copy("osc52", in_seconds(60))
    sequence = b"\x1b]52;c;" + base64.b64encode(PASSWORD.encode()) + b"\x07"
    await eventually(lambda: sequence in terminal.raw)
    assert (await vault.clear("cleared")).shown_ms == 0
