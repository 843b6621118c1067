"""What servers written from documentation share: records, people, a clock of their own, and faults."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.sources.loopback import Asked, Reply, as_json

FIRST, SECOND = "first.engineer@demo.example", "second.engineer@demo.example"
PEOPLE = {11: FIRST, 12: SECOND, 21: "caller@demo.example"}


@dataclass
class Record:
    """A ticket as all of them have it."""

    id: int
    subject: str
    status: str
    created: datetime
    updated: datetime
    owner: int | None = None
    text: str = "Key ID 4F3A9C1B"
    notes: list[tuple[str, bool]] = field(default_factory=list)
    deleted: bool = False


class Vendor:
    """What they share: records, a clock that is not this machine's, and faults that come first."""

    profile = ""
    new = closed = ""
    credential = "Bearer invented"

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.ahead = timedelta(minutes=-7)
        self.faults: list[Reply] = []

    def now(self) -> datetime:
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0)

    def create(self, subject: str, ago: float = 3600) -> str:
        at = self.now() - timedelta(seconds=ago)
        record = Record(1000 + len(self.records), subject, self.new, at, at)
        self.records[record.id] = record
        return self.key(record)

    def edit(self, key: str, **changes: Any) -> None:
        record = self.of(key)
        for name, value in changes.items():
            setattr(record, name, value)
        record.updated = self.now()

    def key(self, record: Record) -> str:
        return str(record.id)

    def of(self, key: str) -> Record:
        return self.records[int(re.sub(r"\D", "", key))]

    def __call__(self, asked: Asked) -> Reply:
        reply = self.faults.pop(0) if self.faults else self._checked(asked)
        return Reply(reply.status, reply.body, {**reply.headers, "date": format_datetime(self.now(), usegmt=True)})

    def _checked(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != self.credential:
            return as_json({"error": "no"}, 401)
        return self.answer(asked)

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def find(self, key: str) -> Record | None:
        digits = re.sub(r"\D", "", key)
        record = self.records.get(int(digits)) if digits else None
        return None if record is None or record.deleted else record
