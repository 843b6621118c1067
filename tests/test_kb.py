"""`reseal kb`: entries from release health over HTTP and from files, strict, bounded, and marked for what they are."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demo.tenant import Running, running
from tests.support.verbs import verb
from tui.diagnosis.kb import add_builds, kb_of_build
from tui.diagnosis.kb_device import LocalDevice
from tui.diagnosis.kb_entries import LARGEST, SOURCES, Additions, read_additions, write_additions
from tui.diagnosis.kb_issues import Origin, add_issues, known_issues, known_issues_for, shipped_issues
from tui.errors import Problem
from tui.model.cause import Cause, CauseCode
from tui.model.group import GroupKey
from tui.services.known_issues import issues_of
from tui.store.additions import ADDITIONS_FILE, load_additions, save_additions, use_additions

ENTRY = """
[[issue]]
id = "nov-2026-dbx"
title = "Revocation list of November 2026"
started = 2026-11-10
causes = ["secureboot_changed"]
pcr = 7
event = "dbx"
kbs = [{ kb = "KB5099999", branch = "Windows 11 25H2" }]
next = "Enter the key once."
[[issue.source]]
name = "one"
date = 2026-11-11
[[issue.source]]
name = "another"
[[build]]
build = 26200
ubr = 9999
released = 2026-11-10
kb = "KB5099999"
source = "the team"
"""
ONE_SOURCE = ENTRY.replace('[[issue.source]]\nname = "another"\n', "")
DBX = Cause(CauseCode.SECUREBOOT_CHANGED, 7, "dbx")


@pytest.fixture(scope="module")
def tenant() -> Iterator[Running]:
    with running("--seed", "7", "--size", "20", "--speed", "0.0001") as found:
        yield found


@pytest.fixture(autouse=True)
def only_shipped() -> Iterator[None]:
    yield
    add_issues(())
    add_builds(())


def issue_of(found: Additions) -> str:
    return found.issues[0].id


def test_an_entry_of_a_file_decides_like_a_shipped_one(tmp_path: Path) -> None:
    save_additions(private(tmp_path), read_additions(ENTRY.encode(), "x"))
    assert issue_of(load_additions(tmp_path)) == "nov-2026-dbx"
    (match,) = known_issues_for(DBX, "KB5099999", LocalDevice())
    assert (match.issue.origin, match.holds) == (Origin.FILE, True)
    build = kb_of_build(26200, 9999)
    assert build is not None and (build.kb, build.exact) == ("KB5099999", True)
    assert (tmp_path / ADDITIONS_FILE).stat().st_mode & 0o777 == 0o600


def test_with_one_source_it_is_a_working_theory_and_decides_nothing(tmp_path: Path) -> None:
    save_additions(private(tmp_path), read_additions(ONE_SOURCE.encode(), "x"))
    (issue,) = load_additions(tmp_path).issues
    assert issue.origin is Origin.THEORY
    assert len(issue.sources) < SOURCES
    assert known_issues_for(DBX, "KB5099999", LocalDevice()) == ()
    shown = issues_of(GroupKey(CauseCode.SECUREBOOT_CHANGED, 7, "dbx", "KB5099999"))
    assert shown == (issue,)


def test_what_does_not_decide_hides_no_shipped_entry(tmp_path: Path) -> None:
    text = ONE_SOURCE.replace("nov-2026-dbx", shipped_issues()[0].id)
    save_additions(private(tmp_path), read_additions(text.encode(), "x"))
    load_additions(tmp_path)
    assert set(shipped_issues()) < set(known_issues())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[[issue]]", '[[issue]]\nmore = "x"'), "more"),
        (('"KB5099999", branch', '"5099999", branch'), "kb"),
        (('event = "dbx"', 'conditions = ["moon-is-full"]'), "moon-is-full"),
        (("pcr = 7", "pcr = 24"), "24|23"),
        (("started = 2026-11-10", 'started = "yesterday"'), "date"),
        (("[[issue]]", "[[issue]"), "line|Expected"),
        (('title = "', 'title = "' + "x" * 400), "length"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_the_place(change: tuple[str, str], says: str) -> None:
    with pytest.raises(Problem, match=f"(?i){says}"):
        read_additions(ENTRY.replace(*change, 1).encode(), "x")


def test_too_large_a_file_and_two_of_one_id_are_refused() -> None:
    with pytest.raises(Problem, match="larger"):
        read_additions(b"#" * (LARGEST + 1), "x")
    entry = ENTRY.split("[[build]]")[0]
    with pytest.raises(Problem, match="one id"):
        read_additions((entry + entry.replace("nov-2026", "NOV-2026")).encode(), "x")


def test_texts_pass_the_door() -> None:
    found = read_additions(ENTRY.replace("Enter the key once.", "a\\u001b[2Jb\\u202ec").encode(), "x")
    assert found.issues[0].next == "abc"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(data: bytes) -> None:
    try:
        found = read_additions(data, "x")
    except Problem:
        return
    assert read_additions(write_additions(found), "again") == found


def test_a_damaged_file_of_additions_stops_nobody(tmp_path: Path) -> None:
    save_additions(private(tmp_path), read_additions(ENTRY.encode(), "x"))
    (tmp_path / ADDITIONS_FILE).write_bytes(b'{"issue": [{}]}')
    assert "not a file of known issues" in use_additions(tmp_path)
    assert known_issues() == shipped_issues()


def private(path: Path) -> Path:
    path.chmod(0o700)
    return path


def test_release_health_is_asked_kept_and_marked(tenant: Running, tmp_path: Path) -> None:
    state = tmp_path / "state"
    token = tenant.tokens["deployer"]
    told = json.loads(verb(state, "kb", "update", "--json", "5083769", config=tenant.config, token=token).stdout)
    assert told["asked"] == ["KB5083769"]
    (entry,) = told["entries"]
    assert (entry["id"], entry["origin"]) == ("WI9000001", "release-health")
    assert entry["sources"][0]["date"] == "2026-05-13"
    assert {(row["kb"], row["fixed_by"]) for row in entry["updates"]} == {("KB5083769", "KB5089549")}
    assert len(entry["updates"]) == told["builds"] == 2
    listed = verb(state, "kb", "list").stdout
    assert "WI9000001                2026-05-13" in listed
    assert "release health" in verb(state, "kb", "show", "WI9000001").stdout
    assert "apr-2026-boot-manager" in verb(state, "kb", "show", "KB5083769", "--json").stdout
    again = json.loads(verb(state, "kb", "update", "--json", config=tenant.config, token=token).stdout)
    assert again["new"] == 0
    assert {"KB5083769", "KB5082063"} <= set(again["asked"])
    rows = json.loads(verb(state, "audit", "list", "--json").stdout)["rows"]
    assert any("kb update from release health" in row["entry"]["note"] for row in rows)


def test_who_may_not_ask_is_told_what_it_takes_and_the_other_way(tenant: Running, tmp_path: Path) -> None:
    state = tmp_path / "state"
    done = verb(state, "kb", "update", "KB5083769", config=tenant.config, token=tenant.tokens["engineer"])
    assert isinstance(done.exception, Problem)
    assert done.exception.exit_code == 3
    assert "WindowsUpdates.ReadWrite.All" in str(done.exception)
    assert "kb update --from FILE" in str(done.exception)
    assert not (state / ADDITIONS_FILE).exists()


def test_a_file_is_added_and_shown_with_its_date(tmp_path: Path) -> None:
    state, file = tmp_path / "state", tmp_path / "team.toml"
    file.write_text(ONE_SOURCE, encoding="utf-8")
    verb(state, "kb", "update", "--from", str(file))
    shown = verb(state, "kb", "show", "KB5099999").stdout
    assert "WORKING THEORY" in shown
    assert "source: one, 2026-11-11" in shown
    file.write_text(ONE_SOURCE.replace('id = "', 'origin = "release-health"\nid = "'), encoding="utf-8")
    assert "claims to be" in str(verb(state, "kb", "update", "--from", str(file)).exception)
