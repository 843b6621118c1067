"""Ticket systems that cannot be installed, as far as their public documentation says how they answer."""

import json
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.sources.loopback import Asked, Reply, as_json
from tests.sources.tickets.vendor import FIRST, PEOPLE, Record, Vendor


class Jira(Vendor):
    """Search by JQL in minutes, behind the truth by `lag` seconds; texts of the user's own zone; transitions."""

    profile = "jira"
    new, closed = "Open", "Resolved"
    _zone = timezone(timedelta(hours=2))

    def __init__(self) -> None:
        super().__init__()
        self.lag = 0.0
        self._walks: dict[str, list[int]] = {}

    def key(self, record: Record) -> str:
        return f"IT-{record.id}"

    def answer(self, asked: Asked) -> Reply:
        path = asked.path
        if path == "/rest/api/2/search/jql":
            return self._search(asked)
        if path == "/rest/api/2/myself":
            return as_json({"accountId": "a11", "emailAddress": FIRST})
        if path == "/rest/api/2/user/search":
            found = [{"accountId": f"a{each}", "emailAddress": mail} for each, mail in PEOPLE.items()]
            return as_json([each for each in found if asked.query["query"] in each["emailAddress"]])
        found_key = re.match(r"/rest/(?:api/2/issue|servicedeskapi/request)/([A-Z]+-\d+)(/\w+)?$", path)
        record = self.find(found_key[1]) if found_key else None
        if record is None or found_key is None:
            return as_json({"errorMessages": ["Issue does not exist"]}, 404)
        return self._issue(asked, record, found_key[2] or "")

    def _issue(self, asked: Asked, record: Record, what: str) -> Reply:
        body = json.loads(asked.body or b"{}")
        if (asked.method, what) == ("GET", ""):
            return as_json(self._shown(record))
        if what == "/assignee":
            self.edit(self.key(record), owner=int(body["accountId"][1:]))
            return Reply(204)
        if what == "/transitions" and asked.method == "GET":
            names = ["In Progress", "Waiting for customer", "Resolved"]
            left = [name for name in names if name != record.status]
            return as_json({"transitions": [{"id": name[:2], "name": "Go", "to": {"name": name}} for name in left]})
        if what == "/transitions":
            reached = {"In": "In Progress", "Wa": "Waiting for customer", "Re": "Resolved"}
            self.edit(self.key(record), status=reached[body["transition"]["id"]])
            return Reply(204)
        if what == "/comment" and asked.method == "GET":
            return as_json({"comments": [{"body": text} for text, _ in record.notes]})
        assert "servicedeskapi" in asked.path
        record.notes.append((body["body"], body["public"]))
        return as_json({"id": "1"}, 201)

    def _search(self, asked: Asked) -> Reply:
        token, size = asked.query.get("nextPageToken", ""), int(asked.query["maxResults"])
        if not token:
            token = f"walk{len(self._walks)}-0"
            self._walks[token.split("-")[0]] = [each.id for each in self._found(asked.query["jql"])]
        walk, start = token.split("-")
        ids = self._walks[walk][int(start) : int(start) + size]
        page: dict[str, Any] = {"issues": [self._shown(self.records[each]) for each in ids]}
        if int(start) + size < len(self._walks[walk]):
            page["nextPageToken"] = f"{walk}-{int(start) + size}"
        return as_json(page)

    def _found(self, jql: str) -> list[Record]:
        ago = re.search(r"updated >= -(\d+)m", jql)
        since = (
            self.now().replace(second=0) - timedelta(minutes=int(ago[1])) if ago else datetime(1970, 1, 1, tzinfo=UTC)
        )
        seen = [each for each in self.records.values() if each.updated <= self.now() - timedelta(seconds=self.lag)]
        seen = [each for each in seen if each.updated >= since and not each.deleted]
        if "statusCategory != Done" in jql:
            seen = [each for each in seen if each.status != self.closed]
        return sorted(seen, key=lambda each: (each.updated, each.id))

    def _shown(self, record: Record) -> dict[str, Any]:
        def text(at: datetime) -> str:
            return at.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M:%S.000%z")

        owner = {"accountId": f"a{record.owner}", "displayName": "Somebody"} if record.owner else None
        done = "done" if record.status == self.closed else "indeterminate"
        return {
            "id": str(record.id),
            "key": self.key(record),
            "fields": {
                "summary": record.subject,
                "description": record.text,
                "status": {"name": record.status, "statusCategory": {"key": done}},
                "priority": {"name": "High"},
                "assignee": owner,
                "reporter": {"emailAddress": PEOPLE[21]},
                "created": text(record.created),
                "updated": text(record.updated),
                "duedate": None,
            },
        }


