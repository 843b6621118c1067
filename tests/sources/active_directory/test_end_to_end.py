"""A key of a real domain controller, from the config to the screen: `reseal lookup`, doctor, and a disclosure."""

import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sources.active_directory.conftest import Connected
from tests.sources.active_directory.domain import CLONED, Domain, invented_password
from tests.support.terminal import descendants, memory_contains
from tests.terminal.desk import Desk, blocks_on_screen, desk, reveal, select, start_disclosure
from tui.config import load
from tui.doctor import on_prem_checks
from tui.services.lookup import look_up, lookup_json
from tui.wiring import Console, open_console

pytestmark = pytest.mark.timeout(180)

SETTINGS = """
[active_directory]
url = "ldaps://{address}"
base = "DC=corp,DC=example"
ca_file = "{ca_file}"
user = "{user}@corp.example"
password_env = "TEST_AD_PASSWORD"
"""


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory, domain: Domain) -> Iterator[Desk]:
    """A tenant whose case "ad-only" is a computer of the domain, with the key that its ticket names."""
    with desk(tmp_path_factory.mktemp("hybrid")) as found:
        case = found.tenant.case("ad-only")
        key = {
            "id": case["keys"][0],
            "created": "2026-04-15T09:12:00+02:00",
            "volume": "7e57ab1e-0000-4000-8000-000000000001",
            "password": invented_password(random.Random(7)),
        }
        domain.add({"name": case["device_name"], "keys": [key], "object_guid": case["devices"][0]})
        yield found


def joined(hybrid: Desk, domain: Domain, directory: Path, user: str = "read") -> Desk:
    """The same tenant with a config and a state of the test's own."""
    text = SETTINGS.format(address=domain.address, ca_file=domain.authority.ca_file, user=user)
    config = directory / "config.toml"
    config.write_text(hybrid.config.read_text(encoding="utf-8") + text, encoding="utf-8")
    return Desk(hybrid.tenant, config, directory / "state")


@asynccontextmanager
async def console(found: Desk) -> AsyncIterator[Console]:
    async def nobody(_: object) -> None:
        raise AssertionError("nobody signs in here")

    found.state.mkdir(mode=0o700)
    async with open_console(load(found.config), found.state, on_prompt=nobody, mode="headless") as opened:
        yield opened


def test_the_key_that_only_the_domain_has_is_found(hybrid: Desk, domain: Domain, tmp_path: Path) -> None:
    case = hybrid.tenant.case("ad-only")
    answer = json.loads(joined(hybrid, domain, tmp_path).run("lookup", case["ticket"], "--json").stdout)
    assert answer["verdict"] == "one-match"
    assert answer["sources"]["ad"]["state"] == "ok"
    [match] = answer["matches"]
    assert match["device"]["name"] == case["device_name"]
    assert match["device"]["entra_device_id"] == case["devices"][0]
    [key] = match["keys"]
    assert (key["id"], key["escrow"], key["status"]) == (case["keys"][0], "ad", "current")
    assert "escrow-ad-only" in {finding["code"] for finding in match["findings"]}
    said = {fact["name"]: fact["value"] for fact in match["facts"] if fact["source"] == "ad"}
    assert said["key-password"] == "may be read"
    assert said["unit"] == "OU=Desks,DC=corp,DC=example"


@pytest.mark.parametrize(
    ("user", "words", "state"), [("list", "may not read its password", "denied"), ("none", "sees no recovery key", "")]
)
async def test_what_may_not_be_seen_or_read_is_never_called_absent(
    hybrid: Desk, domain: Domain, tmp_path: Path, user: str, words: str, state: str
) -> None:
    case = hybrid.tenant.case("ad-only")
    async with console(joined(hybrid, domain, tmp_path, user)) as opened:
        kind, dossier = await look_up(opened.desk, case["keys"][0])
        answer = lookup_json(case["keys"][0], kind, dossier)
    assert dossier.key is None
    assert answer["verdict"] == "hidden-by-scope"
    assert words in answer["headline"]
    assert answer["sources"]["ad"]["state"] == "forbidden"
    facts = [fact for match in answer["matches"] for fact in match["facts"] if fact["name"] == "key-password"]
    assert [fact["state"] for fact in facts] == ([state] if state else [])


