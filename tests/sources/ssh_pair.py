"""A jump host and a device behind it: two real sshd on loopback, with keys and certificates of the test's own.

The device's forced command stands for Windows: it serves SFTP, and takes a PowerShell command line for a collector
that behaves as `behaviour` says.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

from tui.errors import Problem
from tui.services.collection import Bundle, Target
from tui.sources.remote_login import Address, LoginSettings
from tui.sources.remote_shell import Limits, RemoteShell

CONSENT = "INC0010042, agreed by the owner's phone"
DEVICE = "127.0.0.1"
TARGET = Target(DEVICE)
LIMITS = Limits(collect=20, fetch=20, tidy=5, bundle=1 << 20)

SSHD = "/usr/sbin/sshd"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
_START_SECONDS = 20

_FORCED = """\
#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
  *sftp*) exec {sftp} -d {home} ;;
  *) exec {python} {script} {home} {notes} ;;
esac
"""

_COMMON = """\
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {root}/authorized
TrustedUserCAKeys {root}/user_ca.pub
ListenAddress 127.0.0.1
PermitRootLogin prohibit-password
PidFile none
"""


@dataclass
class Pair:
    """The running pair. `home` is the device account's home directory, `notes` is where the device leaves traces."""

    root: Path
    jump_port: int
    device_port: int
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    def behave(self, how: str) -> None:
        """Choose what the collector on the device does from now on."""
        (self.notes / "behaviour").write_text(how, encoding="utf-8")

    def note(self, name: str) -> str:
        """A trace that the device has left; empty without one."""
        path = self.notes / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def settings(self, **changes: Any) -> LoginSettings:
        """Settings that let one in with a certificate."""
        plain: dict[str, Any] = {
            "jump": Address("127.0.0.1", self.jump_port),
            "known_hosts": self.root / "known_hosts",
            "user": getuser(),
            "device_port": self.device_port,
            "key_file": self.root / "id",
        }
        return LoginSettings(**(plain | changes))

    def trust(self, jump: str = "host_ca", device: str = "host_ca") -> Path:
        """Another list of known hosts, by the names of keys."""
        lines = []
        for port, key in ((self.jump_port, jump), (self.device_port, device)):
            public = (self.root / f"{key}.pub").read_text(encoding="utf-8").strip()
            authority = "@cert-authority " if key == "host_ca" else ""
            lines.append(f"{authority}[127.0.0.1]:{port} {public}\n")
        path = self.root / f"known_hosts-{jump}-{device}"
        path.write_text("".join(lines), encoding="utf-8")
        return path

    def kill_sessions(self, name: str) -> int:
        """Kill what serves the connections of one server, as a power cut does; answers how many processes that was."""
        found = _descendants(self.servers[name].pid)
        for pid in found:
            _signal(pid, signal.SIGKILL)
        return len(found)

    def freeze(self, name: str) -> None:
        """Let the sessions of one server hang: connections stay open, and nothing is said any more."""
        for pid in _descendants(self.servers[name].pid):
            _signal(pid, signal.SIGSTOP)


@contextmanager
def ssh_pair(root: Path) -> Iterator[Pair]:
    """Start both, or skip with the reason."""
    for program in (SSHD, SFTP_SERVER, shutil.which("ssh-keygen")):
        if program is None or not Path(program).exists():
            pytest.skip("openssh-server is not installed (Debian packages openssh-server, openssh-client)")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    pair = Pair(root, _free_port(), _free_port())
    for folder in (pair.home, pair.notes):
        folder.mkdir()
    _make_keys(root, pair)
    _write_configs(root, pair)
    try:
        for name, port in (("jump", pair.jump_port), ("device", pair.device_port)):
            command = [SSHD, "-D", "-f", str(root / f"{name}.conf"), "-E", str(root / f"{name}.log")]
            pair.servers[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
            _wait_for(port, root / f"{name}.log")
        yield pair
    finally:
        for server in pair.servers.values():
            for pid in [*_descendants(server.pid), server.pid]:
                _signal(pid, signal.SIGKILL)
            server.wait(10)


def _make_keys(root: Path, pair: Pair) -> None:
    for name in ("user_ca", "host_ca", "jump_key", "device_key", "id", "unsigned", "plain", "rogue"):
        _keygen("-t", "ed25519", "-N", "", "-C", name, "-f", str(root / name))
    _keygen("-t", "ed25519", "-N", "a passphrase", "-C", "locked", "-f", str(root / "locked"))
    user = getuser()
    _keygen("-s", str(root / "user_ca"), "-I", "on-call", "-n", user, "-V", "-5m:+8h", str(root / "id.pub"))
    for name in ("jump_key", "device_key"):
        _keygen("-s", str(root / "host_ca"), "-I", name, "-h", "-n", "127.0.0.1", "-V", "-5m:+8h", f"{root / name}.pub")
    shutil.copy(root / "plain.pub", root / "authorized")
    shutil.copy(pair.trust(), root / "known_hosts")


def _keygen(*arguments: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *arguments], check=True, stdin=subprocess.DEVNULL, timeout=30)


def _write_configs(root: Path, pair: Pair) -> None:
    script = Path(__file__).with_name("device_side.py")
    forced = root / "forced"
    text = _FORCED.format(sftp=SFTP_SERVER, home=pair.home, python=sys.executable, script=script, notes=pair.notes)
    forced.write_text(text, encoding="utf-8")
    forced.chmod(0o755)
    common = _COMMON.format(root=root)
    jump = f"Port {pair.jump_port}\nHostKey {root}/jump_key\nHostCertificate {root}/jump_key-cert.pub\n"
    jump += f"AllowTcpForwarding local\nPermitOpen 127.0.0.1:{pair.device_port}\nForceCommand /bin/false\n"
    device = f"Port {pair.device_port}\nHostKey {root}/device_key\nHostCertificate {root}/device_key-cert.pub\n"
    device += f"Subsystem sftp internal-sftp\nForceCommand {forced}\n"
    (root / "jump.conf").write_text(common + jump, encoding="utf-8")
    (root / "device.conf").write_text(common + device, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.01)
    raise AssertionError(log.read_text(encoding="utf-8") if log.exists() else "sshd did not start")


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [found for child in map(int, children) for found in [*_descendants(child), child]]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


async def collect(settings: LoginSettings, limits: Limits = LIMITS) -> Bundle:
    """Collect once from the device."""
    return await RemoteShell(settings, limits).collect(TARGET, CONSENT, lambda _: None)


async def problem_of(settings: LoginSettings, limits: Limits = LIMITS) -> Problem:
    """Why nothing could be collected."""
    with pytest.raises(Problem) as caught:
        await collect(settings, limits)
    return caught.value
