"""A software TPM 2.0 (swtpm), driven by tpm2-tools: a real implementation to check our own arithmetic against."""

import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = ("swtpm", "tpm2_pcrextend", "tpm2_pcrread", "tpm2_createprimary", "tpm2_create", "tpm2_unseal", "tpm2_eventlog")
PACKAGES = "swtpm tpm2-tools libtss2-tcti-swtpm0"
"""Debian packages."""

BANKS = ("sha1", "sha256", "sha384", "sha512")
_SECONDS = 30
_AT_ONCE = 40
_READ = re.compile(r"^\s+(\d+)\s*: 0x([0-9A-F]+)$")
_EVENT = re.compile(r"^  PCRIndex: (?P<pcr>\d+)\n  EventType: (?P<type>.+)\n", re.M)
_AGILE_DIGEST = re.compile(r'^  - AlgorithmId: (\w+)\n    Digest: "([0-9a-f]*)"', re.M)
_PLAIN_DIGEST = re.compile(r'^  Digest: "([0-9a-f]*)"', re.M)
_SIZE = re.compile(r"^  EventSize: (\d+)", re.M)

Extension = tuple[int, dict[str, bytes]]
"""A PCR, and the digest for each bank."""


def needed() -> None:
    """Skip with the reason where the programs are missing."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)}: install the Debian packages {PACKAGES}")


@dataclass
class SoftTpm:
    """A running TPM, just powered on: its PCRs are zero."""

    folder: Path

    def extend(self, extensions: Iterable[Extension]) -> None:
        """Extend PCRs in the given order, as firmware does at boot."""
        specs = [
            f"{pcr}:{','.join(f'{bank}={digest.hex()}' for bank, digest in digests.items())}"
            for pcr, digests in extensions
            if digests
        ]
        for start in range(0, len(specs), _AT_ONCE):
            self.run("tpm2_pcrextend", *specs[start : start + _AT_ONCE])

    def pcrs(self, banks: Iterable[str]) -> dict[str, dict[int, bytes]]:
        """The values that the TPM holds."""
        return {bank: self._bank(self.run("tpm2_pcrread", bank).stdout) for bank in banks}

    @staticmethod
    def _bank(printed: str) -> dict[int, bytes]:
        found = filter(None, map(_READ.match, printed.splitlines()))
        return {int(line[1]): bytes.fromhex(line[2]) for line in found}

    def seal(self, secret: bytes, pcrs: str) -> None:
        """Seal a secret to the values that the PCRs (`sha256:7`) have now; the sealed blob stays in the folder."""
        self._primary()
        self.run("tpm2_createpolicy", "-Q", "--policy-pcr", "-l", pcrs, "-L", "policy.dat")
        attributes = "fixedtpm|fixedparent|noda|adminwithpolicy"
        (self.folder / "secret").write_bytes(secret)
        self.run(
            "tpm2_create", "-Q", "-C", "primary.ctx", "-L", "policy.dat", "-a", attributes,
            "-i", "secret", "-u", "sealed.pub", "-r", "sealed.priv",
        )  # fmt: skip
        self._flush()

    def unseal(self, pcrs: str) -> bytes | None:
        """The secret; None when the TPM refuses because the PCRs are not those that it was sealed to."""
        self._primary()
        self.run("tpm2_load", "-Q", "-C", "primary.ctx", "-u", "sealed.pub", "-r", "sealed.priv", "-c", "sealed.ctx")
        self._flush()
        done = self.run("tpm2_unseal", "-c", "sealed.ctx", "-p", f"pcr:{pcrs}", "-o", "unsealed", check=False)
        self._flush()
        if done.returncode == 0:
            return (self.folder / "unsealed").read_bytes()
        assert "a policy check failed" in done.stderr, done.stderr
        return None

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One of the tools, against this TPM."""
        env = {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:path={self.folder / 'tpm.sock'}"}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def _primary(self) -> None:
        self.run("tpm2_createprimary", "-Q", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", "primary.ctx")
        self._flush()

    def _flush(self) -> None:
        # Without a resource manager the TPM has three places for objects.
        self.run("tpm2_flushcontext", "-t")


@contextmanager
def booted(state: Path, locality: int = 0) -> Iterator[SoftTpm]:
    """Power a TPM on, and off again; what `state` holds outlives it, as a chip's own memory does.

    `locality` is the one that the TPM is started from; 3 is that of a core root of trust in hardware.
    """
    needed()
    memory = state / "nvram"
    memory.mkdir(exist_ok=True)
    # A socket's path may have 107 characters, and pytest's folders have long names.
    with tempfile.TemporaryDirectory(prefix="tpm-") as short:
        path = Path(short) / "s"
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={memory}", "--flags", "not-need-init"]
        command += ["--server", f"type=unixio,path={path}", "--ctrl", f"type=unixio,path={path}.ctrl"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            try:
                _start(path, locality)
                for name in ("tpm.sock", "tpm.sock.ctrl"):
                    (state / name).unlink(missing_ok=True)
                (state / "tpm.sock").symlink_to(path)
                (state / "tpm.sock.ctrl").symlink_to(f"{path}.ctrl")
                tpm = SoftTpm(state)
                yield tpm
                tpm.run("tpm2_shutdown")
            finally:
                process.kill()


_SET_LOCALITY = 5
_STARTUP = bytes.fromhex("80010000000c000001440000")
"""TPM2_Startup(CLEAR) (TPM 2.0 Library, part 3, section 9.3)."""


def _start(path: Path, locality: int) -> None:
    """Start the TPM from a locality (swtpm_ioctls.h), and go back to locality 0."""
    _ask(Path(f"{path}.ctrl"), struct.pack(">IB", _SET_LOCALITY, locality), bytes(4))
    _ask(path, _STARTUP, bytes.fromhex("80010000000a00000000"))
    _ask(Path(f"{path}.ctrl"), struct.pack(">IB", _SET_LOCALITY, 0), bytes(4))


def _ask(path: Path, message: bytes, wanted: bytes) -> None:
    with _connected(path) as connection:
        connection.sendall(message)
        assert connection.recv(4096) == wanted


def _connected(path: Path) -> socket.socket:
    """A connection, as soon as swtpm takes one: its sockets are there before it listens on them."""
    deadline = time.monotonic() + _SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            assert time.monotonic() < deadline, "swtpm did not start"
            time.sleep(0.005)
        else:
            return connection


@dataclass(frozen=True)
class Told:
    """An event as `tpm2_eventlog` prints it."""

    number: int
    pcr: int
    type: str
    digests: dict[str, str]
    size: int


def eventlog(log: Path) -> tuple[list[Told], dict[str, dict[int, bytes]], bool]:
    """What `tpm2_eventlog` says: events, PCR values, and whether it came to the end of the log."""
    needed()
    command = ["tpm2_eventlog", str(log)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_SECONDS)
    before, _, after = done.stdout.partition("\npcrs:\n")
    whole = done.returncode == 0
    return _told(before + "\n", whole), _values(after), whole


def _told(text: str, whole: bool) -> list[Told]:
    heads = list(_EVENT.finditer(text))
    events = []
    for number, head in enumerate(heads):
        rest = text[head.end() : heads[number + 1].start() if number + 1 < len(heads) else len(text)]
        digests = dict(_AGILE_DIGEST.findall(rest))
        plain, size = _PLAIN_DIGEST.search(rest), _SIZE.search(rest)
        if size is None:
            assert not whole
            break
        kept = digests or ({"sha1": plain[1]} if plain else {})
        events.append(Told(number, int(head["pcr"]), head["type"].strip(), kept, int(size[1])))
    return events


def _values(text: str) -> dict[str, dict[int, bytes]]:
    values: dict[str, dict[int, bytes]] = {}
    for line in text.splitlines():
        bank = re.fullmatch(r"  (\w+):", line)
        if bank is not None:
            values[bank[1]] = {}
        elif values and (value := re.fullmatch(r"\s+(\d+)\s*: 0x([0-9a-f]+)", line)):
            values[list(values)[-1]][int(value[1])] = bytes.fromhex(value[2])
    return values
