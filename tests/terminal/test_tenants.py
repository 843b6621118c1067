"""Two tenants that hold the same keys and tickets, in one console on a real terminal: nothing crosses."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sources.authority import authority_beside, device_code_config
from tests.support.terminal import Terminal
from tests.terminal.desk import blocks_on_screen, select, start_disclosure
from tests.terminal.tenants import IDS, Pair, pair
from tui.store.verification import verify

WRITTEN = ("intent", "draw", "outcome")
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(tmp_path_factory.mktemp("both")) as found:
        yield found


def shows(terminal: Terminal, name: str) -> None:
    """The tenant is in the header, its queue below, and its keys are indexed."""
    terminal.wait_until(lambda: re.search(rf"Reseal {name} .* keys \d+[smh]", terminal.text()[0]), 60)
    terminal.wait_until("INC00")


def go_by_palette(terminal: Terminal, name: str) -> None:
    terminal.press(":")
    terminal.wait_until("Search for actions and incidents")
    terminal.type(f"Tenant: {name}")
    terminal.wait_until(lambda: sum(f"Tenant: {name}" in row for row in terminal.text()) > 1)
    terminal.press("enter")


def background_of(terminal: Terminal, word: str) -> str:
    found = terminal.text()[0].index(word)
    return str(terminal.cell(found, 0).bg)


def test_the_same_key_in_two_tenants_is_disclosed_in_one(both: Pair) -> None:
    contoso, fabrikam = both.tenants["Contoso"], both.tenants["Fabrikam"]
    plain = fabrikam.case("plain")
    key_id, password = plain["keys"][0], both.of("Fabrikam").password(plain["keys"][0])
    found = fabrikam.desk(query=f"number={plain['ticket']}").json()["result"][0]
    fabrikam.desk(f"/{found['sys_id']}", method="PATCH", body={"short_description": "BitLocker, said in Fabrikam"})
    with both.console(120, 40) as terminal:
        shows(terminal, "Contoso")
        here = background_of(terminal, "Contoso")
        select(terminal, plain["ticket"])
        terminal.wait_until(f"Ticket {plain['ticket']}")
        assert "said in Fabrikam" not in terminal.frame()
        terminal.press("enter")
        terminal.wait_until("One key fits", 20)
        go_by_palette(terminal, "Fabrikam")
        shows(terminal, "Fabrikam")
        assert background_of(terminal, "Fabrikam") != here
        select(terminal, plain["ticket"])
        terminal.wait_until("said in Fabrikam")
        terminal.press("enter")
        terminal.wait_until("One key fits", 20)
        start_disclosure(terminal, key_id[:8])
        terminal.wait_until("Disclose this key?", 20)
        assert re.search(r"│ +Fabrikam +│", terminal.frame())
        terminal.press("y")
        terminal.wait_until("Held by the vault", 30)
        terminal.press("v")
        terminal.wait_until(lambda: blocks_on_screen(terminal) == password.split("-"))
        terminal.press("ctrl+t")
        terminal.wait_until(lambda: "clears itself in 5" in terminal.frame())
        assert blocks_on_screen(terminal) == password.split("-")
        terminal.wait_until("Fabrikam  DEMO-LT")
        terminal.press("x")
        terminal.wait_until("Key cleared", 10)
        assert (contoso.hand("state")["keyed_reads"], fabrikam.hand("state")["keyed_reads"]) == ({}, {key_id: 1})
        terminal.wait_until(lambda: "Rotate" in terminal.frame())
        choose(terminal, "up")
        shows(terminal, "Contoso")
        assert "said in Fabrikam" not in terminal.frame()
    rows = both.of("Contoso").audit()
    told = [(row["entry"]["event"], row["tenant"]) for row in rows if row["entry"]["event"] in WRITTEN]
    assert told == [(event, IDS["Fabrikam"]) for event in WRITTEN]
    assert {row["tenant"] for row in rows if row["entry"]["event"] == "view"} == set(IDS.values())
    assert verify(both.state).ok
    assert [debt["key_id"] for debt in both.verb("rotate", plain["ticket"], "--tenant", "Fabrikam")["debts"]] == [
        key_id
    ]
    assert both.verb("rotate", plain["ticket"], "--tenant", "Contoso", code=1)["debts"] == []


@pytest.mark.long
def test_a_headless_verb_wants_a_tenant_and_says_which_there_are(both: Pair) -> None:
    said = both.of("Contoso").run("queue", "--json", code=2).stderr
    assert "2 tenants" in said
    assert "'Contoso', 'Fabrikam'" in said
    assert both.verb("--tenant", "Fabrikam", "queue")["incidents"]
    assert both.verb("queue", "--tenant", IDS["Fabrikam"])["incidents"]


@pytest.mark.long
def test_the_cache_of_one_tenant_answers_nothing_in_the_other(both: Pair, tmp_path: Path) -> None:
    """What Contoso's index holds is looked up in Fabrikam, whose own index cannot be had."""
    fresh = replace(both, state=tmp_path / "state")
    plain = both.tenants["Contoso"].case("network-unlock")
    prefix = plain["keys"][0][:8]
    assert fresh.verb("lookup", prefix, "--tenant", "Contoso")["verdict"] == "one-match"
    fabrikam = both.tenants["Fabrikam"]
    fabrikam.fault("500", "/v1.0/informationProtection/bitlocker/recoveryKeys", count=1)
    found = fresh.verb("lookup", prefix, "--tenant", "Fabrikam", code=None)
    assert (found["verdict"], found["matches"]) == ("facts-too-old", [])
    assert fresh.verb("lookup", prefix, "--tenant", "Fabrikam")["verdict"] == "one-match"


