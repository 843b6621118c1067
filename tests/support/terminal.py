"""A program on a real pseudo-terminal, with a screen to look at."""

import asyncio
import contextlib
import copy
import os
import re
import select
import signal
import threading
import time
import warnings
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyte
from ptyprocess import PtyProcess

from tests.support import memory_contains

__all__ = ["KEYS", "Terminal", "descendants", "memory_contains"]

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "insert": "\x1b[2~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    **{f"f{number}": text for number, text in enumerate(("\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"), 1)},
    **{
        f"f{number}": f"\x1b[{code}~"
        for number, code in zip(range(5, 13), (15, 17, 18, 19, 20, 21, 23, 24), strict=True)
    },
    "blur": "\x1b[O",
    "focus": "\x1b[I",
}
"""Bytes of the keys that are not their own character, as xterm sends them; also its focus reports."""

_NOT_PASSED_ON = re.compile(r"TMUX|STY|SSH_.*|NO_COLOR|COLUMNS|LINES|TEXTUAL.*|RESEAL.*")
# What pyte would print as text: private CSI with < = >, mode requests, and every kind of string but those it knows.
_NOT_FOR_PYTE = re.compile(
    rb"\x1b\[[<=>][0-9;]*[A-Za-z]|\x1b\[\??[0-9;]*\$[a-z]|\x1b[P_^X\]][^\x07\x1b]*(?:\x07|\x1b\\)"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<=>?$ ]*|[P_^X\]][^\x07\x1b]*\x1b?)?\Z")
_FRAME_BEGIN, _FRAME_END = b"\x1b[?2026h", b"\x1b[?2026l"
_QUERY = re.compile(rb"\x1b\[0?c|\x1b\[6n|\x1b\[\?(\d+)\$p")
_MODES = {b"2026": 2}
"""DECRQM answers: 2 is known and off; every other mode is unknown (0)."""


class _Screen(pyte.Screen):
    """pyte's screen with the alternate screen (mode 1049), which it lacks."""

    _main: tuple[Any, Any] | None = None

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        super().set_mode(*modes, **kwargs)
        if kwargs.get("private") and 1049 in modes and self._main is None:
            self._main = ({row: copy.copy(cells) for row, cells in self.buffer.items()}, (self.cursor.x, self.cursor.y))
            self.erase_in_display(2)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        if kwargs.get("private") and 1049 in modes and self._main is not None:
            rows, (self.cursor.x, self.cursor.y) = self._main
            self.buffer.clear()
            self.buffer.update(rows)
            self._main = None


