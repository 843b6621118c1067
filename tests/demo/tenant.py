"""A running demo tenant, spoken to over HTTP."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

KEYS = "/v1.0/informationProtection/bitlocker/recoveryKeys"
MANAGED = "/v1.0/deviceManagement/managedDevices"
AUDITS = "/v1.0/auditLogs/directoryAudits"
INCIDENTS = "/api/now/table/incident"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Running:
    """The tenant's servers and tokens."""

    client: httpx.Client
    process: subprocess.Popen[bytes]
    config: Path
    graph: str
    tickets: str
    control: str
    tokens: dict[str, str]

    def ask(
        self,
        path: str,
        persona: str = "engineer",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: object = None,
        **query: Any,
    ) -> httpx.Response:
        """A Graph call; query options are given without their `$`."""
        token = self.tokens.get(persona, persona)
        sent = {"authorization": f"Bearer {token}"} | (headers or {})
        options = {f"${name}": value for name, value in query.items()}
        url = path if path.startswith("http") else self.graph + path
        return self.client.request(method, url, headers=sent, params=options or None, json=body)

    def everything(self, path: str, persona: str = "engineer", **query: Any) -> list[dict[str, Any]]:
        """All pages of a collection."""
        answer = self.ask(path, persona, **query)
        found: list[dict[str, Any]] = []
        for _ in range(1000):
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["value"]
            if "@odata.nextLink" not in page:
                return found
            answer = self.ask(page["@odata.nextLink"], persona)
        raise AssertionError("the chain of pages does not end")

    def desk(self, path: str = "", *, method: str = "GET", body: object = None, **query: str) -> httpx.Response:
        """A ticket call; query options are given without `sysparm_`."""
        token = (self.config.parent / "tickets-token").read_text(encoding="utf-8")
        options = {f"sysparm_{name}": value for name, value in query.items()}
        url = path if path.startswith("http") else self.tickets + INCIDENTS + path
        headers = {"authorization": f"Bearer {token}"}
        return self.client.request(method, url, headers=headers, params=options or None, json=body)

    def hand(self, what: str, method: str = "GET", body: object = None, server: str = "graph") -> dict[str, Any]:
        """A control call."""
        base = self.graph if server == "graph" else self.tickets
        headers = {"authorization": f"Bearer {self.control}"}
        answer = self.client.request(method, f"{base}/demo/{what}", headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def fault(self, kind: str, path: str, server: str = "graph", **rest: object) -> None:
        """Make the next request to a path go wrong."""
        self.hand("faults", "POST", {"kind": kind, "path": path, **rest}, server)

    def case(self, name: str) -> dict[str, Any]:
        """A hard case by name."""
        found: dict[str, Any] = self.hand("cases")[name]
        return found


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    """Start the tenant, and end it."""
    with started("--follow-parent", *arguments) as (process, told), httpx.Client(timeout=30, trust_env=False) as client:
        yield Running(client, process, Path(told.pop("config")), **told)
        process.terminate()
        process.wait(10)


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """The process and what it said when it was up; it is gone at the end, whatever the test does."""
    command = [sys.executable, "-P", "-m", "tui.demo.serve", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
            assert ready, "the tenant said nothing"
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()
