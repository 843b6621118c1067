"""A key that leaves as ciphertext: from the vault over a terminal that may be recorded, to the laptop that opens it."""

import base64
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import zxingcpp

from tests.support.terminal import Terminal
from tests.vault.conftest import REQUEST, in_seconds
from tests.vault.keys import invented_password
from tests.vault.watching import BLOCKS, ROOT, runs
from tui.errors import Problem, ProblemKind
from tui.ports import SealRegion
from tui.vault import age, codes
from tui.vault.base45 import base45
from tui.vault.opening import new_identity
from tui.vault.process import VaultProcess

ME = age.Identity.new()
PASSWORD = invented_password(1)


def sealing(recipient: str = ME.recipient.text(), height: int = 12) -> SealRegion:
    """A region for the text."""
    return SealRegion((2, 3), 70, height, "1", recipient)


def text_on(terminal: Terminal) -> str:
    """The armored text as somebody copies it off the screen."""
    frame = terminal.frame()
    begin, end = "-----BEGIN AGE", "ENCRYPTED FILE-----"
    text = frame[frame.index(begin) :]
    text = text[: text.rindex(end) + len(end)]
    return "\n".join(
        line[2:66].rstrip(" .") if place else line.rstrip(" .") for place, line in enumerate(text.split("\n"))
    )


async def test_the_terminal_gets_ciphertext_only(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    await vault.seal(sealing(), in_seconds(60))
    await terminal.until("-----END AGE")
    plain = age.decrypt(age.dearmor(text_on(terminal)), ME).decode()
    assert plain == f"{REQUEST.key_id}\n{PASSWORD}\n"
    raw = terminal.raw
    assert not any(block.encode() in raw for block in BLOCKS)
    assert base64.b64encode(PASSWORD.encode())[4:-4] not in raw
    assert (await vault.clear("escape")).shown_ms == 0
    await terminal.until(lambda: "AGE" not in terminal.frame())


async def test_what_cannot_be_sealed_is_said_and_can_be_tried_again(vault: VaultProcess, terminal: Terminal) -> None:
    await vault.read(REQUEST)
    with pytest.raises(Problem, match="cannot be sealed"):
        await vault.seal(sealing("age1nonsense"), in_seconds(60))
    with pytest.raises(Problem, match="needs 64 columns and 9 rows"):
        await vault.seal(sealing(height=3), in_seconds(60))
    assert runs(vault.pid)
    await vault.seal(sealing(), in_seconds(60))
    await terminal.until("-----END AGE")


def test_a_code_is_read_back() -> None:
    data = age.encrypt(f"{REQUEST.key_id}\n{PASSWORD}\n".encode(), ME.recipient)
    lines = codes.half_blocks(data)
    assert (len(lines), len(lines[0])) == (35, 69)
    dark = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    rows = [[dark[cell][half] for cell in line] for line in lines for half in (0, 1)]
    scale = 4
    pixels = b"".join(bytes(255 - 255 * cell for cell in row for _ in range(scale)) * scale for row in rows)
    image = memoryview(pixels).cast("B", (len(rows) * scale, len(rows[0]) * scale))
    (found,) = zxingcpp.read_barcodes(image)
    assert found.text == codes.PREFIX + base45(data)


OPEN = """
import sys
from pathlib import Path
from tui.errors import Problem
from tui.vault.opening import open_sealed
try:
    open_sealed(Path(sys.argv[1]), Path(sys.argv[2]).read_text(), seconds=int(sys.argv[3]))
    print("closed")
except Problem as problem:
    print(problem)
sys.stdin.readline()
"""


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[str, str]:
    """A file with a secret key, and one with what was sealed to it."""
    identity, text = tmp_path / "key.txt", tmp_path / "sealed.txt"
    recipient = age.Recipient.parse(new_identity(identity))
    text.write_text(age.armor(age.encrypt(f"{REQUEST.key_id}\n{PASSWORD}\n".encode(), recipient)))
    return str(identity), str(text)


def opening(sealed: tuple[str, str], seconds: int = 60, env: Mapping[str, str] | None = None) -> Terminal:
    """The laptop."""
    return Terminal([sys.executable, "-c", OPEN, *sealed, str(seconds)], env, cwd=ROOT)


def drawn(terminal: Terminal) -> bool:
    """All eight blocks are on the screen."""
    return all(block in terminal.frame() for block in BLOCKS)


def test_the_laptop_draws_it_until_a_key_is_pressed(sealed: tuple[str, str]) -> None:
    with opening(sealed) as terminal:
        terminal.wait_until(lambda: drawn(terminal))
        assert REQUEST.key_id.upper() in terminal.frame()
        terminal.press("q")
        terminal.wait_until("closed")
        assert not any(block in terminal.frame() for block in BLOCKS)
        assert b"\x1b[?1049h" in terminal.raw[: terminal.raw.index(BLOCKS[0].encode())]


def test_the_laptop_clears_it_in_time_and_when_it_is_ended(sealed: tuple[str, str]) -> None:
    with opening(sealed, 1) as terminal:
        terminal.wait_until(lambda: drawn(terminal))
        terminal.wait_until("closed", 2.5)
        assert not any(block in terminal.frame() for block in BLOCKS)
    with opening(sealed) as terminal:
        terminal.wait_until(lambda: drawn(terminal))
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.wait_until(lambda: not terminal.alive, 2)
        assert not any(block in terminal.frame() for block in BLOCKS)


def test_the_laptop_refuses(sealed: tuple[str, str], tmp_path: Path) -> None:
    identity, text = sealed
    other = tmp_path / "other.txt"
    new_identity(other)
    open_to_all = tmp_path / "open.txt"
    open_to_all.write_text(Path(identity).read_text())
    open_to_all.chmod(0o644)
    garbage = tmp_path / "garbage.txt"
    garbage.write_text("AGE:not base45")
    cases: list[tuple[tuple[str, str], dict[str, str], str]] = [
        ((identity, text), {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "recorded"),
        ((str(other), text), {}, "another key"),
        ((str(open_to_all), text), {}, "open.txt"),
        ((identity, str(garbage)), {}, "letter of the code"),
    ]
    for files, env, said in cases:
        with opening(files, env=env) as terminal:
            terminal.wait_until(said)
            assert not any(block.encode() in terminal.raw for block in BLOCKS)


def test_a_secret_key_is_for_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    public = new_identity(path)
    assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text().splitlines()
    assert lines[0] == f"# public key: {public}"
    assert age.Identity.parse(lines[1]).recipient.text() == public
    with pytest.raises(Problem, match="already") as caught:
        new_identity(path)
    assert caught.value.kind is ProblemKind.LOCAL
    assert path.read_text().splitlines() == lines
