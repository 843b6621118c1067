"""A13, A18 to A21: what others wrote stays words, on the terminal and in exports."""

import csv
import io
import json
import os
import re
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.security.hostile import hostile
from tests.security.watching import ROOT
from tests.services.test_group_actions import waiting
from tests.services.test_matching import KEY, chosen, evidence
from tests.support.terminal import Terminal
from tui.model.device import User
from tui.services.group_export import device_list
from tui.services.matching import Refused
from tui.text import clean_line, with_script_marker

pytestmark = pytest.mark.timeout(300)
CONFIG = """
[tenant]
name = "Hostile"
tenant_id = "t"
[graph]
endpoint = "http://127.0.0.1:9"
[sign_in]
method = "token-env"
token_file = "token"
[[tickets]]
profile = "file"
path = "inbox"
"""
FORMULAS = ("=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")
_CSI = re.compile(r"\x1b\[([<=>?]?)[0-9;:]*([ -/]*)([@-~])")
_OWN_CSI = {
    *"ABCDGHJKLMPXdhlmrnu",
    "?h", "?l", "?u", ">u", "<u", "=u", "$p", "?$p", ">m", "?m", ">q", "c", ">c", "s", " q",
}  # fmt: skip
"""Private prefix, intermediates and final byte of what Textual and the painter send."""
_OWN_ESCAPES = re.compile(r"\x1b[78=>]|\x1b\]22;default\x07")
_OBEYED = re.compile(
    "[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


@contextmanager
def console(folder: Path, texts: Sequence[str], **env: str) -> Iterator[Terminal]:
    """A console whose every ticket is made of hostile texts, field by field."""
    inbox = folder / "inbox"
    inbox.mkdir()
    tickets = [
        {"number": f"INC{n:06}", "short_description": text, "description": text, "caller": text, "device": text,
         "state": "New", "priority": "3", "assigned_to": text, "opened": "2026-04-15 07:00:00"}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    file = inbox / "tickets.json"
    file.write_text(json.dumps(tickets), encoding="utf-8")
    os.utime(file, (time.time() - 60, time.time() - 60))
    (folder / "token").write_text("x")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    argv = [sys.executable, "-m", "tui", "--config", str(folder / "config.toml")]
    with Terminal(argv, {"RESEAL_STATE": str(folder / "state"), **env}, columns=120, rows=40, cwd=ROOT) as terminal:
        terminal.wait_until("INC0000", 20)
        terminal.wait_until("refused the connection", 30)
        terminal.press("escape")
        terminal.wait_until(lambda: "refused the connection" not in terminal.frame() and "R Reveal" in terminal.frame())
        yield terminal


def foreign(raw: bytes) -> set[str]:
    """What was written to the terminal beside text and the console's own sequences."""
    # The last sequence may still be on its way.
    text = re.sub(r"\x1b(\[[<=>?]?[0-9;:]*)?\Z", "", raw.decode("utf-8", "replace"))
    found = {"".join(each) for each in _CSI.findall(text)} - _OWN_CSI
    rest = _OWN_ESCAPES.sub("", _CSI.sub("", text))
    found |= {repr(rest[at.start() : at.start() + 12]) for at in re.finditer("\x1b", rest)}
    return found | {repr(each) for each in _OBEYED.findall(rest.replace("\x1b", ""))}


def walk(terminal: Terminal, count: int) -> None:
    """Every ticket's row and pane is painted once, and the screens and forms that quote a ticket."""
    seen: set[str] = set()
    last = f"INC{count - 1:06}"
    for _ in range(count + 5):
        frame = terminal.frame()
        number = re.search(r"Ticket (INC\d+)", frame)
        seen |= {number.group(1)} if number else set()
        if last in seen or not terminal.alive:
            break
        terminal.press("down")
        terminal.wait_until(lambda frame=frame: terminal.frame() != frame or not terminal.alive, 5)  # type: ignore[misc]
    for opening, there in (("R", "Disclose a key"), ("n", "Work note"), ("X", "Close INC"), (":", "Search")):
        terminal.press(opening)
        terminal.wait_until(there)
        terminal.press("escape")
        terminal.wait_until(lambda there=there: there not in terminal.frame() and "R Reveal" in terminal.frame())  # type: ignore[misc]


def show_hostile(folder: Path, count: int) -> None:
    texts = [*hostile(18, count - 1), "[/b] [@click=app.quit]leave[/] [0] [bold"]
    with console(folder, texts) as terminal:
        walk(terminal, count)
        assert terminal.alive
        assert foreign(terminal.raw) == set()
        terminal.press("/")
        terminal.type(f"INC{count - 1:06}")
        terminal.press("enter")
        terminal.wait_until("[@click=app.quit]leave[/] [0] [bold")


@pytest.mark.attack("A18", "A19")
def test_hostile_tickets_are_words_and_nothing_else(tmp_path: Path) -> None:
    show_hostile(tmp_path, 15)


@pytest.mark.attack("A18", "A19")
@pytest.mark.long
@pytest.mark.timeout(3600)
def test_five_thousand_hostile_tickets_are_words(tmp_path: Path) -> None:
    show_hostile(tmp_path, 5000)


@pytest.mark.attack("A13")
def test_textuals_own_doors_are_shut(tmp_path: Path) -> None:
    doors = {
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path),
        "TEXTUAL_SCREENSHOT_FILENAME": "shot.svg",
        "TEXTUAL_LOG": str(tmp_path / "textual.log"),
        "TEXTUAL_DEBUG": "1",
        "TEXTUAL": "devtools,debug",
        "TEXTUAL_PRESS": "q",
        "HOME": str(tmp_path),
    }
    with console(tmp_path, ["nothing of note"], **doors) as terminal:
        terminal.press("ctrl+p")
        terminal.wait_until("Search")
        terminal.type("screenshot")
        terminal.wait_until("No matches found")
        terminal.press("escape")
        terminal.wait_until("R Reveal")
        # A mouse drag over the queue, and the key that would copy what it selected.
        terminal.type("\x1b[<0;3;3M\x1b[<32;40;5M\x1b[<0;40;5m")
        terminal.press("ctrl+c")
        terminal.press("?")
        terminal.wait_until("Show every key")
        assert b"\x1b]52" not in terminal.raw
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"inbox", "token", "config.toml", "state"}


