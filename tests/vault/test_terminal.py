"""The tests' own terminal, driven with a Textual program: screen, keys, size, alternate screen, end."""

import os
import sys

import pytest

from tests.support.terminal import Terminal

APP = """
from textual.app import App
from textual.widgets import Static

class Echo(App):
    BINDINGS = [("ctrl+x", "leave", "")]
    def compose(self):
        yield Static("nothing", id="said")
    def say(self, text):
        self.query_one("#said", Static).update(text)
    def on_key(self, event):
        self.say(f"key {event.key}")
    def on_resize(self, event):
        self.say(f"size {event.size.width}x{event.size.height}")
    def on_app_blur(self):
        self.say("blurred")
    def action_leave(self):
        self.exit(return_code=3)

print("before")
app = Echo()
app.run()
print("after")
raise SystemExit(app.return_code)
"""


def test_a_program_on_the_terminal() -> None:
    with Terminal([sys.executable, "-c", APP], columns=60, rows=10) as terminal:
        terminal.wait_until("size 60x10")
        for key in ("enter", "ctrl+z", "r", "shift+tab", "pagedown", "f5"):
            terminal.press(key)
            terminal.wait_until(f"key {key} ")
        terminal.press("blur")
        terminal.wait_until("blurred")
        terminal.resize(70, 12)
        terminal.wait_until("size 70x12")
        assert len(terminal.text()) == 12
        assert "before" not in terminal.frame()
        terminal.press("ctrl+x")
        terminal.wait_until(lambda: not terminal.alive)
        terminal.wait_until("after")
        assert terminal.frame() == "before\nafter"
        assert terminal.exit_code == 3
        assert b"\x1b[?1049h" in terminal.raw


def test_what_does_not_come_is_told_with_the_screen() -> None:
    with (
        Terminal(["/bin/sh", "-c", "echo here; exec cat"]) as terminal,
        pytest.raises(AssertionError, match=r"(?s)'there' did not come .* the program runs.*here"),
    ):
        terminal.wait_until("here")
        terminal.wait_until("there", 0.05)


def test_closing_kills_what_the_program_started() -> None:
    with Terminal(["/bin/sh", "-c", "sleep 60 & echo pid $!.; wait"]) as terminal:
        terminal.wait_until(".")
    with pytest.raises(ProcessLookupError):
        os.kill(terminal.pid, 0)
