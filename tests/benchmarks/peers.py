"""Bytes to a terminal of 50 rows and 200 columns: the real console, and beside it htop and tig where they are.

tig walks 100,000 commits of a repository that is made for it.
"""

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from screens.widgets.hex_catcher import PAUSE_SECONDS
from tests.benchmarks import Row
from tests.benchmarks.cached_queue import COUNT
from tests.benchmarks.console import console, settle
from tests.benchmarks.queue import presses, quiet, running
from tests.support.terminal import Terminal

ROUNDS = 12
MOVE, PAGE, SWITCH = 528, 8 * 1024, 10 * 1024
"""Goals in bytes; the first is what htop 3.2 takes."""

COMMIT = """commit refs/heads/main
committer Engineer <engineer@demo.example> {when} +0000
data {size}
{words}
"""


def run() -> list[Row]:
    """Goals that stand for themselves, and the peers' own bytes in this run."""
    with running("line", COUNT) as queue:
        move = _bytes_of(queue, "down")
    with console() as terminal:
        whole, page, switch = _bytes_of(terminal, "down"), _bytes_of(terminal, "pagedown"), _switch(terminal)
    return [
        Row("bytes: cursor move in the queue, against 528", move / MOVE, 1.0, f"{move} bytes"),
        Row(
            "bytes: cursor move with another ticket's text beside it, against 528",
            whole / MOVE,
            None,
            f"{whole} bytes; the text has 780 letters, and is another one",
        ),
        Row("bytes: page, against 8 KB", page / PAGE, 1.0, f"{page} bytes"),
        Row("bytes: screen switch, against 10 KB", switch / SWITCH, 1.0, f"{switch} bytes, queue and mass in turn"),
        _beside("bytes: cursor move, against htop's", move, "htop", htop_move, 1.0),
        _beside(f"bytes: page, against tig's at {COUNT:,} commits", page, "tig", tig_page, None),
    ]


def _beside(name: str, ours: int, peer: str, measure: Callable[[], int], goal: float | None) -> Row:
    if shutil.which(peer) is None:
        return Row(name, None, goal, f"{peer} is not installed (apt-get install {peer})")
    theirs = measure()
    return Row(name, ours / theirs, goal, f"{ours} bytes; {peer} {theirs}")


def _bytes_of(terminal: Terminal, key: str) -> int:
    return presses(terminal, key, ROUNDS)[1]


def _switch(terminal: Terminal) -> int:
    """The dearer of two ways; the first visit, which imports and groups, is not counted."""
    sizes: dict[str, list[int]] = {"2": [], "1": []}
    for round_ in range(6):
        for key, shown in (("2", "open/all"), ("1", "INC0000")):
            # Digits that follow each other more quickly are taken for a key ID.
            time.sleep(2 * PAUSE_SECONDS)
            before, _ = quiet(terminal)
            terminal.press(key)
            terminal.wait_until(shown, 30)
            after, _ = quiet(terminal)
            if round_:
                sizes[key].append(after - before)
            else:
                settle(terminal)
    return int(max(statistics.median(each) for each in sizes.values()))


def htop_move() -> int:
    """Over lines as wide as the screen, between two refreshes, which are ten seconds apart."""
    named = ["sleep " + "for the benchmark " * 12, "600"]
    shown = [subprocess.Popen(named, executable=shutil.which("sleep")) for _ in range(30)]
    try:
        with _peer(["htop", "-d", "100", "-p", ",".join(str(each.pid) for each in shown)]) as terminal:
            terminal.wait_until("for the benchmark")
            return _bytes_of(terminal, "down")
    finally:
        for each in shown:
            each.kill()
            each.wait()


def tig_page() -> int:
    """When all commits are there."""
    with TemporaryDirectory() as name:
        _repository(Path(name), COUNT)
        with _peer(["tig"], Path(name)) as terminal:
            terminal.wait_until(f"of {COUNT}", 60)
            return _bytes_of(terminal, "pagedown")


@contextmanager
def _peer(argv: list[str], cwd: Path | None = None) -> Iterator[Terminal]:
    """A program without anybody's settings."""
    with TemporaryDirectory() as home:
        env = {"HOME": home, "XDG_CONFIG_HOME": home, "HTOPRC": f"{home}/htoprc", "GIT_CONFIG_GLOBAL": "/dev/null"}
        with Terminal(argv, env, columns=200, rows=50, cwd=cwd) as terminal:
            yield terminal


def _repository(directory: Path, commits: int) -> None:
    words = [f"Device DEMO-{number % 5000:04} of user{number % 977} asks for a key" for number in range(commits)]
    stream = "".join(
        COMMIT.format(when=1_775_000_000 + 60 * number, size=len(each), words=each) for number, each in enumerate(words)
    )
    subprocess.run(["git", "init", "-q", "-b", "main", str(directory)], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=directory, input=stream.encode(), check=True)
