"""Frames of the driver: whole, marked where it matters, and none that says nothing."""

from textual._ansi_sequences import SYNC_END, SYNC_START

from tui.driver import AT_ONCE, Frames

CURSOR = "\x1b[1;3H"


def written(frames: Frames, *pieces: str) -> list[str]:
    """What reaches the terminal, write by write."""
    return [data for piece in (SYNC_START, *pieces, SYNC_END) if (data := frames.take(piece))]


def test_a_long_frame_is_one_write_between_the_marks() -> None:
    body = "x" * AT_ONCE
    assert written(Frames(), body, CURSOR) == [f"{SYNC_START}{body}{CURSOR}{SYNC_END}"]


def test_a_short_frame_goes_without_the_marks() -> None:
    assert written(Frames(), "\x1b[1;9H7", CURSOR) == [f"\x1b[1;9H7{CURSOR}"]


def test_a_frame_that_changes_nothing_is_not_written() -> None:
    frames = Frames()
    assert written(frames, "a", CURSOR)
    assert written(frames, "", CURSOR) == []
    assert written(frames, CURSOR) == []
    assert written(frames) == []
    assert written(frames, "\x1b[2;3H") == ["\x1b[2;3H"]
    assert written(frames, CURSOR) == [CURSOR]


def test_the_cursor_is_put_back_after_somebody_else_wrote() -> None:
    frames = Frames()
    assert written(frames, CURSOR)
    frames.forget()
    assert written(frames, CURSOR) == [CURSOR]
    assert frames.take("\x07") == "\x07"
    assert written(frames, CURSOR) == [CURSOR]


def test_without_marks_each_write_goes_out() -> None:
    frames = Frames()
    assert [frames.take(data) for data in ("a", f"b{CURSOR}", CURSOR, "c")] == ["a", f"b{CURSOR}", "", "c"]
