"""Starting `tests.store.writer`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def writer(verb: str, state: Path, *rest: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.store.writer", verb, str(state), *map(str, rest)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def output(verb: str, state: Path, *rest: int) -> list[str]:
    """Run a writer to its end; what it said."""
    with writer(verb, state, *rest) as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        return said.splitlines()
