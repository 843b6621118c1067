"""Child processes that append to an audit and say on stdout what was acknowledged.

`loop STATE`: for each line on stdin, fork a child that appends reveals until it is killed.
`count STATE N`: append N rows.
`forget STATE`: append a row, and end without closing.
`limit STATE BYTES`: append until the file may grow no more, and say how that ended.
`readonly STATE`: append as a user who may not write the file, and say how that ended.
`intent STATE`: append an INTENT and wait for the end of stdin.
"""

import asyncio
import itertools
import os
import resource
import sys
from pathlib import Path

from tests.store.samples import entry
from tui.errors import Problem
from tui.model.audit import AuditEvent
from tui.store.audit import AuditStore, open_audit
from tui.store.cache import open_cache

kept: list[object] = []


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def append_for_ever(state: Path) -> None:
    audit = await open_audit(state)
    for number in itertools.count():
        for event in (AuditEvent.INTENT, AuditEvent.DRAW, AuditEvent.OUTCOME):
            row = await audit.append(entry(event, f"{os.getpid()}-{number}"))
            say(f"row {row.seq} {row.mac}")


def loop(state: Path) -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(append_for_ever(state))
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("ended")


async def count(state: Path, rows: int) -> None:
    async with await open_audit(state) as audit:
        for _ in range(rows):
            await audit.append(entry(AuditEvent.VIEW))


async def forget(state: Path) -> None:
    audit, cache = await open_audit(state), await open_cache(state)
    kept.extend((audit, cache))
    await audit.append(entry(AuditEvent.VIEW))
    await cache.remember("view", "queue")


async def until_refused(audit: AuditStore) -> None:
    try:
        while True:
            say(f"row {(await audit.append(entry(AuditEvent.INTENT))).seq}")
    except Problem as problem:
        say(f"{problem.kind}: {problem}")


async def limit(state: Path, size: int) -> None:
    async with await open_audit(state) as audit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        await until_refused(audit)


async def readonly(state: Path) -> None:
    async with await open_audit(state) as audit:
        await audit.append(entry(AuditEvent.VIEW))
    (state / "audit.db").chmod(0o400)
    try:
        async with await open_audit(state) as audit:
            await until_refused(audit)
    except Problem as problem:
        say(f"{problem.kind}: {problem}")


async def intent(state: Path) -> None:
    async with await open_audit(state) as audit:
        row = await audit.append(entry(AuditEvent.INTENT, f"of-{os.getpid()}"))
        say(f"row {row.seq}")
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    verb, name, *rest = sys.argv[1:]
    state = Path(name)
    match verb:
        case "loop":
            loop(state)
        case "count":
            asyncio.run(count(state, int(rest[0])))
        case "forget":
            asyncio.run(forget(state))
        case "limit":
            asyncio.run(limit(state, int(rest[0])))
        case "intent":
            asyncio.run(intent(state))
        case "readonly":
            if os.geteuid() == 0:
                # Whatever Python loads late may not be readable for the other user.
                asyncio.run(count(Path(f"{state}-warm"), 1))
                os.setgid(65534)
                os.setuid(65534)
            asyncio.run(readonly(state))


if __name__ == "__main__":
    main()
