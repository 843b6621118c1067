"""A real Active Directory domain controller on loopback: Samba, provisioned into a temporary directory."""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sources.active_directory.certificates import Authority
from tui.sources.active_directory.server import DirectoryServer

REALM, BASE = "CORP.EXAMPLE", "DC=corp,DC=example"
ADMIN_PASSWORD = "Invented!2026adm"
USER_PASSWORD = "Invented!2026usr"
PACKAGES = "samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind krb5-user"
SYSTEM_PYTHON = "/usr/bin/python3"
FILES = Path(__file__).parent

SHARED_PREFIX = "4f3a9c1b"
TWINS = (f"{SHARED_PREFIX}-7d2e-4b6a-9c11-0a2b3c4d5e6f", f"{SHARED_PREFIX}-0001-4000-8000-00000000beef")
CLONED = "c10ed000-1111-4222-8333-444455556666"
MISLABELLED = "bad1abe1-1111-4222-8333-444455556666"
BULK = 60
"""Computers beside those that have a story, each with one key or two."""


def why_not() -> str:
    """Why no domain can be started here; empty when it can."""
    missing = [tool for tool in ("samba", "samba-tool", "kinit", SYSTEM_PYTHON) if shutil.which(tool) is None]
    if missing:
        return f"no Active Directory here: {', '.join(missing)} missing (apt-get install {PACKAGES})"
    if not Path("/usr/share/samba/setup").is_dir():
        return f"no Active Directory here: Samba's provisioning files missing (apt-get install {PACKAGES})"
    if os.geteuid() != 0:
        return "no Active Directory here: Samba's ports (389, 636, 88) need root"
    return ""


def invented_password(rng: random.Random) -> str:
    return "-".join(f"{rng.randrange(65536) * 11:06d}" for _ in range(8))


