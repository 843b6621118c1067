"""The ticket desk over HTTP: the part of ServiceNow's Table API that an incident queue needs."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tui.demo.desk import CLOSED_STATES, PRIORITIES, STATES, description, short_description
from tui.demo.encoded_query import parse_query, select
from tui.demo.faults import FaultBox
from tui.demo.ids import guid_of
from tui.demo.play import Play
from tui.demo.records import Person, Ticket
from tui.demo.traffic import Seen, Traffic

Record = dict[str, Any]
_LIMIT = 10_000
_WRITABLE = ("assigned_to", "state", "work_notes", "short_description", "priority", "problem_id")
_REFERENCES = ("caller_id", "assigned_to")
_DETAILS = {
    401: ("User Not Authenticated", "Required to provide Auth information"),
    403: ("User Not Authorized", "Operation not allowed"),
    404: ("No Record found", "Record doesn't exist or ACL restricts the record retrieval"),
    405: ("Method not supported", "The Table API does not answer this method here"),
    400: ("Exception while reading request", "The payload is not valid JSON"),
    429: ("Rate limit exceeded", "Too many requests for this rule"),
}


class TableApi:
    """GET on the table, GET and PATCH on a record. The last write wins, as it does there."""

    def __init__(self, play: Play, token: str, faults: FaultBox, traffic: Traffic) -> None:
        self._play = play
        self._token = token
        self._faults = faults
        self._traffic = traffic
        self._sorted: tuple[tuple[str, int], list[Ticket]] = (("", -1), [])

    async def respond(self, request: Request) -> Response:
        """Everything under /api/now/table/incident."""
        body = await request.body()
        response = await self._faults.answer(request, lambda: self._answer(request, body), _refused)
        self._traffic.note(Seen(request.method, request.url.path, request.url.query, response.status_code))
        return response

    def _answer(self, request: Request, body: bytes) -> Response:
        self._play.run()
        if request.headers.get("authorization", "") != f"Bearer {self._token}":
            return _refused(401, {"www-authenticate": 'BASIC realm="Service-now"'})
        sys_id = request.path_params.get("sys_id")
        if sys_id is None:
            return self._list(request) if request.method == "GET" else _refused(405)
        ticket = self._play.desk.get(sys_id)
        if ticket is None:
            return _refused(404)
        if request.method == "GET":
            return self._one(request, ticket)
        return self._change(request, ticket, body) if request.method == "PATCH" else _refused(405)

    def _list(self, request: Request) -> Response:
        asked = request.query_params
        query = asked.get("sysparm_query", "")
        limit = _number(asked.get("sysparm_limit"), _LIMIT)
        offset = _number(asked.get("sysparm_offset"), 0)
        found = self._found(query)
        page = [self._shown(request, ticket) for ticket in found[offset : offset + limit]]
        headers = {"x-total-count": str(len(found))}
        if links := _links(request, len(found), limit, offset):
            headers["link"] = links
        return _json({"result": page}, headers=headers)

    def _found(self, query: str) -> list[Ticket]:
        # Every page of one walk asks the same; a hundred thousand records are not sorted again for each.
        key = (query, self._play.desk.version)
        if self._sorted[0] != key:
            terms, order = parse_query(query)
            self._sorted = (key, select(self._play.desk, terms, order))
        return self._sorted[1]

    def _one(self, request: Request, ticket: Ticket) -> Response:
        return _json({"result": self._shown(request, ticket)})

    def _change(self, request: Request, ticket: Ticket, body: bytes) -> Response:
        try:
            changes = msgspec.json.decode(body, type=dict[str, str | int | None])
        except msgspec.DecodeError:
            return _refused(400)
        self._play.change(ticket, {name: str(changes[name] or "") for name in _WRITABLE if name in changes})
        return self._one(request, ticket)

    def _shown(self, request: Request, ticket: Ticket) -> Record:
        asked = request.query_params
        wanted = [name.strip() for name in asked.get("sysparm_fields", "").split(",") if name.strip()]
        base = f"{request.url.scheme}://{request.url.netloc}/api/now/table"
        bare = asked.get("sysparm_exclude_reference_link", "").lower() == "true"
        how = asked.get("sysparm_display_value", "false").lower()
        record = _fields(ticket, set(wanted))
        names = [name for name in wanted if name in record] or (list(record) if not wanted else [])
        return {name: _value(name, *record[name], how, "" if bare else base) for name in names}


def _fields(ticket: Ticket, wanted: set[str]) -> dict[str, tuple[str, str]]:
    """Field -> (value, display value)."""
    caller = ticket.story.caller
    fields = {
        "sys_id": (ticket.sys_id,) * 2,
        "number": (ticket.number,) * 2,
        "short_description": (short_description(ticket),) * 2,
        "caller_id": (_user_id(caller), caller.name),
        "cmdb_ci": (ticket.story.device_name,) * 2,
        "state": (ticket.state, STATES.get(ticket.state, ticket.state)),
        "priority": (str(ticket.priority), PRIORITIES[str(ticket.priority)]),
        "assigned_to": (ticket.assigned_to,) * 2,
        "opened_at": (ticket.opened_at,) * 2,
        "sys_created_on": (ticket.opened_at,) * 2,
        "sys_updated_on": (ticket.updated_on,) * 2,
        "active": (str(ticket.state not in CLOSED_STATES).lower(),) * 2,
        "u_vip": (str(caller.vip).lower(),) * 2,
        "problem_id": (ticket.problem,) * 2,
        "work_notes": ("", "\n\n".join(reversed(ticket.notes))),
    }
    if not wanted or "description" in wanted:
        fields["description"] = (description(ticket),) * 2
    if any("." in name for name in wanted):
        # A field of a referenced record is there only for those who ask for it.
        fields |= {f"caller_id.{name}": (caller.upn,) * 2 for name in ("email", "user_name")}
        fields |= {f"assigned_to.{name}": (ticket.assigned_to,) * 2 for name in ("email", "user_name")}
        fields["caller_id.vip"] = (str(caller.vip).lower(),) * 2
    return {name: (value[0], value[1]) for name, value in fields.items()}


def _value(name: str, value: str, display: str, how: str, base: str) -> Any:
    link = f"{base}/sys_user/{value}" if base and name in _REFERENCES and value else ""
    if how == "all":
        return {"display_value": display, "value": value} | ({"link": link} if link else {})
    shown = display if how == "true" else value
    if not link:
        return shown
    return {"display_value": display, "link": link} if how == "true" else {"link": link, "value": value}


def _user_id(person: Person) -> str:
    return guid_of("sys_user", person.id).replace("-", "")


def _links(request: Request, total: int, limit: int, offset: int) -> str:
    if limit <= 0 or total <= limit:
        return ""
    last = (total - 1) // limit * limit
    places = {"first": 0, "prev": offset - limit, "next": offset + limit, "last": last}
    kept = {name: value for name, value in request.query_params.items() if name != "sysparm_offset"}
    base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
    return ",".join(
        f'<{base}?{urlencode({**kept, "sysparm_offset": place})}>;rel="{name}"'
        for name, place in places.items()
        if 0 <= place <= last
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() else otherwise


def _json(content: Record, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, "application/json;charset=UTF-8")


def _refused(status: int, headers: dict[str, str] | None = None) -> Response:
    message, detail = _DETAILS.get(status, ("Transaction cancelled", "The instance could not answer"))
    return _json({"error": {"message": message, "detail": detail}, "status": "failure"}, status, headers)
