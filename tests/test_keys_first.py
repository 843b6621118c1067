"""Threads step aside for keys, and the thread that paints never waits."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import keys_first
from tui.keys_first import AT_ONCE, FRAME_SECONDS, give_way, giving_way, imports_give_way, key_pressed


@pytest.fixture(autouse=True)
def no_key_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_first, "_last_key", float("-inf"))


def after_a_key(work: Callable[[], object], *, in_thread: bool = True) -> float:
    """Seconds from a key to the end of some work."""
    with ThreadPoolExecutor(1) as threads:
        pressed = time.monotonic()
        key_pressed()
        if in_thread:
            threads.submit(work).result()
        else:
            work()
        return time.monotonic() - pressed


def test_a_thread_lets_a_key_have_its_frame() -> None:
    assert after_a_key(give_way) >= FRAME_SECONDS


def test_a_key_that_comes_while_a_thread_waits_gets_its_frame_too() -> None:
    with ThreadPoolExecutor(1) as threads:
        key_pressed()
        waiting = threads.submit(give_way)
        last = time.monotonic()
        for _ in range(5):
            if waiting.done():
                break
            last = time.monotonic()
            key_pressed()
        waiting.result()
        assert time.monotonic() - last >= FRAME_SECONDS


def test_the_thread_that_paints_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: float) -> None:
        raise AssertionError("it waits")

    monkeypatch.setattr(time, "sleep", refuse)
    after_a_key(give_way, in_thread=False)


def test_lines_give_way_between_parts_and_not_before_they_are_asked_for() -> None:
    taken: list[int] = []

    def lines() -> Iterator[int]:
        for number in range(AT_ONCE + 1):
            taken.append(number)
            yield number

    rest = giving_way(lines())
    assert not taken
    assert after_a_key(lambda: next(rest)) >= FRAME_SECONDS
    assert len(taken) == AT_ONCE
    for _ in range(AT_ONCE - 1):
        next(rest)
    assert after_a_key(lambda: next(rest)) >= FRAME_SECONDS


@given(st.integers(0, 3 * AT_ONCE))
def test_every_line_comes_once_and_in_order(count: int) -> None:
    assert list(giving_way(range(count))) == list(range(count))


def test_imports_in_threads_wait_and_are_installed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    finders = len(sys.meta_path)
    imports_give_way()
    imports_give_way()
    assert len(sys.meta_path) <= finders + 1
    monkeypatch.delitem(sys.modules, "this_module_is_not_there", raising=False)

    def load() -> None:
        with pytest.raises(ImportError):
            __import__("this_module_is_not_there")

    assert after_a_key(load) >= FRAME_SECONDS
