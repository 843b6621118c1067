"""The registry: every corpus file finds its parser, parsers cannot break it, and two logs make a pair."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.corpus import ROOT, cases, disagreements, needed
from tui.diagnosis import formats
from tui.diagnosis.decode import make_sample
from tui.diagnosis.formats import FORMATS, UNKNOWN, diagnose_inputs, identify
from tui.diagnosis.sample import Format, Parsed, Sample

KINDS = {
    "collector-facts",
    "manage-bde-status", "manage-bde-protectors", "manage-bde-error", "get-bitlockervolume", "dsregcmd", "evtx", "tcg",
    "test-netconnection", "msinfo32", "recovery-screen", "recovery-key-file", "event-text", "escrow-entra", "escrow-ad",
    "intune-zip", "ticket",
}  # fmt: skip
PASSWORD = "-".join(f"{word * 11:06d}" for word in (1201, 40000, 777, 65000, 31337, 5, 22222, 9999))
"""Invented."""


def _log(label: str) -> bytes:
    """A SHA-1 measured-boot log of two events, the second a Secure Boot variable."""
    data = label.encode()
    first = struct.pack("<II20sI", 0, 8, b"\1" * 20, 4) + b"v1\0\0"
    return first + struct.pack("<II20sI", 7, 0x80000001, label[:1].encode() * 20, len(data)) + data


def _folders() -> list[str]:
    return sorted(path.name for path in ROOT.iterdir() if path.is_dir()) if ROOT.is_dir() else []


def test_every_kind_is_one_of_the_contracts() -> None:
    assert {form.name for form in FORMATS} <= KINDS


@pytest.mark.parametrize("folder", [name for name in _folders() if name not in ("tickets", "tcg-pairs")])
def test_every_corpus_file_finds_its_parser(folder: str) -> None:
    for case in cases(folder):
        parsed = diagnose_inputs([(case.path.name, case.data)])[0].parsed
        assert parsed.kind.startswith(folder.removesuffix("s") if folder != "escrow" else "escrow"), case.path.name


def test_every_corpus_ticket_is_a_ticket() -> None:
    for path in sorted((needed() / "tickets").glob("*.txt")):
        assert identify(make_sample(path.name, path.read_bytes())).kind == "ticket", path.name


def test_pairs_of_the_corpus_agree() -> None:
    for case in cases("tcg-pairs"):
        found = diagnose_inputs([(path.name, path.read_bytes()) for path in case.files])
        assert [item.parsed.kind for item in found] == ["tcg", "tcg", "tcg-pair"]
        assert disagreements(case.expected, found[2].parsed.facts) == []


def test_two_logs_are_compared_and_three_or_mixed_inputs_are_not() -> None:
    a, b = ("old.log", _log("a")), ("new.log", _log("b"))
    found = diagnose_inputs([a, b])
    assert [item.parsed.kind for item in found] == ["tcg", "tcg", "tcg-pair"]
    assert found[2].path == "old.log and new.log"
    assert found[2].parsed.facts["changed_pcrs"] == [7]
    assert len(diagnose_inputs([a, b, a])) == 3
    assert len(diagnose_inputs([a, ("note.txt", b"x"), b])) == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"  \n ", "blanks"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
        (b"MSCF\0\0\0\0", "cabinet"),
        (b"Dear all, the canteen is closed on Friday.", "text"),
    ],
)
def test_what_no_format_knows_is_unknown_with_a_reason(data: bytes, reason: str) -> None:
    parsed = identify(make_sample("x", data))
    assert parsed.kind == UNKNOWN
    assert reason in parsed.problems[0]


def test_a_parser_that_raises_is_named_by_its_error_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(sample: Sample) -> Parsed:
        raise ValueError("secret detail")

    def blind(sample: Sample) -> int:
        raise KeyError("secret detail")

    forms = (Format("blind", blind, broken), Format("broken", lambda sample: 100, broken))
    monkeypatch.setattr(formats, "FORMATS", forms)
    parsed = identify(make_sample("x", b"text"))
    assert parsed == Parsed("broken", {"type": "broken"}, ("the parser failed (ValueError)",))


def test_the_highest_wins_and_of_equals_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def form(name: str, score: int) -> Format:
        return Format(name, lambda sample: score, lambda sample: Parsed(name))

    monkeypatch.setattr(formats, "FORMATS", (form("a", 50), form("b", 60), form("c", 60)))
    assert identify(make_sample("x", b"t")).kind == "b"
    monkeypatch.setattr(formats, "FORMATS", (form("a", formats.THRESHOLD - 1),))
    assert identify(make_sample("x", b"t")).kind == UNKNOWN


def test_a_removed_password_is_said_and_gone() -> None:
    found = diagnose_inputs([("mail.txt", f"BitLocker recovery key for the laptop: {PASSWORD}".encode())])
    assert found[0].passwords_removed == 1
    assert any("removed" in problem for problem in found[0].parsed.problems)
    assert PASSWORD not in repr(found)


def test_names_pass_the_door_for_untrusted_text() -> None:
    found = diagnose_inputs([("evil\x1b[31m\u202e.txt", b"x")])
    assert found[0].path == "evil.txt"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=800), st.text(max_size=20))
def test_any_bytes_are_answered(data: bytes, name: str) -> None:
    for item in diagnose_inputs([(name, data)]):
        assert item.parsed.kind in KINDS | {UNKNOWN, "tcg-pair"}


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=800))
def test_any_text_is_answered(text: str) -> None:
    assert identify(make_sample("x.txt", text.encode("utf-8", "surrogatepass"))).kind in KINDS | {UNKNOWN}
