"""A real Redmine 5 (Debian: redmine redmine-sqlite puma) over a copy of its empty database."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.real.server import RealServer, free_port

HOME = Path("/usr/share/redmine")
PUMA = Path("/usr/bin/puma")
DATABASE = Path("/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default")
ENGINEERS = ("first.engineer", "second.engineer")
_SEED = Path(__file__).with_name("redmine_seed.rb")


def missing() -> str:
    """Why it cannot run here; empty when it can."""
    absent = [str(path) for path in (HOME, PUMA, DATABASE) if not path.exists()]
    return f"Redmine 5 is not installed: {', '.join(absent)} missing" if absent else ""


@dataclass
class Redmine:
    """The running server and its engineers' keys."""

    server: RealServer
    keys: dict[str, str]

    @property
    def url(self) -> str:
        return self.server.url

    def ask(self, method: str, path: str, engineer: str = ENGINEERS[0], **options: Any) -> Any:
        """Speak with the REST API past the adapter, as another engineer or the caller would."""
        headers = {"x-redmine-api-key": self.keys[engineer]}
        answer = httpx.request(method, f"{self.url}/{path}", headers=headers, timeout=60, trust_env=False, **options)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    profile = "redmine"

    def key_of(self, engineer: str) -> str:
        """The engineer's credential."""
        return self.keys[engineer]

    def create(self, subject: str, text: str = "", device: str = "") -> str:
        """Open an issue; its number."""
        issue: dict[str, object] = {"project_id": "recovery", "subject": subject, "description": text}
        if device:
            issue["custom_fields"] = [{"id": 1, "value": device}]
        return str(self.ask("POST", "issues.json", json={"issue": issue})["issue"]["id"])

    def rename(self, key: str, subject: str) -> None:
        """Edit it."""
        self.ask("PUT", f"issues/{key}.json", json={"issue": {"subject": subject}})

    def notes(self, key: str) -> Sequence[str]:
        """What was noted, in private."""
        found = self.ask("GET", f"issues/{key}.json", params={"include": "journals"})["issue"]["journals"]
        return [each["notes"] for each in found if each["notes"] and each["private_notes"]]

    def remove(self, key: str) -> None:
        """Delete it."""
        self.ask("DELETE", f"issues/{key}.json")


def launch(folder: Path) -> Redmine:
    """Start it in a folder of its own."""
    port = free_port()
    shutil.copy(DATABASE, folder / "redmine.db")
    environment = {
        "REDMINE_INSTANCE": "default",
        "RAILS_ENV": "production",
        "DATABASE_URL": f"sqlite3:{folder / 'redmine.db'}?timeout=10000",
        "TZ": "America/New_York",
    }
    seeded = subprocess.run(
        ["bundle", "exec", "rails", "runner", _SEED.read_text()],
        cwd=HOME, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    keys = dict(line.split() for line in seeded.stdout.splitlines() if line.startswith(ENGINEERS))
    assert len(keys) == len(ENGINEERS), seeded.stdout + seeded.stderr
    # Not through bundler: puma is not in Debian's bundle.
    command = [str(PUMA), "-e", "production", "-b", f"tcp://127.0.0.1:{port}", "-t", "2:8"]
    server = RealServer(command, environment, HOME, port, "/login", folder / "log")
    server.start()
    return Redmine(server, keys)
