"""Intake on a real terminal: what has to be said, who has to agree, and how few keys it takes."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from screens.widgets.hex_catcher import PAUSE_SECONDS
from tests.terminal.desk import Desk, blocks_on_screen, desk, select, start_disclosure
from tui.approving import enrol_approver
from tui.clock import SystemClock
from tui.services.approval import new_request, request_text

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("intake")) as found:
        yield found


def entries(morning: Desk, event: str, ticket: str) -> list[dict[str, Any]]:
    """A ticket's rows of one event."""
    rows = (row["entry"] for row in morning.audit())
    return [entry for entry in rows if entry["event"] == event and entry["ticket"] == ticket]


def test_from_the_queue_to_a_drawn_key_in_six_key_presses(morning: Desk) -> None:
    case = morning.tenant.case("plain")
    password = morning.password(case["keys"][0]).split("-")
    pressed = []
    with morning.console() as terminal:

        def press(key: str) -> None:
            pressed.append(key)
            terminal.press(key)

        select(terminal, case["ticket"])
        press("R")
        terminal.wait_until("Disclose a key")
        terminal.type(case["keys"][0][:8])
        press("enter")
        terminal.type("locked out")
        press("enter")
        press("1")
        terminal.wait_until("Disclose this key?", 20)
        press("y")
        terminal.wait_until("Held by the vault", 30)
        press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == password)
        assert len(pressed) <= 6, pressed
        terminal.press("x")
        terminal.wait_until("Key cleared", 10)
    (intent,) = entries(morning, "intent", case["ticket"])
    assert intent["proof"]["type"] == "call-back"
    assert intent["reason"].endswith("locked out")
    assert intent["requester"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_form_shows_everything_that_is_asked_for(morning: Desk, size: tuple[int, int]) -> None:
    case = morning.tenant.case("rotation-fails")
    with morning.console(*size) as terminal:
        terminal.press("/")
        terminal.type(case["ticket"])
        terminal.wait_until(lambda: case["ticket"] in terminal.text()[2])
        terminal.press("enter", "R")
        terminal.wait_until("Disclose a key")
        for label in ("key ID", "reason", "requester", "reference", "verified by", "ctrl+g Break glass"):
            terminal.wait_until(label)
        terminal.type(case["keys"][0][:8])
        terminal.wait_until("ctrl+o shows the text to send", 20)
        terminal.press("ctrl+o")
        terminal.wait_until("aka.ms/aadrecoverykey")
        assert "multifactor" in terminal.frame()
        terminal.press("escape")
        before = terminal.frame()
        terminal.press("down")
        terminal.wait_until(lambda: terminal.frame() != before)


@pytest.mark.parametrize(
    ("typed", "reference", "said"),
    [
        ("{upper_o}", "", "Nothing was corrected"),
        ("not an id", "", "not a recovery key ID"),
        ("{id} and 12345678", "", "shows 2 IDs"),
        ("{id}", "born 12.03.1981", "date of birth"),
    ],
)
def test_what_is_doubtful_or_secret_is_not_taken(morning: Desk, typed: str, reference: str, said: str) -> None:
    case = morning.tenant.case("rotation-fails")
    key_id = case["keys"][0]
    text = typed.format(id=key_id, upper_o=key_id[:7] + "O")
    before = morning.tenant.hand("state")["keyed_reads"]
    with morning.console() as terminal:
        select(terminal, case["ticket"])
        terminal.press("R")
        terminal.wait_until("Disclose a key")
        terminal.type(text)
        terminal.press("enter")
        terminal.type("locked out")
        terminal.press("tab", "tab")
        terminal.type(reference)
        terminal.press("enter", "1")
        terminal.wait_until(said, 20)
        assert "Disclose this key?" not in terminal.frame()
    assert morning.tenant.hand("state")["keyed_reads"] == before


def test_a_ticket_that_was_closed_meanwhile_carries_nothing(morning: Desk) -> None:
    case = morning.tenant.case("same-display-name")
    with morning.console() as terminal:
        select(terminal, case["ticket"])
        terminal.press("R")
        terminal.wait_until("Disclose a key")
        terminal.type(case["keys"][0][:8])
        terminal.press("enter")
        terminal.type("locked out")
        morning.tenant.desk(f"/{case['sys_id']}", method="PATCH", body={"state": "7", "close_notes": "done"})
        terminal.press("enter", "1")
        terminal.wait_until("is closed", 20)
        assert "Disclose this key?" not in terminal.frame()


def test_a_vip_needs_a_second_person_or_a_broken_glass(morning: Desk) -> None:
    case = morning.tenant.case("vip")
    with morning.console() as terminal:
        select(terminal, case["ticket"])
        start_disclosure(terminal, case["keys"][0])
        terminal.wait_until("A second person is needed", 20)
        terminal.wait_until("=== END RESEAL REQUEST ===")
        terminal.type("no answer")
        terminal.press("ctrl+j")
        terminal.wait_until("This is no answer")
        terminal.press("ctrl+g")
        terminal.wait_until("Break the glass")
        terminal.type("hurry")
        terminal.press("enter")
        terminal.type("break glass")
        terminal.press("enter")
        terminal.wait_until("fewer than two words")
        assert entries(morning, "break-glass", case["ticket"]) == []
        terminal.press("shift+tab")
        terminal.type(" theatre down")
        terminal.press("ctrl+j")
        terminal.wait_until("Disclose this key?", 20)
        terminal.press("y")
        terminal.wait_until("Held by the vault", 30)
        terminal.press("x")
        terminal.wait_until("Key cleared", 10)
        terminal.wait_until("BREAK-GLASS until", 10)
        terminal.press("ctrl+e")
        terminal.wait_until("a colleague answers this")
        terminal.wait_until("=== END RESEAL REQUEST ===")
        terminal.press("escape")
    assert "theatre down; review due by" in morning.run("handover").stdout
    (glass,) = entries(morning, "break-glass", case["ticket"])
    assert "theatre down" in glass["reason"]
    (intent,) = entries(morning, "intent", case["ticket"])
    assert glass["flow"] in intent["note"]


def _is_past(moment: float) -> bool:
    return time.monotonic() > moment


def test_an_id_typed_or_pasted_on_any_screen_starts_a_look_up(morning: Desk) -> None:
    key_id = morning.tenant.case("plain")["keys"][0]
    with morning.console() as terminal:
        terminal.wait_until(lambda: "keys never" not in terminal.frame(), 30)
        for screen in ("", "3", "4"):
            terminal.press(*screen)
            terminal.wait_until({"": "R Reveal", "3": "Audit", "4": "Handover"}[screen])
            terminal.wait_until(partial(_is_past, time.monotonic() + 4 * PAUSE_SECONDS))
            terminal.type(key_id[:8])
            terminal.wait_until("Look up")
            terminal.wait_until("One key fits", 20)
            assert key_id[:8] in terminal.frame()
            terminal.press("escape")
            terminal.wait_until(lambda: "Cancel" not in terminal.frame())
        terminal.type(f"\x1b[200~Recovery key ID: {key_id.upper()}\r\n\x1b[201~")
        terminal.wait_until("One key fits", 20)


def test_a_single_c_still_claims(morning: Desk) -> None:
    case = morning.tenant.case("renamed-device")
    with morning.console() as terminal:
        terminal.wait_until("0 mine", 20)
        select(terminal, case["ticket"])
        terminal.press("c")
        terminal.wait_until("1 mine", 10)


def test_an_eligible_role_is_activated_for_the_ticket_out_of_the_intake(tmp_path: Path) -> None:
    with desk(tmp_path) as morning:
        case = morning.tenant.case("plain")
        with morning.console(RESEAL_GRAPH_TOKEN=morning.tenant.tokens["no-role"]) as terminal:
            select(terminal, case["ticket"])
            terminal.press("R")
            terminal.wait_until("Disclose a key")
            terminal.press("ctrl+r")
            terminal.wait_until("eligible: Cloud Device Administrator", 20)
            terminal.press("enter")
            terminal.wait_until("Administrator is active", 20)
            terminal.press("ctrl+r")
            terminal.wait_until(f"activated for {case['ticket']}", 20)
        rows = entries(morning, "config", case["ticket"])
        assert [row["role"] for row in rows] == ["Cloud Device Administrator"] * 2


def test_a_colleague_answers_a_request_with_a_key_of_their_own(tmp_path: Path) -> None:
    with desk(tmp_path) as morning:
        passphrase = "a long passphrase"
        enrol_approver(morning.state, "second@demo.example", passphrase)
        request = new_request(
            SystemClock().now(),
            tenant="t",
            key_id="0a1b2c3d-0000-4000-8000-000000000001",
            device="DEMO-1",
            ticket="INC1",
            requester="first@demo.example",
            caller="ada",
            triggers=("vip",),
            reason="locked out",
        )
        with morning.console() as terminal:
            terminal.press("ctrl+a")
            terminal.wait_until("A second person's word")
            terminal.type(f"\x1b[200~{request_text(request)}\x1b[201~")
            terminal.wait_until("=== END RESEAL REQUEST ===")
            terminal.press("ctrl+j")
            terminal.wait_until("a VIP's device")
            terminal.wait_until("0A1B2C3D-0000-4000-8000-000000000001")
            terminal.press("enter")
            terminal.type("wrong")
            terminal.press("ctrl+y")
            terminal.wait_until("did not open")
            terminal.type(passphrase)
            assert passphrase not in terminal.frame()
            terminal.press("ctrl+y")
            terminal.wait_until("=== END RESEAL ANSWER ===", 10)
        (row,) = entries(morning, "approve", "INC1")
        assert (row["operator"]["upn"], row["flow"]) == ("second@demo.example", request.nonce)
