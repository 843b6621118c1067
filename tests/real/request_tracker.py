"""A real Request Tracker 5 (Debian: request-tracker5, rt5-db-sqlite, rt5-standalone) over a copy of its database."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.real.server import RealServer, free_port

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
DATABASE = Path("/var/lib/dbconfig-common/sqlite3/request-tracker5/rtdb")
ENGINEERS = ("first.engineer", "second.engineer")
_SEED = Path(__file__).with_name("rt_seed.pl")


def missing() -> str:
    """Why it cannot run here; empty when it can."""
    absent = [str(path) for path in (SERVER, DATABASE) if not path.exists()]
    return f"Request Tracker 5 is not installed: {', '.join(absent)} missing" if absent else ""


@dataclass
class RequestTracker:
    """The running server and its engineers' tokens."""

    server: RealServer
    tokens: dict[str, str]

    @property
    def url(self) -> str:
        return self.server.url

    def ask(self, method: str, path: str, engineer: str = ENGINEERS[0], **options: Any) -> Any:
        """Speak with REST 2 past the adapter, as another engineer or the caller would."""
        headers = {"authorization": f"token {self.tokens[engineer]}"}
        answer = httpx.request(
            method, f"{self.url}/REST/2.0/{path}", headers=headers, timeout=60, trust_env=False, **options
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    profile = "rt"

    def key_of(self, engineer: str) -> str:
        """The engineer's credential."""
        return self.tokens[engineer]

    def create(self, subject: str, text: str = "", device: str = "") -> str:
        """Open a ticket; its number."""
        body: dict[str, object] = {
            "Queue": "Recovery",
            "Subject": subject,
            "Content": text,
            "ContentType": "text/plain",
        }
        if device:
            body["CustomFields"] = {"Device": device}
        return str(self.ask("POST", "ticket", json=body)["id"])

    def rename(self, key: str, subject: str) -> None:
        """Edit it."""
        self.ask("PUT", f"ticket/{key}", json={"Subject": subject})

    def notes(self, key: str) -> Sequence[str]:
        """What was commented, in private."""
        found = self.ask("GET", f"ticket/{key}/history?fields=Type&per_page=100")["items"]
        comments = [each["id"] for each in found if each["Type"] == "Comment"]
        attachments = self.ask("GET", f"ticket/{key}/attachments?fields=Content,TransactionId&per_page=100")["items"]
        return [each["Content"] for each in attachments if each["TransactionId"] in comments]

    def open_keys(self) -> set[str]:
        """The numbers of all tickets that are open."""
        found: list[str] = []
        while True:
            query = f"Status = '__Active__' AND id > {found[-1] if found else 0}"
            options = {"query": query, "orderby": "id", "per_page": "100"}
            page = self.ask("GET", "tickets", params=options)["items"]
            if not page:
                return set(found)
            found += [str(each["id"]) for each in page]

    def remove(self, key: str) -> None:
        """Delete it."""
        self.ask("PUT", f"ticket/{key}", json={"Status": "deleted"})


def launch(folder: Path, *, bcrypt_cost: int) -> RequestTracker:
    """Start it in a folder of its own. Its default for `$BcryptCost` is 12: 0.2 s of a processor for each request."""
    port = free_port()
    shutil.copy(DATABASE, folder / "rtdb")
    (folder / "conf").mkdir()
    settings = {
        "rtname": "demo.example",
        "Organization": "demo.example",
        "Timezone": "Europe/Berlin",
        "WebDomain": "127.0.0.1",
        "WebPort": str(port),
        "WebBaseURL": f"http://127.0.0.1:{port}",
        "DatabaseType": "SQLite",
        "DatabaseName": str(folder / "rtdb"),
        "MailCommand": "testfile",
        "LogToSTDERR": "warning",
        "BcryptCost": str(bcrypt_cost),
        "CorrespondAddress": "rt@demo.example",
        "CommentAddress": "rt-comment@demo.example",
    }
    lines = [f"Set(${name}, '{value}');" for name, value in settings.items()]
    config = folder / "RT_SiteConfig.pm"
    config.write_text("\n".join([*lines, "Set($LogToSyslog, undef);", "Set($LogToFile, undef);", "1;", ""]))
    environment = {"RT_SITE_CONFIG": str(config), "RT_SITE_CONFIG_DIR": str(folder / "conf")}
    seeded = subprocess.run(
        ["perl", str(_SEED)], env={**os.environ, **environment}, capture_output=True, text=True, timeout=90, check=False
    )
    assert seeded.returncode == 0, seeded.stderr
    tokens = dict(line.split() for line in seeded.stdout.splitlines() if len(line.split()) == 2)
    command = [str(SERVER), "--host", "127.0.0.1", "--port", str(port)]
    server = RealServer(command, environment, folder, port, "/REST/2.0/rt", folder / "log")
    server.start()
    return RequestTracker(server, tokens)
