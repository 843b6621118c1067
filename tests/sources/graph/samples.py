"""Invented answers of Graph, and a call to give them to."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.sources.loopback import Asked, Reply, as_json
from tui.errors import Problem
from tui.sources.graph.transport import Transport

DEVICE = "0d0d0d0d-0000-4000-8000-000000000001"
OBJECT = "0b0b0b0b-0000-4000-8000-000000000001"
KEY = "0e0e0e0e-0000-4000-8000-000000000001"
OTHER = "0f0f0f0f-0000-4000-8000-000000000002"


def key(key_id: str = KEY, device_id: str = DEVICE, **fields: object) -> dict[str, object]:
    return {"id": key_id, "deviceId": device_id, "createdDateTime": "2026-04-15T07:12:00.0000000Z", **fields}


def managed(managed_id: str = OTHER, device_id: str = DEVICE, **fields: object) -> dict[str, object]:
    return {"id": managed_id, "azureADDeviceId": device_id, "deviceName": "LT-1", **fields}


def chain(*pages: list[object]) -> Callable[[Asked], Reply]:
    """Answers page by page, each with a link to the next."""

    def answer(asked: Asked) -> Reply:
        number = int(asked.query.get("$skiptoken", "0"))
        body: dict[str, object] = {"value": pages[number]}
        if number + 1 < len(pages):
            body["@odata.nextLink"] = f"http://{asked.headers['host']}{asked.path}?$skiptoken={number + 1}"
        return as_json(body)

    return answer


def endless(item: Callable[[int], list[object]]) -> Callable[[Asked], Reply]:
    """Every page has a link to a new next one."""

    def answer(asked: Asked) -> Reply:
        number = int(asked.query.get("$skiptoken", "0"))
        link = f"http://{asked.headers['host']}{asked.path}?$skiptoken={number + 1}"
        return as_json({"value": item(number), "@odata.nextLink": link})

    return answer


def keys(transport: Transport) -> object:
    return transport.client.information_protection.bitlocker.recovery_keys.to_get_request_information()


async def refused(transport: Transport, retries: int = 0) -> Problem:
    with pytest.raises(Problem) as caught:
        await transport.send(keys(transport), str(uuid4()), retries=retries)
    return caught.value