class Terminal:
    """A program on a pseudo-terminal that answers Textual's questions and keeps a screen.

    `env` is added to the tests' environment, from which everything that says "recorded", "remote" or "no colour" is
    taken. A context manager; leaving it kills the program and everything that it started.

    `blind`: no screen is kept. What that takes would be missing where a program is timed on few cores.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        columns: int = 80,
        rows: int = 24,
        cwd: Path | None = None,
        blind: bool = False,
    ) -> None:
        kept = {name: value for name, value in os.environ.items() if not _NOT_PASSED_ON.fullmatch(name)}
        named = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **(env or {})}
        with warnings.catch_warnings():
            # From Python 3.12 forkpty() warns beside threads; the child calls exec at once.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = PtyProcess.spawn(list(argv), cwd=cwd, env={**kept, **named}, dimensions=(rows, columns))
        self.pid: int = self._process.pid
        self.tty = os.readlink(f"/proc/{self.pid}/fd/0")  # noqa: PTH115
        self._screen = _Screen(columns, rows)
        self._show: Callable[[bytes], None] = (lambda _: None) if blind else pyte.ByteStream(self._screen).feed
        self._raw = bytearray()
        self._held_back = b""
        self._arrivals = [(0, time.perf_counter())]
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def raw(self) -> bytes:
        """Everything that was written to the terminal so far."""
        with self._changed:
            return bytes(self._raw)

    @property
    def arrived(self) -> tuple[int, float]:
        """How many bytes have come, and when the last one did, by `time.perf_counter`; does not wait for the screen."""
        return self._arrivals[-1]

    def arrived_at(self, count: int) -> float:
        """When so many bytes had come, by `time.perf_counter`. What this process takes to show them is not in it."""
        return self._arrivals[bisect_left(self._arrivals, (count, 0.0))][1]

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row, from zero."""
        with self._changed:
            return self._screen.cursor.x, self._screen.cursor.y

    @property
    def alive(self) -> bool:
        """The program runs."""
        return bool(self._process.isalive())

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._process.isalive():
            return None
        return -int(self._process.signalstatus) if self._process.signalstatus else int(self._process.exitstatus)

    def text(self) -> list[str]:
        """The screen, a string a row, padded to the width."""
        with self._changed:
            return list(self._screen.display)

    def frame(self) -> str:
        """The screen as one text, without trailing blanks."""
        return "\n".join(row.rstrip() for row in self.text()).rstrip()

    def cell(self, column: int, row: int) -> Any:
        """A character with its colours: pyte's `Char`."""
        with self._changed:
            return self._screen.buffer[row][column]

    def press(self, *keys: str) -> None:
        """Press keys by Textual's names: `enter`, `ctrl+z`, `r`, `shift+tab`."""
        self.type("".join(_bytes_of(key) for key in keys))

    def type(self, text: str) -> None:
        """Send text as if typed."""
        os.write(self._process.fd, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the program gets SIGWINCH."""
        with self._changed:
            self._screen.resize(rows, columns)
        self._process.setwinsize(rows, columns)

    def wait_until(self, wanted: str | Callable[[], object], timeout: float = 10.0) -> None:
        """Wait for a text on the screen or a condition; on time-out an `AssertionError` shows the screen."""
        holds = self._condition(wanted)
        deadline = time.monotonic() + timeout
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(self._complaint(wanted, timeout))
            with self._changed:
                self._changed.wait(min(left, 0.02))

    async def until(self, wanted: str | Callable[[], object], timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """`wait_until` for tests with an event loop of their own."""
        await asyncio.to_thread(self.wait_until, wanted, timeout)

    def close(self) -> None:
        """Kill the program and what it started, and hang up."""
        for pid in [*descendants(self.pid), self.pid] if self._process.isalive() else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self._process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Take the terminal away, as a closed window or a dropped line does."""
        if not self._process.closed:
            # Not `PtyProcess.close`, which would wait for the program.
            self._process.closed = True
            self._ended = True
            self._reader.join(5)
            self._process.fileobj.close()

    def _condition(self, wanted: str | Callable[[], object]) -> Callable[[], object]:
        if callable(wanted):
            return wanted
        return lambda: any(wanted in row for row in self.text())

    def _complaint(self, wanted: str | Callable[[], object], timeout: float) -> str:
        state = "runs" if self.alive else f"has ended with {self.exit_code}"
        goal = repr(wanted) if isinstance(wanted, str) else getattr(wanted, "__qualname__", "the condition")
        return f"{goal} did not come within {timeout} s; the program {state}; its screen:\n{self.frame()}"

    def _read(self) -> None:
        descriptor: int = self._process.fd
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not self._ended:
            if not poll.poll(20):
                continue
            try:
                data = os.read(descriptor, 65536)
            except OSError:
                # EIO: nobody holds the other side now, though somebody may open it again.
                time.sleep(0.01)
                continue
            self._arrivals.append((self._arrivals[-1][0] + len(data), time.perf_counter()))
            with self._changed:
                self._take(data)
                self._changed.notify_all()

    def _take(self, data: bytes) -> None:
        self._raw += data
        data = self._held_back + data
        cut = _complete(data)
        data, self._held_back = data[:cut], data[cut:]
        at = 0
        for query in _QUERY.finditer(data):
            self._show(_NOT_FOR_PYTE.sub(b"", data[at : query.start()]))
            self._answer(query)
            at = query.end()
        self._show(_NOT_FOR_PYTE.sub(b"", data[at:]))

    def _answer(self, query: re.Match[bytes]) -> None:
        if query.group(1):
            answer = f"\x1b[?{query.group(1).decode()};{_MODES.get(query.group(1), 0)}$y"
        elif query.group().endswith(b"n"):
            answer = f"\x1b[{self._screen.cursor.y + 1};{self._screen.cursor.x + 1}R"
        else:
            answer = "\x1b[?62;22c"
        with contextlib.suppress(OSError):
            os.write(self._process.fd, answer.encode())


def _complete(data: bytes) -> int:
    """How far the data can be shown: neither half a sequence nor half a synchronized frame, as terminals do it."""
    opened = data.rfind(_FRAME_BEGIN)
    if opened >= 0 and _FRAME_END not in data[opened:]:
        return opened
    cut = _UNFINISHED.search(data)
    return cut.start() if cut else len(data)


def _bytes_of(key: str) -> str:
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[5].upper()) ^ 0x40)
    if key.startswith("alt+"):
        return "\x1b" + _bytes_of(key[4:])
    if len(key) == 1:
        return key
    raise ValueError(f"unknown key: {key}")


def descendants(pid: int) -> list[int]:
    """Everything that a process started and that still runs under it, deepest last."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                # The name in brackets may hold anything; the parent is the second word after it.
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found = list(parents.get(pid, []))
    for child in found:
        found += parents.get(child, [])
    return found
