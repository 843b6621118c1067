"""What was asked of a server, so that a test can say "exactly one keyed read"."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and how it was answered; 0 stands for a connection that was dropped."""

    method: str
    path: str
    query: str
    status: int
    client_request_id: str = ""
    user_agent: str = ""


@dataclass(slots=True)
class Traffic:
    """Counts by `METHOD /path` and the latest requests in order; `keyed_reads` by key ID."""

    requests: Counter[str] = field(default_factory=Counter)
    keyed_reads: Counter[str] = field(default_factory=Counter)
    latest: deque[Seen] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def note(self, seen: Seen) -> None:
        """Count a request."""
        self.requests[f"{seen.method} {seen.path}"] += 1
        self.latest.append(seen)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "requests": dict(self.requests),
            "keyed_reads": dict(self.keyed_reads),
            "latest": [asdict(seen) for seen in self.latest],
        }
