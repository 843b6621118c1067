"""Writes that are under way or were refused: a sign in the row, and a line each that says why."""

from dataclasses import replace
from datetime import timedelta

from screens.write_words import write_counts, write_lines, write_sign
from tests.services.samples import MORNING
from tui.model.incident import IncidentState
from tui.services.outbox import Write, WriteKind, WriteState

QUEUED = Write(
    "w1", "desk", "1", "desk:1", WriteKind.CLAIM, "ada@demo.example", "ada", "", IncidentState.NEW, MORNING, MORNING,
    detail="no route",
)  # fmt: skip
SENT = replace(QUEUED, id="w2", state=WriteState.SENT, detail="")
REFUSED = replace(QUEUED, id="w3", state=WriteState.CONFLICT, detail="bob holds this ticket")


def said(*writes: Write) -> str:
    return "\n".join(line.plain for line in write_lines(writes, MORNING + timedelta(minutes=3)))


def test_a_refusal_is_louder_than_what_waits() -> None:
    assert write_sign([]) == ""
    assert write_sign([QUEUED, SENT]) == "↑"
    assert write_sign([QUEUED, REFUSED]) == "!"
    assert write_counts([QUEUED, SENT, REFUSED]) == "2 ↑ waiting, 1 ! refused"
    assert write_counts([]) == ""


def test_each_write_says_what_it_waits_for() -> None:
    assert said() == ""
    assert said(QUEUED).strip() == "↑ claim ada@demo.example waits 3m: no route"
    assert "has not confirmed it" in said(SENT)
    assert "! claim ada@demo.example was not done: bob holds this ticket" in said(REFUSED)
    assert "A takes away" in said(REFUSED)
    assert "A takes away" not in said(QUEUED)