def choose(terminal: Terminal, *keys: str) -> None:
    """Go to another tenant in the list of them."""
    terminal.press("ctrl+t")
    terminal.wait_until("Tenant  enter goes there")
    terminal.press(*keys, "enter")


@pytest.mark.long
def test_what_is_open_over_the_queue_keeps_the_tenant(both: Pair) -> None:
    with both.console() as terminal:
        shows(terminal, "Contoso")
        terminal.press("2")
        terminal.wait_until("Mass incidents Contoso")
        terminal.press("enter")
        terminal.wait_until("Contoso  Group")
        choose(terminal, "down")
        terminal.wait_until("Contoso is still shown")
        terminal.wait_until("Something is open over the queue")
        terminal.press("escape")
        terminal.wait_until(lambda: "still shown" not in terminal.frame())
        terminal.press("escape")
        terminal.wait_until("Mass incidents Contoso")
        choose(terminal, "down")
        shows(terminal, "Fabrikam")
        terminal.press("2")
        terminal.wait_until("Mass incidents Fabrikam")


@pytest.mark.long
def test_each_tenant_signs_in_by_itself(both: Pair, tmp_path: Path) -> None:
    with authority_beside(tmp_path) as service:
        service.forever_pending, service.tenant_id = True, IDS["Fabrikam"]
        service.access = both.tenants["Fabrikam"].tokens["engineer"]
        contoso, fabrikam = both.config.read_text(encoding="utf-8").split("[[tenant]]")[1:]
        config = tmp_path / "config.toml"
        config.write_text(f"[[tenant]]{contoso}[[tenant]]{device_code_config(fabrikam, service)}", encoding="utf-8")
        own = replace(both, config=config, state=tmp_path / "state")
        with own.console() as terminal:
            shows(terminal, "Contoso")
            assert service.codes == 0
            choose(terminal, "down")
            terminal.wait_until("Fabrikam: Sign in", 30)
            terminal.wait_until("ABCD-1234")
            terminal.press("escape")
            terminal.wait_until("Fabrikam: The sign-in was cancelled")
            terminal.press("escape")
            terminal.wait_until("signed out (I)")
            choose(terminal, "up")
            shows(terminal, "Contoso")
            assert "signed out" not in terminal.text()[0]
            choose(terminal, "down")
            terminal.wait_until("signed out (I)")
            terminal.press("I")
            terminal.wait_until("ABCD-1235", 30)
            service.forever_pending = False
            shows(terminal, "Fabrikam")
            assert service.codes == 2