@pytest.mark.attack("A20")
def test_a_name_that_looks_like_another_is_marked_and_matches_nothing() -> None:
    honest, alike = "ada@demo.example", "\u0430da@demo.example"
    assert unicodedata.name(alike[0]).startswith("CYRILLIC")
    assert clean_line(f" {honest}\u202e \u200b") == honest
    assert with_script_marker(honest) == honest
    assert with_script_marker("Грета Иванова") == "Грета Иванова"
    assert with_script_marker(alike) == f"{alike} ‼ letters of several scripts"
    # The key's beginning alone is not enough, and a caller who only looks like the owner adds nothing to it.
    owner = User("u1", honest, "Ada Sampleton")
    found = evidence(KEY.id[:8], KEY, named=(), owners=(owner,))
    typed = found.query
    assert chosen(KEY.id[:8], replace(found, query=replace(typed, device_name="", user=honest))).key == KEY
    for caller in (alike, f"{honest}.", honest.replace("o", "\u03bf"), "ada@demo.example@x"):
        picked = chosen(KEY.id[:8], replace(found, query=replace(typed, device_name="", user=caller)))
        assert (picked.key, picked.refused) == (None, Refused.WHOLE_ID_NEEDED)


@pytest.mark.attack("A21")
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_an_export_is_a_formula(formula: str) -> None:
    (_, cells) = csv.reader(io.StringIO(device_list(waiting(f"{formula}LT-1"), "KB5083769"), newline=""))
    assert cells[0].startswith("'")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
