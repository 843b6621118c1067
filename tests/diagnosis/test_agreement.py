"""The agreement with the corpus, as the README tells it, and the rules that counting goes by."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis import agreement, corpus, test_event_text
from tests.diagnosis.agreement import Agreement
from tui.diagnosis.decode import make_sample
from tui.diagnosis.formats import FORMATS, identify
from tui.diagnosis.redact import MARKER
from tui.diagnosis.report import is_digest, scrubbed

README = Path(__file__).resolve().parents[2] / "README.md"


def _state(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in root.rglob("*")}


def test_every_field_of_the_corpus_agrees_and_nothing_is_written() -> None:
    before = _state(corpus.needed())
    measured = agreement.measure()
    assert _state(corpus.ROOT) == before
    assert [line for row in measured for line in row.wrong] == []
    everything = agreement.total("all", measured)
    assert everything.files == sum(
        not path.name.endswith(".expected.json") for path in corpus.ROOT.glob("*/*") if path.is_file()
    )
    assert everything.fields > 2_000
    assert everything.agreed == everything.fields - everything.withheld
    assert everything.withheld <= everything.files // 20


def test_the_readme_says_the_same() -> None:
    corpus.needed()
    text = README.read_text(encoding="utf-8")
    if "| kind | files | fields |" not in text:
        pytest.skip("the README has no table of agreement yet")
    assert agreement.table(agreement.measure()) in text


def test_the_table_counts() -> None:
    rows = [Agreement("a", 1, 10, 9, 1), Agreement("b", 2, 5, 3, 0, ("x", "y"))]
    assert agreement.table(rows).splitlines()[2:] == [
        "| a | 1 | 10 | 9 | 1 | 0 |",
        "| b | 2 | 5 | 3 | 0 | 2 |",
        "| **all** | 3 | 15 | 12 | 1 | 2 |",
    ]


@pytest.mark.parametrize(
    ("expected", "facts", "agrees"),
    [
        ({"a": 1, "notes": "x"}, {"a": 1, "b": 2}, True),
        ({"a": None}, {}, True),
        ({"a": 1}, {}, False),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, False),
        ({"a": "0" * 64}, {"a": "0" * 64}, True),
        ({"a": "0B002000" + "0" * 70}, {"a": "0B002000" + "0" * 70}, True),
        ({"a": "0" * 64}, {"a": MARKER}, False),
    ],
)
def test_what_counts_as_agreement(expected: object, facts: object, agrees: bool) -> None:
    assert (corpus.disagreements(expected, facts) == []) is agrees


def test_a_password_that_was_not_removed_is_no_agreement() -> None:
    password = corpus.invented_password(1)
    assert corpus.disagreements({"a": password}, {"a": MARKER}) == []
    assert corpus.disagreements({"a": password}, {"a": password})


@pytest.mark.parametrize("bits", [160, 256, 384, 512])
@pytest.mark.parametrize("last", ["00", "03", "04"])
def test_a_register_near_zero_is_no_password(bits: int, last: str) -> None:
    value = "0" * (bits // 4 - 2) + last
    assert scrubbed({"pcr": value}) == ({"pcr": value}, 0)


@given(st.binary(min_size=1, max_size=40), st.sampled_from(["sha1", "sha256", "sha384", "sha512"]))
@settings(max_examples=60)
def test_no_digest_is_taken_for_a_password(data: bytes, name: str) -> None:
    value = hashlib.new(name, data).hexdigest()
    assert scrubbed(value) == (value, 0)
    assert scrubbed(value.upper()) == (value.upper(), 0)


@given(st.text("0123456789", min_size=64, max_size=64))
@settings(max_examples=60)
def test_a_digest_made_of_digits_only_stays(value: str) -> None:
    assert scrubbed([value]) == ([value], 0)


@given(st.integers(0, 1000), st.sampled_from(["", "-", " ", "\n"]))
@settings(max_examples=60)
def test_a_password_is_no_digest_however_it_is_written(seed: int, between: str) -> None:
    password = corpus.invented_password(seed).replace("-", between)
    for value in (password, password[:40], password * 2, f"{password}\n", f" {password}"):
        assert not is_digest(value)
    clean, removed = scrubbed(json.dumps({"key": password}))
    assert removed == 1
    assert MARKER in clean


@pytest.mark.parametrize("name", ["VIEWER", "XML", "LIST", "TABLE"])
@pytest.mark.parametrize("file", ["events.txt", "ticket.txt", "INC0010042 BitLocker recovery.txt", "x"])
def test_pasted_events_are_events_and_no_ticket(name: str, file: str) -> None:
    text: str = getattr(test_event_text, name)
    for data in corpus.disguises(text).values():
        assert identify(make_sample(file, data)).kind == "event-text"


def test_each_format_is_registered_once() -> None:
    names = [(form.name, form.recognise) for form in FORMATS]
    assert len(names) == len(set(names))
    assert {"event-text", "collector-facts"} <= {form.name for form in FORMATS}