class Zendesk(Vendor):
    """A stream that leaves out the last minute, users beside the tickets, and updates that name what they change."""

    profile = "zendesk"
    new, closed = "new", "solved"

    def answer(self, asked: Asked) -> Reply:
        path = asked.path
        if path == "/api/v2/incremental/tickets/cursor.json":
            return self._stream(asked)
        if path == "/api/v2/search/export.json":
            return self._export(asked)
        if path == "/api/v2/users/me.json":
            return as_json({"user": {"id": 11, "email": FIRST}})
        if path == "/api/v2/users/search.json":
            users = [{"id": each, "email": mail} for each, mail in PEOPLE.items()]
            return as_json({"users": [each for each in users if f'"{each["email"]}"' in asked.query["query"]]})
        found = re.match(r"/api/v2/tickets/(\d+)(/comments)?\.json$", path)
        record = self.find(found[1]) if found else None
        if record is None or found is None:
            return as_json({"error": "RecordNotFound"}, 404)
        if found[2]:
            return as_json({"comments": [{"body": text, "public": public} for text, public in record.notes]})
        return self._change(record, json.loads(asked.body)["ticket"]) if asked.method == "PUT" else self._one(record)

    def _change(self, record: Record, change: dict[str, Any]) -> Reply:
        if change.get("safe_update") and change["updated_stamp"] != _iso(record.updated):
            return as_json({"error": "UpdateConflict"}, 409)
        if note := change.get("comment"):
            record.notes.append((note["body"], note["public"]))
        if "assignee_id" in change:
            assert isinstance(change["assignee_id"], int)
            record.owner = change["assignee_id"]
            record.status = "open" if record.status == "new" else record.status
        record.status = change.get("status", record.status)
        record.updated = max(self.now(), record.updated + timedelta(seconds=1))
        return self._one(record)

    def _one(self, record: Record) -> Reply:
        return as_json({"ticket": self._shown(record), "users": self._users()})

    def _stream(self, asked: Asked) -> Reply:
        begin = asked.query.get("cursor") or f"{int(asked.query['start_time']) - 1}.{10**9}"
        if begin == "expired":
            return as_json({"error": "InvalidCursor"}, 422)
        after = tuple(int(part) for part in begin.split("."))
        known = [each for each in self.records.values() if each.updated <= self.now() - timedelta(minutes=1)]
        rows = sorted((int(each.updated.timestamp()), each.id) for each in known)
        rows = [row for row in rows if row > after]
        size = int(asked.query["per_page"])
        page = rows[:size]
        cursor = ".".join(map(str, page[-1])) if page else begin
        shown = [self._shown(self.records[number]) for _, number in page]
        end = len(rows) <= size
        return as_json({"tickets": shown, "users": self._users(), "after_cursor": cursor, "end_of_stream": end})

    def _export(self, asked: Asked) -> Reply:
        assert asked.query["query"] == "status<solved"
        rows = [each for each in self.records.values() if each.status != self.closed and not each.deleted]
        start, size = int(asked.query.get("page[after]", "0")), int(asked.query["page[size]"])
        meta = {"has_more": start + size < len(rows), "after_cursor": str(start + size)}
        return as_json({"results": [self._shown(each) for each in rows[start : start + size]], "meta": meta})

    def _users(self) -> list[dict[str, Any]]:
        return [{"id": each, "email": mail, "name": mail.split("@")[0]} for each, mail in PEOPLE.items()]

    def _shown(self, record: Record) -> dict[str, Any]:
        return {
            "id": record.id,
            "subject": record.subject,
            "description": record.text,
            "status": "deleted" if record.deleted else record.status,
            "priority": "high",
            "requester_id": 21,
            "assignee_id": record.owner,
            "tags": [],
            "created_at": _iso(record.created),
            "updated_at": _iso(record.updated),
        }


class Freshservice(Vendor):
    """Numbered pages in the order of creation; agents and states are numbers; notes are HTML."""

    profile = "freshservice"
    new, closed = "2", "4"
    credential = "Basic aW52ZW50ZWQ6WA=="

    def answer(self, asked: Asked) -> Reply:
        assert b64decode(self.credential.split()[1]) == b"invented:X"
        path = asked.path
        if path in ("/api/v2/tickets", "/api/v2/tickets/filter"):
            return self._list(asked)
        if path == "/api/v2/agents":
            agents = [{"id": each, "email": mail} for each, mail in PEOPLE.items() if mail == asked.query["email"]]
            return as_json({"agents": agents})
        if found := re.match(r"/api/v2/agents/(\d+)$", path):
            return as_json({"agent": {"id": int(found[1]), "email": PEOPLE[int(found[1])]}})
        found = re.match(r"/api/v2/tickets/(\d+)(/\w+)?$", path)
        record = self.find(found[1]) if found else None
        if record is None or found is None:
            return Reply(404, b"", {"content-type": "application/json"})
        if found[2] == "/conversations":
            texts = [re.sub("<[^>]+>", " ", text) for text, _ in record.notes]
            return as_json({"conversations": [{"body_text": each} for each in texts]})
        body = json.loads(asked.body or b"{}")
        if found[2] == "/notes":
            record.notes.append((body["body"], not body["private"]))
            return as_json({"conversation": {"id": 1}}, 201)
        if asked.method == "PUT":
            owner = body.get("responder_id", record.owner)
            self.edit(self.key(record), owner=owner, status=str(body.get("status", record.status)))
        return as_json({"ticket": self._shown(record)})

    def _list(self, asked: Asked) -> Reply:
        rows = [each for each in self.records.values() if not each.deleted]
        if asked.path.endswith("/filter"):
            assert asked.query["query"] == '"status:2 OR status:3"'
            rows = [each for each in rows if each.status in ("2", "3")]
        elif since := asked.query.get("updated_since"):
            rows = [each for each in rows if _iso(each.updated) >= since]
        rows.sort(key=lambda each: (each.created, each.id), reverse=True)
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        return as_json({"tickets": [self._shown(each) for each in rows[(page - 1) * size : page * size]]})

    def _shown(self, record: Record) -> dict[str, Any]:
        return {
            "id": record.id,
            "type": "Incident",
            "subject": record.subject,
            "description_text": record.text,
            "status": int(record.status),
            "priority": 3,
            "responder_id": record.owner,
            "requester_id": 21,
            "requester": {"id": 21, "email": PEOPLE[21]},
            "created_at": _iso(record.created),
            "updated_at": _iso(record.updated),
        }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
