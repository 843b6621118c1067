"""Lines by id, against a dict."""

from hypothesis import given
from hypothesis import strategies as st

from tests.services.samples import incident
from tui.model.incident_line import line_of
from tui.services.line_index import LineIndex


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5)), max_size=200))
def test_an_index_answers_as_a_dict_does(puts: list[tuple[int, int]]) -> None:
    index, known = LineIndex(), {}
    for number, priority in puts:
        line = line_of(incident(str(number), priority=priority))
        index.put(line)
        known[f"desk:{number}"] = line
    assert len(index) == len(known)
    assert index.lines() == list(known.values())
    assert all(index.get(f"desk:{number}") == known.get(f"desk:{number}") for number in range(301))
    assert index.get("") is None
