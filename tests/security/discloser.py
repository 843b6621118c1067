"""A console without a screen, run as a program: real audit, services and vault disclose one key after the other.

`loop STATE ENDPOINT TTY`: for each line on stdin, fork a child that discloses until it is killed.
`count STATE ENDPOINT TTY LOG N`: disclose N keys while everything logs at DEBUG, each until a line comes on stdin.
What happened is said on stdout: `vault PID`, `row SEQ MAC` once it is durable, `drawn PID`.
"""

import asyncio
import contextlib
import logging
import os
import sys
import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.vault.conftest import StillToken, region
from tui.clock import SystemClock
from tui.errors import Problem
from tui.model.audit import AuditEntry, AuditEvent, AuditRow, DeviceRef, Operator, Proof
from tui.model.ids import parse_key_term
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.reveal import Intake, RevealPolicy, RevealService
from tui.sources.graph.escrow import EntraEscrow
from tui.sources.graph.transport import connect
from tui.store.audit import AuditStore, open_audit
from tui.vault.warden import Warden

ME = Operator("engineer@demo.example", "oid")


def say(text: str) -> None:
    """One line, in one write."""
    os.write(1, f"{text}\n".encode())


class Telling:
    """An audit that says what it has acknowledged."""

    def __init__(self, audit: AuditStore) -> None:
        self._audit = audit

    async def append(self, entry: AuditEntry) -> AuditRow:
        row = await self._audit.append(entry)
        say(f"row {row.seq} {row.mac}")
        return row

    async def rows(self, *, limit: int = 500, before: int | None = None) -> Sequence[AuditRow]:
        return await self._audit.rows(limit=limit, before=before)

    async def rows_of(self, events: Collection[AuditEvent], since: datetime | None = None) -> Sequence[AuditRow]:
        return await self._audit.rows_of(events, since)


def intake(number: int) -> Intake:
    """An order for a key that nobody has asked for yet."""
    key_id = str(uuid.uuid4())
    term = parse_key_term(key_id)
    assert term is not None
    key = RecoveryKey(key_id, f"device-{number}", datetime(2026, 4, 1, tzinfo=UTC), Volume.OPERATING_SYSTEM)
    return Intake(term, key, DeviceRef(key.device_id), f"INC{number}", "ada", "locked out", Proof("call-back"))


async def disclose(audit: AuditStore, warden: Warden, count: int, *, looked_at: bool = False) -> None:
    """So many disclosures, one after the other; `looked_at` waits for stdin while the digits stand."""
    policy = RevealPolicy(60, 10**9, True)
    service = RevealService(Telling(audit), warden, SystemClock(), policy, lambda: ME, recorder=lambda: "no")
    for number in range(count):
        vault = await warden.open()
        say(f"vault {vault.pid}")
        disclosure = await service.begin(intake(number), vault)
        await disclosure.draw(region())
        if looked_at:
            say(f"drawn {vault.pid}")
            await asyncio.to_thread(sys.stdin.readline)
        await disclosure.end("cleared")


async def disclose_for_ever(state: Path, endpoint: str, tty: str) -> None:
    """Until somebody kills this process."""
    async with await open_audit(state) as audit:
        await disclose(audit, Warden(endpoint, StillToken(), tty=tty), 10**9)


def loop(state: Path, endpoint: str, tty: str) -> None:
    """One child a line; all of them share what this process has imported."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(disclose_for_ever(state, endpoint, tty))
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("ended")


async def count(state: Path, endpoint: str, tty: str, log: str, wanted: int) -> None:
    """Disclose while everything logs, and ask Graph for something with the token."""
    logging.basicConfig(filename=log, level=logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    token = StillToken()
    async with await open_audit(state) as audit:
        transport = await connect(endpoint, token.token)
        with contextlib.suppress(Problem):
            await EntraEscrow(transport).keys_of_device(str(uuid.uuid4()))
        await transport.close()
        await disclose(audit, Warden(endpoint, token, tty=tty), wanted, looked_at=True)
    say("done 0")
    sys.stdin.readline()


if __name__ == "__main__":
    verb, state, endpoint, tty, *rest = sys.argv[1:]
    if verb == "loop":
        loop(Path(state), endpoint, tty)
    else:
        asyncio.run(count(Path(state), endpoint, tty, rest[0], int(rest[1])))
