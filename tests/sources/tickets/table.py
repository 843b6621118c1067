"""One incident behind ServiceNow's Table API, with its journal of work notes: enough to write to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sources.loopback import Asked, Reply, as_json


@dataclass
class TableDesk:
    """Answers like an instance; the last writer wins, as there."""

    records: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    patches: list[Mapping[str, str]] = field(default_factory=list)
    edits: int = 0

    def add(self, key: str, **fields: str) -> None:
        self.records[key] = {"sys_id": key, "number": "INC1", "state": "1", "assigned_to": "", **fields}
        self.notes[key] = []
        self.touch(key)

    def touch(self, key: str, **fields: str) -> None:
        """Edit a record; each edit is a second later."""
        self.edits += 1
        minutes, seconds = divmod(self.edits, 60)
        stamp = f"2026-04-15 07:{minutes:02}:{seconds:02}"
        self.records[key] |= {"sys_updated_on": stamp, **fields}

    def __call__(self, asked: Asked) -> Reply:
        key = asked.path.rsplit("/", 1)[-1]
        if key == "incident":
            return self._list(asked)
        if key not in self.records:
            return as_json({"error": {"message": "No Record found"}}, 404)
        if asked.method == "PATCH":
            change = json.loads(asked.body)
            self.patches.append(change)
            if note := change.pop("work_notes", ""):
                self.notes[key].append(note)
            self.touch(key, **change)
        shown = dict(self.records[key])
        if "work_notes" in asked.query.get("sysparm_fields", ""):
            shown["work_notes"] = "\n\n".join(reversed(self.notes[key]))
        return as_json({"result": shown})

    def _list(self, asked: Asked) -> Reply:
        terms = asked.query["sysparm_query"].split("^")
        since = next((term.partition(">=")[2] for term in terms if ">=" in term), "")
        rows = [row for row in self.records.values() if row["sys_updated_on"] >= since]
        if "active=true" in terms:
            rows = [row for row in rows if row["state"] not in ("6", "7", "8")]
        rows.sort(key=lambda row: (row["sys_updated_on"], row["sys_id"]))
        offset, limit = int(asked.query["sysparm_offset"]), int(asked.query["sysparm_limit"])
        return as_json({"result": rows[offset : offset + limit]}, x_total_count=str(len(rows)))
