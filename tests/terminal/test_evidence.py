"""What leaves for auditors, end to end: a key is disclosed, Entra ID has logged it, the rows go into a pack."""

import json
from pathlib import Path

import pytest

from tests.demo.tenant import KEYS
from tests.support.verbs import verb
from tests.terminal.desk import desk, reveal, select

PLAIN = "plain"


@pytest.mark.timeout(180)
def test_a_disclosure_is_reconciled_with_entra_and_packed(tmp_path: Path) -> None:
    with desk(tmp_path, size=20) as place:
        case = place.tenant.case(PLAIN)
        key_id = case["keys"][0]
        with place.console() as terminal:
            select(terminal, case["ticket"])
            reveal(terminal, key_id[:8])
            terminal.press("escape")
            terminal.wait_until(lambda: "Held by the vault" not in terminal.frame())
        place.tenant.hand("advance", "POST", {"seconds": 3600})
        told = json.loads(verb(place.state, "audit", "reconcile", "--json", config=place.config).stdout)
        assert (told["counts"]["matched"], told["exceptions"]) == (1, [])
        place.tenant.ask(f"{KEYS}/{key_id}", select="key")
        place.tenant.hand("advance", "POST", {"seconds": 3600})
        done = verb(place.state, "audit", "reconcile", "--json", config=place.config)
        assert done.return_value == 1
        assert [each["kind"] for each in json.loads(done.stdout)["exceptions"]] == ["outside"]
        pack = tmp_path / "evidence.zip"
        head = verb(place.state, "audit", "export", "--out", str(pack)).stdout.split()[-1]
        assert place.password(key_id).encode() not in pack.read_bytes()
        done = verb(place.state, "audit", "verify", str(pack), "--head", head)
        assert (done.return_value, "proven with this machine" in done.stdout) == (0, True)
        done = verb(tmp_path / "elsewhere", "audit", "verify", str(pack), "--head", "0" * 64, "--json")
        assert (done.return_value, json.loads(done.stdout)["ok"]) == (1, False)
        token = place.tenant.tokens["au-engineer"]
        refused = verb(place.state, "audit", "reconcile", config=place.config, token=token).exception
        assert "AuditLog.Read.All" in str(refused)
