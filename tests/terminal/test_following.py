"""A filtered queue in a surge: new tickets come in above, and the row under the hand stays where it is."""

import json
import time
from pathlib import Path

from screens.queue_listing import LISTING_PAUSE_SECONDS
from tests.support.terminal import Terminal
from tests.terminal.desk import RESEAL, desk


def export(folder: Path, older: int, newer: int) -> None:
    """Tickets that say `surge`; the newer ones are more urgent, and so stand above."""
    rows = [{"key": f"S-{n:03}", "title": "surge", "priority": "3"} for n in range(older)]
    rows += [{"key": f"U-{n:03}", "title": "surge", "priority": "1"} for n in range(newer)]
    folder.mkdir(exist_ok=True)
    # Whole or not at all: the console may read it at any time.
    (folder / "next").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "next").rename(folder / "tonight.jsonl")


def line_of(terminal: Terminal, key: str) -> int | None:
    """On which line of the screen a ticket's row stands."""
    return next((place for place, text in enumerate(terminal.text()) if f" {key} " in text[:30]), None)


def test_the_row_under_the_hand_stays_while_a_filtered_queue_grows(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    export(exports, 80, 0)
    with desk(tmp_path, size=5) as here:
        graph = here.config.read_text(encoding="utf-8").partition("[[tickets]]")[0]
        source = f'[[tickets]]\nprofile = "file"\npath = "{exports}"\npoll_seconds = 0.3\n'
        here.config.write_text(graph + source, encoding="utf-8")
        argv = [*RESEAL, "--config", str(here.config)]
        with Terminal(argv, {"RESEAL_STATE": str(here.state)}, columns=120, rows=30) as terminal:
            terminal.wait_until(" mine", 30)
            terminal.wait_until("80 open", 20)
            terminal.type("/surge\r")
            terminal.press("G", *["up"] * 5)
            terminal.wait_until("Ticket S-074")
            before = line_of(terminal, "S-074")
            assert before is not None
            for count in (3, 6, 9):
                export(exports, 80, count)
                terminal.wait_until(f"{80 + count} open", 20)
            # The list follows within a second; for longer than that nothing moves.
            until = time.monotonic() + 2 * LISTING_PAUSE_SECONDS
            while time.monotonic() < until:
                assert line_of(terminal, "S-074") == before
            terminal.press("g")
            terminal.wait_until(lambda: line_of(terminal, "U-008") is not None)
