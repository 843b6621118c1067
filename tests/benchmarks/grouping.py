"""Grouping of 100,000 tickets against SQL's GROUP BY and a plain scan, in one run; the ratios are what counts."""

import random
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from tests.benchmarks import Row
from tests.services.fleet_model import cases
from tests.services.grouped_fleet import evidence_of, incident_of
from tui.model.incident import Incident
from tui.services.groups import GroupBook
from tui.services.incident_evidence import IncidentEvidence

TICKETS = 100_000
ROUNDS = 5


def tickets(count: int = TICKETS) -> tuple[list[Incident], dict[str, IncidentEvidence]]:
    """Tickets of the made-up fleet, many times over, in no order."""
    fleet = cases(2_000, seed=11)
    known = [(incident_of(case.number, case.text), evidence_of(case)) for case in fleet]
    incidents, evidence = [], {}
    for number in range(count):
        like, found = known[number % len(known)]
        plain = incident_of(number, "")
        incident = replace(plain, reading=like.reading)
        incidents.append(incident)
        if found is not None:
            evidence[incident.id] = found
    random.Random(1).shuffle(incidents)
    return incidents, evidence


def _median(work: Callable[[], object]) -> float:
    """Milliseconds of processor time: a busy machine makes everything slow, and this the least."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def run(count: int = TICKETS) -> list[Row]:
    """Measure everything once."""
    incidents, evidence = tickets(count)
    book = GroupBook()
    book.fill(incidents, evidence)
    keys = [(book.key_of(incident.id), incident.ticket.state) for incident in incidents]
    flat = [tuple(map(str, (key.cause, key.pcr, key.event, key.update, key.grade))) for key, _ in keys if key]
    numbers = iter(range(count, count + 10_000))
    likes = iter(incidents)

    def full() -> None:
        GroupBook().fill(incidents, evidence)

    def shown() -> None:
        fresh = GroupBook()
        fresh.fill(incidents, evidence)
        fresh.groups()

    def one_more() -> None:
        like = next(likes)
        book.put(replace(incident_of(next(numbers), ""), reading=like.reading), evidence.get(like.id))
        book.groups()

    scan = _median(lambda: Counter(flat))
    grouped = _sql(flat, index=False), _sql(flat, index=True)
    yardsticks = f"plain scan {scan:.1f} ms, SQL GROUP BY {grouped[0]:.1f} ms, with an index {grouped[1]:.1f} ms"
    whole, headers = _median(full), _median(shown)
    one = statistics.median(_median(one_more) for _ in range(50))
    return [
        Row(f"grouping: {count:,} tickets, against 1 s", whole / 1000, 1.0, f"{whole:.0f} ms; {yardsticks}"),
        Row(
            f"grouping: {count:,} tickets with headers, against SQL GROUP BY",
            headers / grouped[0],
            20.0,
            f"{headers:.0f} ms",
        ),
        Row("grouping: one more ticket, against 1 ms", one, 1.0, f"{one:.3f} ms"),
    ]


def _sql(flat: list[tuple[str, ...]], *, index: bool) -> float:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE TABLE tickets (cause, pcr, event, kb, grade)")
        connection.executemany("INSERT INTO tickets VALUES (?, ?, ?, ?, ?)", flat)
        if index:
            connection.execute("CREATE INDEX all_of_it ON tickets (cause, pcr, event, kb, grade)")
        query = "SELECT cause, pcr, event, kb, grade, count(*) FROM tickets GROUP BY cause, pcr, event, kb, grade"
        return _median(lambda: connection.execute(query).fetchall())
    finally:
        connection.close()
