"""Frames: what goes in comes out, and nothing but values of the model comes out of anything."""

import asyncio
import os
import pickle
import struct
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.courier import messages
from tui.courier.messages import IN_THREAD, LONGEST, Ask, Failed, Told, frame, read_frame
from tui.errors import Problem, ProblemKind
from tui.model.recovery_key import RecoveryKey, Volume
from tui.sources.upstream import TooSlow

KEY = RecoveryKey(
    "0" * 8 + "-0000-0000-0000-000000000000", "d", datetime(2026, 11, 10, tzinfo=UTC), Volume.OPERATING_SYSTEM
)


async def read(data: bytes) -> object:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_frame(reader)


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@given(st.lists(st.text() | st.integers() | st.booleans() | st.none() | st.binary()))
async def test_what_goes_in_comes_out(values: list[object]) -> None:
    assert await read(frame(Told(7, values))) == Told(7, values)


async def test_values_of_the_model_come_out_as_themselves() -> None:
    found = await read(frame(Told(1, [KEY, datetime(2026, 1, 1, tzinfo=UTC)])))
    assert found == Told(1, [KEY, datetime(2026, 1, 1, tzinfo=UTC)])


async def test_a_large_page_comes_out_whole() -> None:
    page = tuple(RecoveryKey(f"{number:08}", "d", None, Volume.OPERATING_SYSTEM) for number in range(2_000))
    sent = frame(Told(1, page))
    assert len(sent) > IN_THREAD
    assert await read(sent) == Told(1, page)


async def test_a_problem_keeps_every_word_and_loses_its_subclass() -> None:
    problem = TooSlow(ProblemKind.UNREACHABLE, "what", "why", "next", status=504, code="c", retry_after=3.0)
    found = await read(frame(Failed(2, problem)))
    assert isinstance(found, Failed)
    assert type(found.problem) is Problem
    assert vars(found.problem) == vars(problem)


class Runs:
    """Would run a command when it is made from a frame."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.path}",)


async def test_a_frame_runs_nothing(tmp_path: Path) -> None:
    for value in (Runs(tmp_path / "ran"), Path, os.getcwd, messages.frame, pickle.loads, print, TooSlow):
        with pytest.raises(ValueError, match="in a frame"):
            await read(framed(pickle.dumps(Told(1, value))))
    assert not (tmp_path / "ran").exists()


@given(st.binary(max_size=300))
async def test_bytes_of_no_sense_are_no_message(body: bytes) -> None:
    with suppress(ValueError):
        await read(framed(body))


@given(st.data())
async def test_a_damaged_frame_is_a_message_or_none(data: st.DataObject) -> None:
    sent = bytearray(frame(Ask(3, "escrow", "key", ("a", KEY), {"resume": "x"})))
    for _ in range(data.draw(st.integers(1, 4))):
        sent[data.draw(st.integers(4, len(sent) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        await read(bytes(sent))


@pytest.mark.parametrize("cut", [0, 3, 4, 20])
async def test_a_cut_frame_is_the_end(cut: int) -> None:
    with pytest.raises(EOFError):
        await read(frame(Told(1, "x" * 100))[:cut])


async def test_a_frame_longer_than_anything_that_is_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        await read(struct.pack(">I", LONGEST + 1))
