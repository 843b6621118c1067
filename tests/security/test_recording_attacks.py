"""Sessions that are recorded: drawing needs an acceptance, a sealed key leaves no digit, and every route is a row."""

import base64
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, Desk, blocks_on_screen, desk, start_disclosure
from tests.terminal.selecting import select_one_by_one
from tui.vault import age

pytestmark = pytest.mark.timeout(180)
ME = age.Identity.new()
SSH = "10.0.0.1 50000 10.0.0.2 22"


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("recorded")) as found:
        yield found


def ask(morning: Desk, terminal: Terminal, case: str = "plain") -> list[str]:
    """Up to the question; answers the blocks of the key."""
    found = morning.tenant.case(case)
    select_one_by_one(terminal, found["ticket"])
    start_disclosure(terminal, found["keys"][0])
    terminal.wait_until("Disclose this key?", 20)
    return morning.password(found["keys"][0]).split("-")


def rows(morning: Desk) -> list[dict[str, Any]]:
    """The rows of the newest flow, oldest first."""
    entries = [row["entry"] for row in morning.audit() if row["entry"]["flow"]]
    return [entry for entry in entries if entry["flow"] == entries[-1]["flow"]]


def argv(morning: Desk) -> str:
    """The console as one line for a shell."""
    return " ".join([*RESEAL, "--config", str(morning.config)])


@pytest.mark.attack("A15")
def test_over_ssh_a_sealed_key_leaves_ciphertext_only(morning: Desk) -> None:
    with morning.console(SSH_CONNECTION=SSH) as terminal:
        blocks = ask(morning, terminal)
        terminal.wait_until("counts as recorded (assumed)")
        terminal.press("s")
        terminal.wait_until("public key")
        terminal.type("age1wrong\r")
        terminal.wait_until(lambda: "cannot" in terminal.frame() or "Sealed" in terminal.frame(), 20)
        terminal.press("x")
        terminal.wait_until("R Reveal", 10)
        ask_again(morning, terminal)
        terminal.press("s")
        terminal.wait_until("public key")
        terminal.press("ctrl+u")
        terminal.type(ME.recipient.text() + "\r")
        terminal.wait_until("-----END AGE", 20)
        lines = [re.sub(r"^\W*│ +| +│\W*$", "", line).strip() for line in terminal.text()]
        begin, end = lines.index("-----BEGIN AGE ENCRYPTED FILE-----"), lines.index("-----END AGE ENCRYPTED FILE-----")
        plain = age.decrypt(age.dearmor("\n".join(lines[begin : end + 1])), ME).decode()
        assert plain.splitlines()[1].split("-") == blocks
        terminal.press("v", "space", "a")
        terminal.press("x")
        terminal.wait_until("R Reveal", 5)
        raw = terminal.raw
    assert not any(block.encode() in raw for block in blocks)
    assert base64.b64encode("-".join(blocks).encode())[4:-4] not in raw
    told = rows(morning)
    assert [(row["event"], row["channel"]) for row in told] == [
        ("intent", "sealed"),
        ("deliver", "sealed"),
        ("outcome", "sealed"),
    ]
    assert told[1]["note"] == f"recorder: assumed; sealed to {ME.recipient.text()}"
    assert told[2]["shown_ms"] == 0


def ask_again(morning: Desk, terminal: Terminal) -> None:
    """Up to the question, from a queue that shows the ticket already."""
    start_disclosure(terminal, morning.tenant.case("plain")["keys"][0])
    terminal.wait_until("Disclose this key?", 20)


def test_a_hand_off_reads_nothing_and_is_a_row(morning: Desk) -> None:
    before = morning.tenant.hand("state")["keyed_reads"]
    with morning.console() as terminal:
        ask(morning, terminal, "network-unlock")
        terminal.press("h")
        terminal.wait_until("enter goes on")
        terminal.press("escape")
        terminal.wait_until(lambda: "enter goes on" not in terminal.frame())
        terminal.press("h")
        terminal.type("one-time portal, manager vouched\r")
        terminal.wait_until("Handed off", 10)
    assert morning.tenant.hand("state")["keyed_reads"] == before
    told = rows(morning)
    assert [(row["event"], row["channel"], row["ended_by"]) for row in told] == [
        ("intent", "handoff", ""),
        ("deliver", "handoff", ""),
        ("outcome", "handoff", "handed-off"),
    ]
    assert "one-time portal, manager vouched; not read here" in told[1]["note"]


@pytest.mark.attack("A15")
def test_under_script_drawing_is_accepted_or_not_done(morning: Desk, tmp_path: Path) -> None:
    if shutil.which("script") is None:
        pytest.skip("script is not installed")
    typescript = tmp_path / "typescript"
    line = ["script", "-q", "-f", "-c", argv(morning), str(typescript)]
    with Terminal(line, {"RESEAL_STATE": str(morning.state)}) as terminal:
        terminal.wait_until("INC00", 30)
        blocks = ask(morning, terminal)
        terminal.wait_until("counts as recorded (script)")
        assert not any(block.encode() in typescript.read_bytes() for block in blocks)
        terminal.press("y")
        terminal.wait_until("Held by the vault", 30)
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == blocks)
        # The control: that is what a recording keeps.
        assert all(block.encode() in typescript.read_bytes() for block in blocks)
        terminal.press("x")
        terminal.wait_until("Key cleared", 5)
    told = rows(morning)
    assert {row["channel"] for row in told} == {"draw-accepted"}
    assert all("recorder: script" in row["note"] for row in told)


@pytest.mark.attack("A14")
def test_a_pipe_that_starts_after_the_question_is_seen_before_a_digit_is_drawn(morning: Desk, tmp_path: Path) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    env = {"RESEAL_STATE": str(morning.state), "TERM": "xterm-256color"}
    piped = tmp_path / "piped"
    try:
        with Terminal([*tmux, "new-session", f"exec {argv(morning)}"], env) as terminal:
            terminal.wait_until("INC00", 30)
            blocks = ask(morning, terminal)
            assert "counts as recorded" not in terminal.frame()
            terminal.press("y")
            terminal.wait_until("Held by the vault", 30)
            subprocess.run([*tmux, "pipe-pane", f"cat > {piped}"], check=True, timeout=10)
            terminal.press("v")
            terminal.wait_until("drawing was not accepted", 10)
            terminal.press("a")
            terminal.press("x")
            terminal.wait_until("Key cleared", 5)
            assert not any(block.encode() in terminal.raw for block in blocks)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True, timeout=10)
    told = rows(morning)
    # The second refusal and the end are two tasks: which is written first is nobody's promise.
    assert [row["event"] for row in told[:2]] == ["intent", "deny"]
    assert sorted(row["event"] for row in told[2:]) == ["deny", "outcome"]
    assert "tmux pipe-pane" in told[1]["note"]
    assert told[-1]["shown_ms"] == 0
