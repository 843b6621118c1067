"""From the queue to a key on the screen and away again: the whole console by keyboard, on a real terminal."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import memory_contains
from tests.terminal.desk import Desk, blocks_on_screen, desk, reveal, select, start_disclosure

MASKED = ["•" * 6] * 8
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("morning")) as found:
        yield found


def test_a_key_is_drawn_and_clears_itself_and_the_audit_tells_it_in_order(tmp_path: Path) -> None:
    with (
        desk(tmp_path, clear_after=4) as morning,
        morning.console(120, 40, TEXTUAL_LOG=str(tmp_path / "log")) as terminal,
    ):
        plain = morning.tenant.case("plain")
        key_id, password = plain["keys"][0], morning.password(plain["keys"][0])
        select(terminal, plain["ticket"])
        terminal.press("enter")
        terminal.wait_until("One key fits", 20)
        reveal(terminal, key_id[:8])
        assert blocks_on_screen(terminal) == MASKED
        assert morning.tenant.hand("state")["keyed_reads"] == {key_id: 1}
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == password.split("-"))
        assert memory_contains(terminal.pid, password) == set()
        terminal.wait_until("the time was up", 15)
        assert password.split("-")[3] not in terminal.frame()
        assert memory_contains(terminal.pid, password) == set()
        terminal.press("q")
        terminal.wait_until("not proven rotated")
        terminal.press("y")
        terminal.wait_until(lambda: not terminal.alive, 15)
        assert terminal.exit_code == 0
        assert not any(block in terminal.frame() for block in password.split("-"))
    rows = morning.audit()
    events = [row["entry"]["event"] for row in rows if row["entry"]["event"] not in ("view", "search")]
    assert events == ["start", "intent", "draw", "outcome", "stop"]
    intent, draw, outcome = (row["entry"] for row in rows if row["entry"]["event"] in ("intent", "draw", "outcome"))
    assert intent["flow"] == draw["flow"] == outcome["flow"]
    assert (intent["key_id"], intent["ticket"], intent["reason"]) == (key_id, plain["ticket"], "firmware: locked out")
    assert (draw["http_status"], outcome["ended_by"]) == (200, "deadline")
    assert 0 < outcome["shown_ms"] <= 5_000
    assert intent["client_request_id"] == draw["client_request_id"]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not _holds(path.read_bytes(), password), path


def _holds(data: bytes, password: str) -> bool:
    forms = (password, password.replace("-", ""), password[:27])
    return any(form.encode(code) in data for form in forms for code in ("utf-8", "utf-16-le", "utf-32-le"))


def test_a_key_press_clears_the_key_and_blocks_are_shown_one_by_one(morning: Desk) -> None:
    with morning.console() as terminal:
        case = morning.tenant.case("network-unlock")
        password = morning.password(case["keys"][0]).split("-")
        select(terminal, case["ticket"])
        reveal(terminal, case["keys"][0])
        terminal.press("space")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == [password[0], *MASKED[1:]])
        terminal.press("space")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == [MASKED[0], password[1], *MASKED[2:]])
        terminal.press("m")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == MASKED)
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == password)
        terminal.press("x")
        terminal.wait_until("Key cleared", 10)
        assert not any(block in terminal.frame() for block in password)


def test_new_tickets_do_not_wipe_what_the_vault_drew(tmp_path: Path) -> None:
    with desk(tmp_path) as morning, morning.console() as terminal:
        case = morning.tenant.case("plain")
        password = morning.password(case["keys"][0]).split("-")
        select(terminal, case["ticket"])
        reveal(terminal, case["keys"][0][:8])
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == password)
        other = morning.tenant.desk(query="active=true", limit="1").json()["result"][0]
        morning.tenant.desk(f"/{other['sys_id']}", method="PATCH", body={"short_description": "changed meanwhile"})
        seen = morning.tenant.hand("state", server="tickets")["requests"]
        terminal.wait_until(lambda: morning.tenant.hand("state", server="tickets")["requests"] != seen)
        terminal.wait_until(lambda: "clears itself in 5" in terminal.frame())
        assert blocks_on_screen(terminal) == password


@pytest.mark.parametrize(
    ("case", "typed", "said"),
    [
        ("cloned-disk", 0, "belongs to"),
        ("same-prefix", 8, "Nothing is selected"),
        ("stale-key", 8, "its current one is"),
        ("ad-only", 8, "hybrid joined"),
        ("never-escrowed", 8, "never backed up"),
    ],
)
def test_what_must_not_be_disclosed_is_not(morning: Desk, case: str, typed: int, said: str) -> None:
    found = morning.tenant.case(case)
    key_id = found["keys"][0] if found["keys"] else "0123456789abcdef0123456789abcdef"
    before = morning.tenant.hand("state")["keyed_reads"]
    with morning.console() as terminal:
        # Until the key metadata is paged in, no prefix that is not found is called absent.
        terminal.wait_until(lambda: re.search(r"keys \d+[smh]", terminal.text()[0]), 30)
        select(terminal, found["ticket"])
        start_disclosure(terminal, key_id[:typed] if typed else key_id)
        terminal.wait_until(said, 20)
        assert "Disclose this key?" not in terminal.frame()
    assert morning.tenant.hand("state")["keyed_reads"] == before


def test_a_hostile_ticket_is_words_and_nothing_else(morning: Desk) -> None:
    with morning.console(120, 40) as terminal:
        found = morning.tenant.case("hostile")
        select(terminal, found["ticket"])
        terminal.press("enter")
        terminal.wait_until("[@click=app.quit]")
        terminal.wait_until("Facts", 20)
        assert b"\x1b]52" not in terminal.raw
        assert b"\x1b]8;" not in terminal.raw
        assert terminal.alive
