"""A small tenant on loopback that a test may let misbehave, and `reseal lookup` asking it."""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sources.loopback import Asked, Reply, as_json, loopback
from tui import headless
from tui.config import load
from tui.wiring import open_console

DEVICE = "0d0d0d0d-0000-4000-8000-000000000001"
OBJECT = "0b0b0b0b-0000-4000-8000-000000000001"
INTUNE = "0a0a0a0a-0000-4000-8000-000000000001"
KEY = "4a2b9c1d-0000-4000-8000-000000000001"
OTHER = "0d0d0d0d-0000-4000-8000-000000000002"
KEYS = "/informationProtection/bitlocker/recoveryKeys"
ITEM = {"id": KEY, "deviceId": DEVICE, "createdDateTime": "2026-04-15T07:12:00.0000000Z", "volumeType": "1"}
ENTRA = {
    "id": OBJECT, "deviceId": DEVICE, "displayName": "LT-1", "trustType": "AzureAd", "accountEnabled": True,
    "operatingSystemVersion": "10.0.26100.4061", "registrationDateTime": "2025-01-01T00:00:00Z",
    "approximateLastSignInDateTime": "2026-04-15T00:00:00Z",
}  # fmt: skip
MANAGED = {
    "id": INTUNE,
    "azureADDeviceId": DEVICE,
    "deviceName": "LT-1",
    "serialNumber": "S1",
    "osVersion": "10.0.26100.4061",
}

Answering = Callable[[Asked], "Reply | Awaitable[Reply] | None"]


def plain(asked: Asked) -> Reply:
    """A small tenant that does everything right."""
    path = re.sub(r"^/(v1\.0|beta)", "", asked.path)
    lists: dict[str, list[dict[str, Any]]] = {
        KEYS: [ITEM],
        "/devices": [ENTRA],
        "/deviceManagement/managedDevices": [MANAGED],
    }
    if asked.path == "/api/now/table/incident":
        return as_json({"result": []})
    if path == f"{KEYS}/{KEY}":
        return as_json(ITEM)
    if path == "/me":
        return as_json({"id": OBJECT, "userPrincipalName": "me@demo.example", "displayName": "Me"})
    if path == f"/devices(deviceId='{DEVICE}')":
        return as_json(ENTRA)
    if path in lists:
        return as_json({"value": lists[path]})
    if (
        path.startswith((KEYS, "/devices("))
        and path.count("/") <= 4
        and "/registered" not in path
        and "/member" not in path
    ):
        return as_json({"error": {"code": "Request_ResourceNotFound", "message": "no"}}, 404)
    if path == "/policies/authorizationPolicy":
        return as_json({"defaultUserRolePermissions": {"allowedToReadBitlockerKeysForOwnedDevice": True}})
    return as_json({"value": []})


@dataclass(frozen=True)
class Looked:
    code: int
    answer: dict[str, Any]
    said: str
    asked: list[Asked]

    @property
    def verdict(self) -> str:
        return str(self.answer["verdict"])

    def count(self, path: str) -> int:
        return sum(path in asked.target for asked in self.asked)


LookUp = Callable[..., Awaitable[Looked]]

CONFIG = """
[tenant]
name = "Demo"
tenant_id = "0c0c0c0c-0000-4000-8000-000000000001"
client_id = "0c0c0c0c-0000-4000-8000-000000000002"
[sign_in]
method = "token-env"
[graph]
endpoint = "{url}"
[[tickets]]
profile = "servicenow"
url = "{url}"
token_command = ["echo", "an-invented-token"]
"""


@pytest.fixture
def look_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> LookUp:
    monkeypatch.setenv("RESEAL_GRAPH_TOKEN", "an-invented-token")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)

    async def show(term: str, answer: Answering = lambda _: None) -> Looked:
        async def answering(asked: Asked) -> Reply:
            found = answer(asked)
            reply = found if found is None or isinstance(found, Reply) else await found
            return plain(asked) if reply is None else reply

        async def no_prompt(_: object) -> None:
            raise AssertionError("nobody signs in here")

        async with loopback(answering) as server:
            config = tmp_path / "config.toml"
            config.write_text(CONFIG.format(url=server.url), encoding="utf-8")
            config.chmod(0o600)
            async with open_console(load(config), state, on_prompt=no_prompt, mode="headless") as console:
                code = await headless.show_lookup(console, term, as_json=True)
            told = capsys.readouterr()
            return Looked(code, json.loads(told.out), told.err, server.asked)

    return show


def on(path: str, reply: Reply | Callable[[Asked], Reply | None]) -> Answering:
    """Another answer for paths that hold this text."""

    def answer(asked: Asked) -> Reply | None:
        if path not in asked.path:
            return None
        return reply if isinstance(reply, Reply) else reply(asked)

    return answer


def first_times(count: int, path: str, reply: Reply) -> Answering:
    """Each path that holds this text is answered so at first."""
    asked_for: Counter[str] = Counter()

    def answer(asked: Asked) -> Reply | None:
        asked_for[asked.target] += 1
        graph = asked.path.startswith(("/v1.0", "/beta"))
        return reply if graph and path in asked.path and asked_for[asked.target] <= count else None

    return answer


HALF = Reply(200, b'{"value": [' * 20, {"content-type": "application/json"}, cut=30)
BROKEN = Reply(200, b'{"value": [', {"content-type": "application/json"})
