"""Taking recovery passwords out of texts: what texts without one cost, and texts made of nothing but digits."""

import random
import re

from tests.benchmarks import Row, compare
from tests.benchmarks.triage import tickets
from tests.diagnosis.corpus import invented_password
from tui.diagnosis.redact import redact

GOAL, TOLD_GOAL, HOSTILE_GOAL = 0.6, 12.0, 30.0
_COUNT = 2_000
_PLAIN = re.compile(r"\d{6}")


def run() -> list[Row]:
    """Tickets without a password, tickets with one, and 120 kB of groups, beside one plain pattern for six digits."""
    plain = tickets(_COUNT, 1.0)
    told = [f"{text[:600]} {invented_password(n)}" for n, text in enumerate(plain)]
    pick = random.Random(4)
    hostile = [" ".join(f"{pick.randrange(1_000_000):06}" for _ in range(17_000))]
    return [
        _row("redaction: a ticket without a password", plain, GOAL),
        _row("redaction: a ticket with a password", told, TOLD_GOAL),
        _row("redaction: 120 kB of six-digit groups", hostile, HOSTILE_GOAL),
    ]


def _row(name: str, texts: list[str], goal: float) -> Row:
    pace = compare(lambda: [redact(text) for text in texts], lambda: [_PLAIN.findall(text) for text in texts])
    each = 1e6 * pace.work / len(texts)
    return Row(name, pace.ratio, goal, f"{each:,.1f} microseconds each; yardstick: one plain pattern for six digits")
