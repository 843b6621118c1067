"""A recovery password that somebody has pasted into a ticket: it is said, and neither shown nor kept."""

import json
from pathlib import Path

from tests.terminal.desk import Desk, desk
from tests.vault.keys import invented_password

PASTED = invented_password(71)
SAID = "A colleague left a word for us"


def with_export(here: Desk, folder: Path) -> Desk:
    """The same desk with one more ticket, which holds the password in its title and in its text."""
    folder.mkdir()
    row = {"key": "P-1", "title": f"key {PASTED}", "body": f"{SAID}: {PASTED} and thanks", "priority": "1"}
    (folder / "tonight.jsonl").write_text(json.dumps(row), encoding="utf-8")
    source = f'\n[[tickets]]\nprofile = "file"\npath = "{folder}"\npoll_seconds = 0.5\n'
    here.config.write_text(here.config.read_text(encoding="utf-8") + source, encoding="utf-8")
    return here


def test_it_is_said_and_neither_shown_nor_kept(tmp_path: Path) -> None:
    with desk(tmp_path, size=5) as running:
        here = with_export(running, tmp_path / "exports")
        with here.console(120, 40) as terminal:
            terminal.wait_until(" mine", 30)
            terminal.wait_until("P-1", 20)
            terminal.type("/colleague\r")
            terminal.wait_until("Ticket P-1", 20)
            terminal.wait_until("A recovery password stands in this ticket")
            terminal.wait_until(SAID)
            assert PASTED[:13].encode() not in terminal.raw
        blocks = [block.encode() for block in PASTED.split("-")]
        kept = b"".join(path.read_bytes() for path in here.state.rglob("*") if path.is_file())
        assert SAID.encode() in kept
        assert sum(block in kept for block in blocks) < 2