@dataclass
class Domain:
    """The domain controller and what is in it."""

    root: Path
    address: str
    authority: Authority
    plan: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def passwords(self) -> dict[str, str]:
        """Every recovery password, by its key ID."""
        return {key["id"]: key["password"] for each in self.plan["computers"] for key in each["keys"]}

    def server(self, user: str = "read", **changes: Any) -> DirectoryServer:
        settings = {
            "url": f"ldaps://{self.address}",
            "base": BASE,
            "ca_file": str(self.authority.ca_file),
            "user": user and f"{user}@corp.example",
            "password_env": "TEST_AD_PASSWORD",
            **changes,
        }
        return DirectoryServer(**settings)

    def start(self) -> None:
        configuration = str(self.root / "dc/etc/smb.conf")
        self.process = subprocess.Popen(
            ["samba", "-s", configuration, "-i", "--no-process-group", "-M", "single"],
            # At its end Samba ends too, so that none is left when the tests are killed.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for port in (389, 636, 88):
            self._await_port(port)

    def stop(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While this lasts the server accepts connections and answers nothing."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def add(self, *computers: dict[str, Any]) -> None:
        """Add computers to unit "Desks"; with `object_guid` they are hybrid joined devices of Entra ID."""
        plan = {"units": [], "users": {}, "computers": [{"unit": "Desks", **each} for each in computers]}
        _seed(self, plan)
        self.plan["computers"] += plan["computers"]

    async def account(self, verb: str, *arguments: str) -> None:
        """`samba-tool user VERB`."""
        where = ["-H", str(self.root / "dc/private/sam.ldb"), "-s", str(self.root / "dc/etc/smb.conf")]
        await asyncio.to_thread(_run, ["samba-tool", "user", verb, *arguments, *where])

    def _await_port(self, port: int) -> None:
        deadline = time.monotonic() + 40
        while True:
            try:
                socket.create_connection((self.address, port), 1).close()
                return
            except OSError:
                assert self.process is not None
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log = (self.root / "dc/log.samba").read_text(errors="replace")[-2000:]
                    raise AssertionError(f"samba did not start: {log}") from None
                time.sleep(0.05)


def build(root: Path) -> Domain:
    """Provision, seed and start."""
    # Loopback has 16 million addresses: two runs at once need not share the fixed ports.
    rng = random.Random(os.getpid())
    address = f"127.{rng.randrange(64, 250)}.{rng.randrange(250)}.{rng.randrange(2, 250)}"
    domain = Domain(root, address, Authority(root / "ca", "Invented test authority"))
    _provision(domain)
    domain.plan = invented_plan()
    _seed(domain, domain.plan)
    _kerberos(domain)
    domain.start()
    return domain


def _seed(domain: Domain, plan: dict[str, Any]) -> None:
    _run([SYSTEM_PYTHON, str(FILES / "seed.py"), str(domain.root / "dc")], json.dumps(plan))


def _provision(domain: Domain) -> None:
    dc = domain.root / "dc"
    command = ["samba-tool", "domain", "provision", f"--targetdir={dc}", f"--realm={REALM}", "--domain=CORP"]
    command += ["--server-role=dc", "--dns-backend=NONE", f"--adminpass={ADMIN_PASSWORD}", "--host-name=dc1"]
    command += [f"--host-ip={domain.address}", f"--option=interfaces={domain.address}/8"]
    command += ["--option=bind interfaces only=yes"]
    _run(command)
    (dc / "run").mkdir()
    (dc / "ncalrpc").mkdir(mode=0o755)
    key, certificate = domain.authority.issue(
        domain.root / "dc-certificate", names=["dc1.corp.example"], ip=domain.address
    )
    settings = {
        # Neither SMB nor RPC nor DNS.
        "server services": "ldap, cldap, kdc",
        # As Windows does: Kerberos inside TLS needs no second layer.
        "ldap server require strong auth": "allow_sasl_over_tls",
        "log file": dc / "log.samba",
        "pid directory": dc / "run",
        "ncalrpc dir": dc / "ncalrpc",
        "disable netbios": "yes",
        "tls keyfile": key,
        "tls certfile": certificate,
        "tls cafile": domain.authority.ca_file,
    }
    file = dc / "etc/smb.conf"
    kept = [line for line in file.read_text().splitlines() if line.partition("=")[0].strip() not in settings]
    at = kept.index("[global]") + 1
    kept[at:at] = [f"\t{name} = {value}" for name, value in settings.items()]
    file.write_text("\n".join(kept) + "\n")


def _kerberos(domain: Domain) -> None:
    dc = domain.root / "dc"
    where = ["-s", str(dc / "etc/smb.conf"), "-H", str(dc / "private/sam.ldb")]
    _run(["samba-tool", "spn", "add", f"ldap/{domain.address}", "DC1$", *where])
    (domain.root / "krb5.conf").write_text(
        f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
        " dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n"
        f"[realms]\n {REALM} = {{\n  kdc = {domain.address}\n }}\n"
    )


def invented_plan() -> dict[str, Any]:
    """Computers with a story in unit "Desks", one that the delegated accounts do not reach in "Vault", and a crowd."""
    rng = random.Random(20261123)

    def key(key_id: str = "", created: str = "2026-04-15T09:12:00+02:00", **more: str) -> dict[str, str]:
        ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(2)]
        return {
            "id": key_id or ids[0],
            "created": created,
            "volume": ids[1],
            "password": invented_password(rng),
            **more,
        }

    def computer(name: str, *keys: dict[str, str], unit: str = "Desks", **extra: str) -> dict[str, Any]:
        return {"name": name, "unit": unit, "keys": list(keys), "extra": extra}

    computers = [
        computer(
            "LT-ONE",
            key(TWINS[0]),
            dNSHostName="lt-one.corp.example",
            operatingSystem="Windows 11 Enterprise",
            lastLogonTimestamp="134083296000000000",
            userAccountControl="4096",
        ),
        computer("LT-TWO", key(TWINS[1]), key(created="2026-05-02T08:00:00-00:00"), userAccountControl="4098"),
        computer("LT-NONE"),
        computer("LT-CLONE-A", key(CLONED)),
        computer("LT-CLONE-B", key(CLONED)),
        computer("LT-WRONG", key(MISLABELLED, kept_id="0badc0de-1111-4222-8333-444455556666")),
        computer("LT-DAMAGED", key(password="not eight blocks")),
        computer("LT-HIDDEN", key(), unit="Vault"),
    ]
    computers += [computer(f"LT-{at:04d}", *(key() for _ in range(1 + at % 2))) for at in range(BULK)]
    users = {name: USER_PASSWORD for name in ("none", "list", "read")}
    return {"units": ["Desks", "Vault"], "users": users, "computers": computers}


def _run(command: list[str], text: str | None = None) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, f"{command[0]} failed: {done.stderr[-3000:]}"
