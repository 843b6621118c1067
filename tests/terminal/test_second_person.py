"""A VIP's key in the demo: the engineer asks on the console, and somebody else signs in another terminal."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, SEED, blocks_on_screen, start_disclosure, tickets_of
from tui.approving import enrol_approver
from tui.demo.ids import recovery_password

pytestmark = pytest.mark.timeout(180)
ENGINEER = "engineer@demo.example"
_ARMOR = re.compile(r"=== RESEAL REQUEST ===.*=== END RESEAL REQUEST ===", re.S)


@dataclass(frozen=True, slots=True)
class Vip:
    """The ticket of a VIP, as the queue shows it."""

    ticket: str
    prefix: str


@pytest.fixture(scope="module")
def demo() -> Iterator[Terminal]:
    argv = [*RESEAL, "demo", "--seed", str(SEED), "--speed", "60"]
    # A short name: the screen shows it in one line.
    with tempfile.TemporaryDirectory() as place, Terminal(argv, {"TMPDIR": place}, columns=100, rows=40) as terminal:
        terminal.wait_until(lambda: re.search(r"keys \d+[smh]", terminal.text()[0]), 60)
        yield terminal


@pytest.fixture(scope="module")
def vip(demo: Terminal) -> Vip:
    """The starred ticket; the cursor is put on it."""
    return select_vip(demo)


def select_vip(terminal: Terminal) -> Vip:
    """Filter the queue down to the starred ticket."""
    terminal.press("/")
    terminal.wait_until("filter: words")
    terminal.type("INC0010002")
    terminal.wait_until(lambda: tickets_of(terminal) == ["INC0010002"])
    terminal.press("enter")
    terminal.wait_until("R Reveal")
    found = re.search(r"1★ +(INC\d+) .* ([0-9A-F]{8}) ", terminal.frame())
    assert found, terminal.frame()
    return Vip(found.group(1), found.group(2))


def request_on(terminal: Terminal) -> str:
    """The request, out of the box that the screen draws around it."""
    inside = "\n".join(re.sub(r"^[^│]*│ *| *│[^│]*$", "", row) for row in terminal.text())
    found = _ARMOR.search(inside)
    assert found, terminal.frame()
    return "\n".join(line.strip() for line in found.group().splitlines())


def answered(terminal: Terminal, request: str, *options: str) -> str:
    """What the second person's own command says; where they are and their passphrase stand on the screen."""
    said = terminal.frame()
    where = re.search(r"RESEAL_STATE=(\S+) reseal ", said)
    passphrase = re.search(r"\(passphrase: ([^)]+)\)", said)
    assert where, said
    assert passphrase, said
    return approve(Path(where.group(1)), passphrase.group(1), request, *options)


def approve(state: Path, passphrase: str, request: str, *options: str, until: str = "=== END RESEAL ANSWER ===") -> str:
    """`reseal approve` on a terminal of its own, which asks for the passphrase; what it says in the end."""
    file = state.parent / "request"
    file.write_text(request, encoding="utf-8")
    argv = [*RESEAL, "approve", *options, str(file)]
    with Terminal(argv, {"RESEAL_STATE": str(state)}, columns=120, rows=60) as terminal:
        terminal.wait_until("Passphrase of your key", 20)
        terminal.type(passphrase + "\r")
        terminal.wait_until(until, 20)
        assert passphrase not in terminal.frame()
        return terminal.frame()


def give(terminal: Terminal, answer: str) -> None:
    """Paste an answer and send it."""
    terminal.type(f"\x1b[200~{answer}\x1b[201~")
    terminal.wait_until("=== END RESEAL ANSWER ===")
    terminal.press("ctrl+j")


def leave(terminal: Terminal) -> None:
    """Out of the request and of the intake, back to the queue."""
    terminal.press("escape")
    terminal.wait_until(lambda: "RESEAL" not in terminal.frame())
    terminal.press("escape")
    terminal.wait_until("R Reveal")


def test_a_vips_key_is_drawn_when_somebody_else_has_signed_and_only_once(demo: Terminal, vip: Vip) -> None:
    start_disclosure(demo, vip.prefix)
    demo.wait_until("=== END RESEAL REQUEST ===", 20)
    request = request_on(demo)
    answer = answered(demo, request)
    assert "a VIP's device" in answer
    signed = answer[answer.index("=== RESEAL ANSWER ===") :]
    give(demo, signed)
    demo.wait_until(lambda: "Disclose this key?" in demo.frame() and f"{vip.prefix}-" in demo.frame(), 20)
    (key_id,) = re.findall(rf"{vip.prefix}-[0-9A-F-]{{27}}", demo.frame())[:1]
    demo.press("y")
    demo.wait_until("Held by the vault", 30)
    demo.press("v")
    demo.wait_until(lambda: blocks_on_screen(demo) == recovery_password(SEED, key_id.lower()).split("-"))
    demo.press("x")
    demo.wait_until("Key cleared", 10)
    # The same answer once more: a new request waits for another one.
    start_disclosure(demo, vip.prefix)
    demo.wait_until("=== END RESEAL REQUEST ===", 20)
    give(demo, signed)
    demo.wait_until("No request of this console waits for this answer", 10)
    leave(demo)
    start_disclosure(demo, vip.prefix)
    demo.wait_until("=== END RESEAL REQUEST ===", 20)
    refused = answered(demo, request_on(demo), "--deny", "--note", "call me first")
    give(demo, refused[refused.index("=== RESEAL ANSWER ===") :])
    demo.wait_until("call me first said no", 10)
    assert "Disclose this key?" not in demo.frame()
    leave(demo)


def test_nobody_signs_a_request_of_their_own(demo: Terminal, vip: Vip, tmp_path: Path) -> None:
    start_disclosure(demo, vip.prefix)
    demo.wait_until("=== END RESEAL REQUEST ===", 20)
    enrol_approver(tmp_path / "own", ENGINEER, "a long passphrase")
    refusal = "Nobody approves a request of their own"
    said = approve(tmp_path / "own", "a long passphrase", request_on(demo), until=refusal)
    assert "=== RESEAL ANSWER ===" not in said
    leave(demo)


def test_the_verbs_of_a_second_person_are_there(tmp_path: Path) -> None:
    env = {**os.environ, "RESEAL_STATE": str(tmp_path / "state")}
    for verb in ("approve", "approver"):
        done = subprocess.run([sys.executable, "-m", "tui", verb, "--help"], env=env, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
