"""The answer as JSON and as text: its shape, that it needs no order, and that no recovery password is in it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis import corpus
from tests.diagnosis.given import entry, installed, msinfo, pair, protectors, recovery_log, screen, status, ticket
from tui.diagnosis.formats import diagnose_inputs
from tui.diagnosis.redact import MARKER
from tui.diagnosis.report import Read, diagnose, report_json, scrubbed
from tui.diagnosis.report_text import report_text
from tui.diagnosis.report_triage import TicketLine, triage
from tui.diagnosis.sample import Parsed
from tui.model.cause import CauseCode, Confidence
from tui.model.finding import FindingCode, Severity

PASSWORD = "-".join(f"{word * 11:06}" for word in (19642, 6916, 23082, 57031, 34997, 10830, 23067, 51996))


def _reads(*inputs: Parsed) -> list[Read]:
    return [Read(f"input-{n}.txt", parsed) for n, parsed in enumerate(inputs)]


def _check_shape(document: dict[str, Any]) -> None:
    assert document.keys() == {"inputs", "cause", "update", "findings", "problems"}
    for each in document["inputs"]:
        assert each.keys() == {"path", "kind", "facts", "problems"}
    cause = document["cause"]
    assert cause.keys() - {"missing"} == {"code", "pcr", "event", "confidence", "because"}
    assert cause["code"] in set(CauseCode)
    assert cause["confidence"] in set(Confidence)
    assert document["update"].keys() == {"kb", "confidence", "because"}
    for finding in document["findings"]:
        assert finding.keys() == {"code", "severity", "title", "evidence", "next"}
        assert finding["code"] in set(FindingCode)
        assert finding["severity"] in set(Severity)


def test_the_document_has_the_contracts_shape() -> None:
    log = recovery_log(before=[installed(30, "2026-04-14T19:00:00Z", "KB5083769")])
    report = diagnose(_reads(log, screen("secureboot_changed", "E_FVE_SECUREBOOT_CHANGED"), protectors((0, 2, 4, 11))))
    document = json.loads(json.dumps(report_json(report)))
    _check_shape(document)
    assert (document["cause"]["code"], document["cause"]["pcr"]) == ("secureboot_changed", 7)
    assert document["update"]["kb"] == "KB5083769"
    assert [finding["code"] for finding in document["findings"]] == ["custom-pcr-profile"]
    assert "missing" not in document["cause"]


def test_unknown_says_what_is_missing() -> None:
    document = report_json(diagnose(_reads(status())))
    assert document["cause"]["code"] == "unknown"
    assert document["cause"]["missing"]
    assert document["update"] == {"kb": None, "confidence": "none", "because": []}


def test_a_known_issue_with_missing_facts_is_told_but_not_claimed() -> None:
    report = diagnose(_reads(screen("secureboot_changed", "E_FVE_SECUREBOOT_CHANGED"), status()), "10.0.26100.8246")
    said = report_json(report)["update"]["because"][-1]
    assert "apr-2026-boot-manager: 1 of 5 conditions" in said
    assert "msinfo32" in said
    assert "known-issue" not in [finding.code for finding in report.findings]
    assert "1 of 5 conditions" in report_text(report)


def test_inputs_of_several_computers_are_said() -> None:
    log = Parsed("evtx", {"computers": {"WIN-SETUP": 4, "LAB-PC07.corp.example": 90}})
    same = diagnose(_reads(log, Parsed("msinfo32", {"system_name": "lab-pc07"}), status()))
    assert same.problems == ()
    other = diagnose(_reads(log, Parsed("msinfo32", {"system_name": "LAB-PC08"})))
    assert "LAB-PC08" in report_json(other)["problems"][0]
    assert "! the inputs name different computers" in report_text(other)


def test_what_counts_as_wrong() -> None:
    assert not diagnose(_reads(status())).wrong
    assert not diagnose(_reads(protectors((0, 2, 4, 11)))).wrong, "a piece of information is nothing wrong"
    assert diagnose(_reads(msinfo("binding_not_possible"))).wrong
    assert diagnose(_reads(Parsed("unknown", {"type": "unknown"}, ("why",)))).wrong
    folder = Parsed("unknown", {"members": 9, "recognised": 8}, ("1 of 9 members are of no known format",))
    assert not diagnose(_reads(status(), folder)).wrong


@pytest.mark.parametrize(
    "facts",
    [
        {"note": f"key {PASSWORD} end"},
        {"deep": [{"er": [PASSWORD]}]},
        {PASSWORD: 1},
        {"plain": PASSWORD.replace("-", "")},
    ],
)
def test_a_password_that_a_parser_let_through_is_taken_out_and_said(facts: dict[str, Any]) -> None:
    report = diagnose([Read(f"a {PASSWORD}.txt", Parsed("ticket", facts, (f"problem {PASSWORD}",)))])
    document = json.dumps(report_json(report))
    text = report_text(report)
    for block in PASSWORD.split("-"):
        assert block not in document
        assert block not in text
    assert MARKER in document
    assert "recovery password(s) removed" in document


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just(f"x {PASSWORD} y"),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
@settings(max_examples=60)
def test_scrubbing_keeps_everything_but_passwords(value: Any) -> None:
    clean, removed = scrubbed(value)
    assert PASSWORD not in json.dumps(clean)
    again, none = scrubbed(clean)
    assert (again, none) == (clean, 0)
    if removed == 0 and "\ud800" not in json.dumps(value):
        assert clean == value


def test_blobs_stay_whole() -> None:
    blob = "0B002000" * 4000
    assert scrubbed({"FilteredTcgLog": blob}) == ({"FilteredTcgLog": blob}, 0)


def test_the_text_says_what_the_document_says() -> None:
    log = recovery_log(entry(60, "2026-04-15T06:00:05Z", "x/824", "cause", "secureboot_changed"))
    both = pair(["secureboot_changed"], [7], [{"pcr": 7, "b": {"event_type": "EV_EFI_ACTION", "text": "x"}}])
    report = diagnose(_reads(log, both, status("Off"), msinfo("bound"), ticket(), Parsed("unknown", {}, ("odd",))))
    text = report_text(report)
    for words in ("Cause: secureboot_changed (PCR 7, certain)", "Update: KB5083769", "protection-suspended", "next: "):
        assert words in text
    assert "! odd" in text
    assert all(line.isprintable() for line in text.splitlines())


@given(
    st.dictionaries(st.text(max_size=10), st.none() | st.integers() | st.text(max_size=10) | st.lists(st.integers()))
)
@settings(max_examples=30)
def test_odd_facts_break_no_answer(facts: dict[str, Any]) -> None:
    names = [
        "volumes",
        "events",
        "keys",
        "timeline",
        "boots",
        "recoveries",
        "per_pcr",
        "cause",
        "changed_pcrs",
        "seals",
    ]
    odd = {name: value for name, value in zip(names, facts.values(), strict=False)}
    kinds = ["evtx", "tcg-pair", "event-text", "ticket", "recovery-screen", "manage-bde-status", "collector-facts"]
    report = diagnose(_reads(*(Parsed(kind, {**facts, **odd}) for kind in kinds)))
    _check_shape(json.loads(json.dumps(report_json(report))))
    assert "Cause: " in report_text(report)


def test_tickets_are_grouped_by_cause_and_update() -> None:
    lines = [
        TicketLine(
            "1", "Since KB5012170 (secure boot dbx) was installed the laptop asks for the bitlocker recovery key"
        ),
        TicketLine("2", "laptop asks for bitlocker recovery key, screen shows E_FVE_TPM_NOT_DETECTED"),
        TicketLine("3", "bitlocker recovery key please, code E_FVE_TPM_NOT_DETECTED on the screen"),
        TicketLine("4", "printer is out of paper"),
    ]
    answer = msgspec.json.decode(msgspec.json.encode(triage(lines)))
    assert [ticket["id"] for ticket in answer["tickets"]] == ["1", "2", "3", "4"]
    assert answer["groups"][0] == {"cause": "tpm_absent", "pcr": None, "kb": None, "tickets": ["2", "3"]}
    assert sorted(member for group in answer["groups"] for member in group["tickets"]) == ["1", "2", "3", "4"]
    assert answer["tickets"][3]["bitlocker"] in (None, False)
    keys = {"id", "key_id_prefixes", "kbs", "error_codes", "devices", "cause", "bitlocker", "recurrence"}
    assert all(keys <= ticket.keys() for ticket in answer["tickets"])


def test_a_password_in_a_ticket_is_in_no_answer() -> None:
    lines = [TicketLine(f"T {PASSWORD}", f"bitlocker recovery key is {PASSWORD}")]
    answer = msgspec.json.encode(triage(lines)).decode()
    assert not any(block in answer for block in PASSWORD.split("-"))
    assert MARKER in answer


def test_the_whole_corpus_has_an_answer() -> None:
    kinds: set[str] = set()
    for folder in sorted(path for path in corpus.needed().iterdir() if path.is_dir()):
        for case in corpus.cases(folder.name):
            read = diagnose_inputs([(path.name, path.read_bytes()) for path in case.files])
            report = diagnose([Read(each.path, each.parsed) for each in read])
            _check_shape(report_json(report))
            assert report_text(report)
            kinds |= {each.parsed.kind for each in read}
    assert len(kinds - {"unknown"}) >= 14