@pytest.mark.parametrize(
    ("user", "state", "words"),
    [
        ("read", "ok", "may read their passwords"),
        ("list", "failed", "sees recovery keys. "),
        ("none", "failed", "sees no recovery key at all"),
    ],
)
async def test_doctor_tells_the_three_answers_apart(connected: Connected, user: str, state: str, words: str) -> None:
    [check] = [check async for check in on_prem_checks(connected(user))]
    assert check.state == state
    assert words in check.said
    assert bool(check.next) is (state == "failed")


async def test_doctor_asks_the_directory_of_the_config(hybrid: Desk, domain: Domain, tmp_path: Path) -> None:
    found = joined(hybrid, domain, tmp_path)
    told = json.loads(found.run("doctor", "--json", code=None).stdout)
    assert [check["state"] for check in told["checks"] if check["name"] == "active directory"] == ["ok"]


async def test_a_name_shows_the_keys_and_selects_none(hybrid: Desk, domain: Domain, tmp_path: Path) -> None:
    case = hybrid.tenant.case("ad-only")
    async with console(joined(hybrid, domain, tmp_path)) as opened:
        _, named = await look_up(opened.desk, case["device_name"])
        _, elsewhere = await look_up(opened.desk, "LT-TWO")
        _, nowhere = await look_up(opened.desk, "LT-NONE")
    assert (named.verdict, len(named.evidence.on_prem_keys), named.key) == ("ad-only", 1, None)
    # Known to the domain alone.
    assert (elsewhere.verdict, len(elsewhere.evidence.on_prem_keys), elsewhere.key) == ("ad-only", 2, None)
    # The account sees the keys of other computers in the same unit: here, and only here, nothing means none.
    assert (nowhere.verdict, nowhere.evidence.sources["ad"].state) == ("never-escrowed", "not-found")


async def test_one_key_on_two_computers_is_an_alarm(hybrid: Desk, domain: Domain, tmp_path: Path) -> None:
    async with console(joined(hybrid, domain, tmp_path)) as opened:
        _, dossier = await look_up(opened.desk, CLONED)
    assert dossier.verdict == "key-of-another-machine"
    assert "LT-CLONE-A" in dossier.headline
    assert "LT-CLONE-B" in dossier.headline
    assert dossier.key is None


def test_the_key_is_drawn_by_the_vault_alone(hybrid: Desk, domain: Domain, tmp_path: Path) -> None:
    case, found = hybrid.tenant.case("ad-only"), joined(hybrid, domain, tmp_path)
    key_id = case["keys"][0]
    password = domain.passwords[key_id]
    with found.console() as terminal:
        select(terminal, case["ticket"])
        reveal(terminal, key_id)
        assert not memory_contains(terminal.pid, password)
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == password.split("-"))
        held = {each: bool(memory_contains(each, password)) for each in (terminal.pid, *descendants(terminal.pid))}
        vault = [pid for pid in held if b"tui.vault" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        environment = Path(f"/proc/{vault[0]}/environ").read_bytes().split(b"\0")
        assert [pid for pid, holds in held.items() if holds] == vault
        passed = {entry.partition(b"=")[0].decode() for entry in environment if entry}
        assert passed - {"SSL_CERT_FILE", "SSL_CERT_DIR"} == {"PATH", "LANG", "PYTHONPATH", "TEST_AD_PASSWORD"}
        terminal.press("x")
        terminal.wait_until("R Reveal")
        assert not memory_contains(terminal.pid, password)
    rows = [row["entry"] for row in found.audit()]
    flow = [entry for entry in rows if entry["key_id"] == key_id and entry["flow"]]
    assert [entry["event"] for entry in flow] == ["intent", "draw", "outcome"]
    assert {(entry["escrow"], entry["device"]["id"]) for entry in flow} == {("ad", case["devices"][0])}
    assert password not in json.dumps(rows)


@pytest.mark.long
def test_a_key_that_may_not_be_read_is_refused_before_anything_is_fetched(
    hybrid: Desk, domain: Domain, tmp_path: Path
) -> None:
    case, found = hybrid.tenant.case("ad-only"), joined(hybrid, domain, tmp_path, "list")
    with found.console() as terminal:
        select(terminal, case["ticket"])
        start_disclosure(terminal, case["keys"][0])
        terminal.wait_until("not read its password", 20)
        assert "shows your roles" not in terminal.frame()
    assert "intent" not in {row["entry"]["event"] for row in found.audit()}
