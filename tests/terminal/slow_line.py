"""The console as it is used from home: inside tmux, over a real sshd, with 200 ms of delay on the line."""

import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path

import pytest

from tests.support.line import Line
from tests.support.terminal import Terminal

SSHD = Path("/usr/sbin/sshd")
ONE_WAY_SECONDS = 0.1
_CONFIG = """\
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {root}/key.pub
HostKey {root}/host
ListenAddress 127.0.0.1
PermitRootLogin prohibit-password
PidFile none
Port {port}
"""


def missing() -> str:
    """What it lacks here; empty when nothing."""
    absent = [name for name in ("ssh", "ssh-keygen", "tmux") if shutil.which(name) is None]
    absent += [] if SSHD.exists() else [str(SSHD)]
    return f"not installed: {', '.join(absent)}" if absent else ""


@contextmanager
def far_away(root: Path, argv: Sequence[str], env: Mapping[str, str]) -> Iterator[Terminal]:
    """A program in tmux, behind ssh, behind a slow line."""
    if why := missing():
        pytest.skip(why)
    with _sshd(root) as port, Line(port, ONE_WAY_SECONDS) as line:
        settings = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "tmux-256color", **env}
        inner = shlex.join(["env", *(f"{name}={value}" for name, value in settings.items()), *argv])
        socket_path = str(root / "tmux")
        remote = shlex.join(["tmux", "-S", socket_path, "-f", "/dev/null", "-u", "new-session", inner])
        command = ["ssh", "-tt", "-F", "none", "-i", str(root / "key"), "-p", str(line.port)]
        command += ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={root}/known", "-o", "LogLevel=ERROR"]
        try:
            with Terminal([*command, f"{getuser()}@127.0.0.1", remote], columns=120, rows=40) as terminal:
                yield terminal
        finally:
            subprocess.run(["tmux", "-S", socket_path, "kill-server"], capture_output=True, check=False)


def panes(root: Path) -> str:
    """All that tmux has of the program: what stands in its pane, the lines before it, what the pane covers, buffers."""

    def said(*words: str) -> str:
        command = ["tmux", "-S", str(root / "tmux"), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    shown = [said("capture-pane", "-p", "-q", *options) for options in (("-S", "-"), ("-a", "-S", "-"))]
    return "\n".join([*shown, said("list-buffers")])


@contextmanager
def _sshd(root: Path) -> Iterator[int]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    for name in ("host", "key"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(root / name)]
        subprocess.run(made, check=True, timeout=20)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    config = root / "sshd.conf"
    config.write_text(_CONFIG.format(root=root, port=port), encoding="utf-8")
    command = [str(SSHD), "-D", "-e", "-f", str(config)]
    with (root / "sshd.log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "sshd did not come up"
            time.sleep(0.02)
        else:
            return
