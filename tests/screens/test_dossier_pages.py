"""What the dossier's screens say: rights, wire log, runbook, and the index in the status line."""

from datetime import timedelta
from typing import Any

import pytest
from textual.content import Content

from screens.render import dossier_content, index_words
from screens.rights import rights_content
from screens.runbook import step_content, step_line, summary
from screens.wire_log import standing_line, wire_content
from tests.services.cloud import DEVICE, KEY, NOW, OTHER, Cloud, entra, key, managed
from tests.services.samples import SetClock, incident
from tests.support.values import replace
from tui.doctor import rights_checks
from tui.model.dossier import Query
from tui.model.ids import parse_key_term
from tui.model.rights import Allowed, Capability, Probe, Rights, RoleGrant
from tui.model.wire import Call, Workload
from tui.services.dossier import DossierJoin
from tui.services.indexing import IndexProgress
from tui.services.runbook import Situation, StepState, runbook
from tui.services.wire_log import WireLog

HOSTILE = "[/bold][@click=app.quit]x[/]"
READER = RoleGrant("Helpdesk Administrator", "/", reads_keys=True)
SCOPED = RoleGrant("Helpdesk Administrator", "/administrativeUnits/7", reads_keys=True)


def rights(**rest: Any) -> Rights:
    fields: dict[str, Any] = {"observed_at": NOW, "upn": "me@demo.example", "active": (READER,), "eligible": ()}
    return Rights(**(fields | rest))


@pytest.mark.parametrize(
    ("known", "first"),
    [
        (rights(), "You may read recovery keys in the whole tenant."),
        (rights(active=(SCOPED,)), "You may read recovery keys in 1 administrative unit(s) only."),
        (rights(active=(), eligible=(READER,)), "You may not read recovery keys now. Activate Helpdesk Administrator"),
        (rights(active=()), "You may not read recovery keys. Ask the directory team."),
        (rights(active=None), "Your roles could not be read"),
    ],
)
def test_the_rights_page_answers_first(known: Rights, first: str) -> None:
    assert rights_content(known, NOW, "the directory team").plain.startswith(first)


def test_the_rights_page_says_what_the_token_says_and_what_was_refused() -> None:
    refused = Probe(Capability.DIRECTORY_AUDIT, Allowed.NO, HOSTILE)
    text = rights_content(rights(scopes=("User.Read",), probes=(refused,), gaps=("roles failed",)), NOW, "").plain
    assert "as the token itself says" in text and "User.Read" in text
    assert "✗ no" in text and HOSTILE in text, "literal, not markup"
    assert "roles failed" in text
    assert "The token does not say" in rights_content(rights(), NOW, "").plain


def test_doctor_says_the_same_and_fails_without_a_reader() -> None:
    checks = {check.name: check for check in rights_checks(rights(active=(), eligible=(READER,)), "the directory team")}
    assert checks["roles"].state == "failed"
    assert "Activate Helpdesk Administrator" in checks["roles"].next
    assert "Helpdesk Administrator" in checks["eligible roles"].said
    no_audit = rights(probes=(Probe(Capability.DIRECTORY_AUDIT, Allowed.NO, "refused"),), intune=())
    named = {check.name: check for check in rights_checks(no_audit, "")}
    assert (named["directory-audit"].state, named["intune role"].state) == ("warning", "warning")
    assert all(check.next for check in named.values() if check.state != "ok")


def test_the_wire_log_shows_ids_status_and_time_and_who_waits() -> None:
    log = WireLog()
    log.note(Call("GET", f"/v1.0/devices/{HOSTILE}", 200, 12.3, "c-1", "r-1", at=NOW))
    log.note(Call("POST", "/v1.0/$batch", 429, 5.0, "c-2", "", Workload.KEYS, True, NOW, 30.0, 20))
    text = wire_content(log.standings(), log.newest(), NOW, 120).plain
    assert "c-1 r-1" in text and "12 ms  GET  " in text and HOSTILE in text
    assert "20 parts background retry after 30 s" in text and "c-2 no answer" in text
    assert "keys waits 30 s" in standing_line(log.standings(), NOW, log.total).plain
    assert "keys waits" not in standing_line(log.standings(), NOW + timedelta(minutes=1), log.total).plain
    assert "Nothing was asked" in wire_content((), (), NOW, 80).plain
    narrow = wire_content(log.standings(), log.newest(), NOW, 80).plain
    assert max(map(len, narrow.splitlines())) <= 78


def test_the_runbook_lists_fifteen_steps_and_shows_scripts_literally() -> None:
    named = replace(incident("1"), ticket=replace(incident("1").ticket, device_name=HOSTILE))
    steps = runbook(Situation(incident=named))
    assert [step_line(step).plain.split()[0] for step in steps] == [str(number) for number in range(1, 16)]
    assert sum(int(part.split()[0]) for part in summary(steps).split(", ")) == 15
    suspend = step_content(steps[4]).plain
    assert f"-ne '{HOSTILE}'" in suspend and "-RebootCount 3" in suspend
    assert {step.state for step in steps} <= set(StepState)


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (IndexProgress(), "keys never"),
        (IndexProgress(running=True, count=12_000), "keys 12,000 ..."),
        (IndexProgress(indexed_at=NOW - timedelta(minutes=3)), "keys 3m"),
        (IndexProgress(running=True, indexed_at=NOW - timedelta(minutes=3)), "keys 3m"),
        (IndexProgress(indexed_at=NOW - timedelta(hours=5), fault="down"), "keys failed, 5h old"),
    ],
)
def test_the_index_is_aged_in_the_status_line(progress: IndexProgress, words: str) -> None:
    assert index_words(progress, NOW).plain == words


async def page(cloud: Cloud, query: Query) -> Content:
    dossier = await DossierJoin(cloud.sources, SetClock(NOW), query, lambda _: None).run()
    return dossier_content(None, dossier, NOW)


async def test_a_persons_devices_are_listed_with_their_last_sign_in_and_none_is_chosen() -> None:
    late = entra(OTHER, "LT-2", last_sign_in=NOW - timedelta(days=40))
    text = (await page(Cloud(devices=[late, entra()], keys=[key()]), Query(user="ada@demo.example"))).plain
    lines = text.splitlines()
    assert lines[0] == "ada@demo.example holds 2 devices. None is selected."
    assert text.index("LT-1") < text.index("LT-2"), "the one in use comes first"
    assert "last sign-in 40d ago" in text and "1 keys" in text


async def test_sources_that_disagree_stand_under_one_name_with_a_sign() -> None:
    cloud = Cloud(devices=[entra()], records=[managed(compliance="noncompliant")], keys=[key()], index=[key()])
    text = (await page(cloud, Query(term=parse_key_term(KEY[:8])))).plain
    at = text.splitlines().index("compliance   entra  compliant 1h")
    assert text.splitlines()[at + 1].startswith("≠            intune noncompliant 2h")
    assert DEVICE not in text.splitlines()[0]
