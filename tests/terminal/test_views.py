"""Columns chosen, sized and sorted, and views that are saved, opened after a restart, and dropped."""

from pathlib import Path

from tests.support.terminal import Terminal
from tests.terminal.desk import desk


def heads(terminal: Terminal) -> dict[str, int]:
    """Where each column begins, by its name."""
    line = next(text for text in terminal.text() if text.startswith(" age") or " ticket " in text)
    return {name: line.index(name) for name in ("ticket", "device", "cause", "state") if name in line}


def width(terminal: Terminal) -> int:
    """Of the column of devices."""
    places = heads(terminal)
    return places["cause"] - places["device"] - 1


def test_a_view_from_its_columns_to_its_end(tmp_path: Path) -> None:
    with desk(tmp_path, size=20) as here:
        with here.console(100, 30) as terminal:
            before = heads(terminal)
            assert width(terminal) != 21
            terminal.press("V")
            terminal.wait_until("no view is saved yet")
            terminal.press("down", "down", "down", *["right"] * 6)
            terminal.wait_until("device     21")
            terminal.press("end", "space", "tab", "tab")
            terminal.type("wide\r")
            terminal.wait_until(lambda: "space shows" not in terminal.frame() and width(terminal) == 21)
            after = heads(terminal)
            causes = {text.find("unknown") for text in terminal.text() if " INC" in text and "unknown" in text}
            assert causes == {after["cause"]}
        with here.console(100, 30) as terminal:
            assert heads(terminal) == before
            terminal.press("V")
            terminal.wait_until("enter opens, d drops")
            terminal.press("tab", "enter")
            terminal.wait_until(lambda: heads(terminal) == after)
            terminal.press("V")
            terminal.wait_until("enter opens, d drops")
            terminal.press("tab", "d")
            terminal.wait_until(lambda: "wide" not in terminal.frame())
            terminal.press("tab", "enter")
            terminal.wait_until(lambda: "space shows" not in terminal.frame())
            terminal.press("V")
            terminal.wait_until("no view is saved yet")
