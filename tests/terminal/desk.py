"""The console on a real terminal, on a demo tenant of the test's own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.tenant import Running, running
from tests.support.terminal import Terminal
from tui.demo.ids import recovery_password

SEED = 7
RULES = """
[reveal]
clear_after_seconds = {clear_after}
max_per_hour = 1000
[policy]
max_per_minute = 1000
max_per_ten_minutes = 1000
max_per_day = 1000
"""
"""Tests disclose faster than hands do."""
RESEAL = (sys.executable, "-m", "tui")


@dataclass(frozen=True, slots=True)
class Desk:
    """A tenant, a config for it, and a state directory."""

    tenant: Running
    config: Path
    state: Path

    @contextmanager
    def console(self, columns: int = 80, rows: int = 24, **env: str) -> Iterator[Terminal]:
        """The console, once it shows the queue."""
        argv = [*RESEAL, "--config", str(self.config)]
        with Terminal(argv, {"RESEAL_STATE": str(self.state), **env}, columns=columns, rows=rows) as terminal:
            terminal.wait_until("open", 30)
            terminal.wait_until("INC00", 30)
            yield terminal

    def run(self, *arguments: str, token: str | None = None, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """A headless verb; `code` is the exit code that is expected."""
        env = {**os.environ, "RESEAL_STATE": str(self.state)}
        env.pop("RESEAL_GRAPH_TOKEN", None)
        if token is not None:
            env["RESEAL_GRAPH_TOKEN"] = token
        done = subprocess.run(
            [*RESEAL, "--config", str(self.config), *arguments], env=env, capture_output=True, text=True, timeout=60
        )
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def audit(self) -> list[dict[str, Any]]:
        """The audit's rows, oldest first."""
        rows: list[dict[str, Any]] = json.loads(self.run("audit", "list", "--json").stdout)["rows"]
        return rows[::-1]

    def password(self, key_id: str) -> str:
        """What the vault is going to draw; the tenant makes it from its seed."""
        return recovery_password(SEED, key_id)


@contextmanager
def desk(directory: Path, *, clear_after: int = 60, size: int = 60) -> Iterator[Desk]:
    """A tenant whose tickets have all come, with a config that clears after so many seconds."""
    with running("--seed", str(SEED), "--size", str(size), "--speed", "0.0001") as tenant:
        tenant.hand("advance", "POST", {"seconds": 2000})
        config = directory / "config.toml"
        text = tenant.config.read_text(encoding="utf-8")
        config.write_text(text + RULES.format(clear_after=clear_after), encoding="utf-8")
        yield Desk(tenant, config, directory / "state")


def tickets_of(terminal: Terminal) -> list[str]:
    """The ticket numbers of the queue's rows, from the top."""
    found = (re.match(r"[ +↑!]+\d+[mhd] +(?:\d★? +)?(INC\d+)", line) for line in terminal.text())
    return [match.group(1) for match in found if match]


def select(terminal: Terminal, ticket: str) -> None:
    """Filter the queue down to one ticket."""
    terminal.press("/")
    terminal.wait_until("filter: words")
    terminal.type(ticket)
    terminal.wait_until(lambda: tickets_of(terminal) == [ticket])
    terminal.press("enter")
    terminal.wait_until(lambda: re.search(r"R Reveal", terminal.frame()))


def start_disclosure(terminal: Terminal, typed: str, reason: str = "locked out") -> None:
    """From the queue to the question that names everything."""
    terminal.press("R")
    terminal.wait_until("Disclose a key")
    terminal.type(typed)
    terminal.press("enter")
    terminal.type(reason)
    terminal.press("enter", "1")


def reveal(terminal: Terminal, typed: str) -> None:
    """From the queue to a key held by the vault, masked."""
    start_disclosure(terminal, typed)
    terminal.wait_until("Disclose this key?", 20)
    terminal.press("y")
    terminal.wait_until("Held by the vault", 30)


def blocks_on_screen(terminal: Terminal) -> list[str]:
    """The eight blocks as they stand on the screen, or what is there of them."""
    return re.findall(r"(?<!\d)[1-8] (\d{6}|•{6})(?!\d)", "\n".join(terminal.text()))
