"""What the attacks look at: a raw terminal, the discloser's process, and bytes in which a key might stand."""

import base64
import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Tap:
    """A terminal that nobody looks at; everything that is written to it is kept."""

    def __init__(self) -> None:
        self._controller, self._tty = os.openpty()
        self.path = os.ttyname(self._tty)
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def written(self) -> bytes:
        """Everything so far."""
        return bytes(self._written)

    def close(self) -> None:
        """Hang up."""
        os.close(self._tty)
        self._reader.join(5)
        os.close(self._controller)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._controller, 65536):
                self._written += data


@contextmanager
def tapped() -> Iterator[Tap]:
    """A tap, closed at the end."""
    tap = Tap()
    try:
        yield tap
    finally:
        tap.close()


@contextmanager
def discloser(verb: str, *words: object, env: dict[str, str] | None = None) -> Iterator["subprocess.Popen[str]"]:
    """Start `tests.security.discloser`; its children die with it."""
    argv = [sys.executable, "-m", "tests.security.discloser", verb, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
    with subprocess.Popen(
        argv, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def blocks_in(data: bytes) -> set[str]:
    """Every run of six digits."""
    return {found.decode() for found in re.findall(rb"(?<!\d)\d{6}(?!\d)", data)}


def holds_key(data: bytes, password: str) -> bool:
    """The password, whole or half, dashed or plain, in UTF-8, UTF-16, UTF-32 or base64."""
    plain = password.replace("-", "")
    texts = (password[:27], password[28:], plain[:24], plain[24:])
    if any(text.encode(code) in data for text in texts for code in ("utf-8", "utf-16-le", "utf-32-le")):
        return True
    whole = (password, plain)
    return any(base64.b64encode(b"k" * shift + text.encode())[4:-4] in data for text in whole for shift in range(3))


def files_with(root: Path, holds: Callable[[bytes], bool]) -> list[Path]:
    """The files below a folder in whose bytes something stands."""
    return [path for path in sorted(root.rglob("*")) if path.is_file() and holds(path.read_bytes())]


def spoken_by(pid: int) -> bytes:
    """Arguments and environment of a process; empty when it is gone."""
    with contextlib.suppress(OSError):
        return b"\0".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    return b""


def children(pid: int) -> list[int]:
    """What a process has started and not lost (proc_pid_task(5)); cheaper than a walk through all processes."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text(encoding="ascii").split())
    return found


def put(path: Path, word: str) -> None:
    """Write a file that somebody else waits for: it is there with its word, or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(word, encoding="utf-8")
    new.rename(path)
