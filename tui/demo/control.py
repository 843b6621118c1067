"""The hand on the play: faults, cases, counters, and the clock. Opened by the control token alone."""

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tui.demo.faults import Fault, FaultBox
from tui.demo.play import Play
from tui.demo.traffic import Traffic


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Tenant settings that a rehearsal may change; what is left out stays."""

    owners_may_read: bool | None = None
    audit_delay: float | None = None


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds of the play to turn the clock on by."""

    seconds: float


class Control:
    """The control endpoints of one server; faults and counters are that server's own."""

    def __init__(self, play: Play, token: str, faults: FaultBox, traffic: Traffic) -> None:
        self._play = play
        self._token = token
        self._faults = faults
        self._traffic = traffic

    def routes(self) -> list[Route]:
        """Everything under /demo."""
        return [Route("/demo/{what}", self._answer, methods=["GET", "POST", "DELETE"])]

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return _json({"error": "the control token is needed"}, 401)
        body = await request.body()
        self._play.run()
        try:
            told = self._do(request.method, request.path_params["what"], body)
        except (msgspec.DecodeError, re.error) as problem:
            return _json({"error": str(problem)}, 400)
        return _json({"error": "no such control"}, 404) if told is None else _json(told)

    def _do(self, method: str, what: str, body: bytes) -> dict[str, Any] | None:
        match method, what:
            case "GET", "cases":
                return self._cases()
            case "GET", "state":
                return self._state()
            case "POST", "advance":
                self._play.advance(msgspec.json.decode(body, type=Advance).seconds)
                return self._state()
            case "POST", "faults":
                fault = msgspec.json.decode(body, type=Fault)
                re.compile(fault.path)
                self._faults.faults.append(fault)
                return {"faults": msgspec.to_builtins(self._faults.faults)}
            case "DELETE", "faults":
                self._faults.faults.clear()
                return {"faults": []}
            case "POST", "settings":
                return self._set(msgspec.json.decode(body, type=Settings))
        return None

    def _cases(self) -> dict[str, Any]:
        desk = self._play.desk
        by_number = {ticket.number: ticket for ticket in self._play.tickets if ticket.scripted}
        return {
            name: {
                "tells": case.tells,
                "ticket": case.ticket,
                "sys_id": by_number[case.ticket].sys_id,
                "arrived": desk.get(by_number[case.ticket].sys_id) is not None,
                "device_name": by_number[case.ticket].story.device_name,
                "devices": list(case.devices),
                "keys": list(case.keys),
            }
            for name, case in self._play.cases.items()
        }

    def _state(self) -> dict[str, Any]:
        play = self._play
        return self._traffic.told() | {
            "seconds": play.clock.now(),
            "tickets_arrived": len(play.desk),
            "tickets_total": len(play.tickets),
            "keys": len(play.tenant.key_by_id),
            "devices": len(play.tenant.devices),
            "faults": msgspec.to_builtins(self._faults.faults),
        }

    def _set(self, settings: Settings) -> dict[str, Any]:
        tenant = self._play.tenant
        if settings.owners_may_read is not None:
            tenant.owners_may_read = settings.owners_may_read
        if settings.audit_delay is not None:
            tenant.audit_delay = settings.audit_delay
        return {"owners_may_read": tenant.owners_may_read, "audit_delay": tenant.audit_delay}


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
