"""A process that sends ticket writes and can be told at which step to die.

Reads lines `VERB STATE URL DIE_AT`; for each it forks a child, and says `kept ...` for what was kept, and `ended`.
`begin` submits a claim, a note and a state and sends them, `resume` sends what is left, `hold` takes the outbox's lock
and waits to be killed.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.sources.tickets.profiles import profile
from tui.clock import SystemClock
from tui.model.incident import IncidentState, Ticket
from tui.services import writes
from tui.services.incidents import incident_of
from tui.services.outbox import OPEN, WriteKind
from tui.services.writes import WriteService
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets
from tui.store.outbox import open_outbox

ME = "me@demo.example"
NOTE = "Key ID 4F3A9C1B confirmed."
KEY = f"{1:032x}"
_NEVER = 1_000_000


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


class Steps:
    """Counts what is done, and ends the process before and after the step that is named."""

    def __init__(self, die_at: int) -> None:
        self.left = die_at or _NEVER

    def __call__(self) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, target: Any, *names: str) -> Any:
        for name in names:
            setattr(target, name, self._counted(getattr(target, name)))
        return target

    def _counted(self, method: Any) -> Any:
        async def call(*arguments: Any, **options: Any) -> Any:
            self()
            result = await method(*arguments, **options)
            self()
            return result

        return call


async def send(verb: str, state: Path, url: str, die_at: int) -> None:
    steps = Steps(die_at)
    source = HttpTickets(profile("servicenow"), url, BearerFromEnvironment("T", {"T": "invented"}))
    steps.around(source._desk, "call")
    writes.SETTLE = timedelta(0)
    async with await open_outbox(state) as outbox:
        if verb == "hold":
            say(f"kept {await outbox.may_send()}")
            await asyncio.sleep(60)
        steps.around(outbox, "keep", "rebase")

        async def ignore(name: str, ticket: Ticket) -> None:
            steps()

        service = WriteService({source.name: source}, outbox, SystemClock(), ignore)
        await service.load()
        if verb == "begin":
            await submit(service)
        deadline = asyncio.get_running_loop().time() + 10
        while any(each.state in OPEN for each in service.all_pending()):
            assert asyncio.get_running_loop().time() < deadline, service.all_pending()
            await service.drain()
            await asyncio.sleep(0.01)
        await source.close()


async def submit(service: WriteService) -> None:
    opened = datetime(2026, 4, 15, 7, 0, tzinfo=UTC)
    ticket = Ticket(KEY, "INC1", "t", "", "", "", IncidentState.NEW, 3, "", False, opened, opened)
    incident = incident_of("servicenow", ticket)
    for kind, value in (
        (WriteKind.CLAIM, ME),
        (WriteKind.NOTE, NOTE),
        (WriteKind.STATE, IncidentState.WAITING.value),
    ):
        write = await service.submit(incident, kind, value, ME)
        say(f"kept {write.kind} {write.marker}")


def main() -> None:
    for line in sys.stdin:
        verb, state, url, die_at = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(send(verb, Path(state), url, int(die_at)))
            os._exit(0)
        if verb == "hold":
            say(f"pid {child}")
        _, status = os.waitpid(child, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
