"""The dossier on a terminal: the pane, the runbook, the wire log and the rights, at both sizes that screens have."""

from pathlib import Path

import pytest

from tests.terminal.desk import desk


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_from_the_pane_to_runbook_wire_log_and_rights(tmp_path: Path, columns: int, rows: int) -> None:
    with desk(tmp_path) as here, here.console(columns, rows) as terminal:
        terminal.wait_until("mine", 30)
        case = here.tenant.case("re-imaged")
        terminal.press("/")
        terminal.wait_until("filter: words")
        terminal.type(case["ticket"])
        terminal.press("enter")
        others = [one["device_name"] for one in here.tenant.hand("cases").values() if one["ticket"] != case["ticket"]]
        terminal.wait_until(lambda: not any(name in terminal.frame() for name in others))
        terminal.press("enter")
        terminal.wait_until("another device object", 30)
        terminal.press("b")
        terminal.wait_until("Rule out WinRE" if rows > 30 else "Identify by the recovery", 10)
        terminal.wait_until("Runbook")
        terminal.press("escape")
        terminal.wait_until(lambda: "Runbook" not in terminal.frame())
        terminal.press("5")
        terminal.wait_until("Wire log")
        terminal.wait_until("directory")
        assert "select=key" not in terminal.frame()
        terminal.press("p")
        terminal.wait_until("held")
        terminal.press("6")
        terminal.wait_until("What may I do?")
        terminal.wait_until("You may read recovery keys in the whole tenant.", 20)
        terminal.press("1")
        terminal.wait_until("servicenow")
