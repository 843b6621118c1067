"""A console that rotates the whole queue as one group: `python -m tests.services.rotate_group CONFIG STATE`.

It goes on with what an earlier run left, and prints a line after each device, so that a test can kill it in between.
"""

import asyncio
import sys
from pathlib import Path

from tui.config import load
from tui.model.audit import AuditEvent
from tui.model.cause import CauseCode
from tui.model.group import GroupKey
from tui.services.group_plans import GroupAction, Progress, plan_for, unfinished
from tui.wiring import open_console


async def main(config: Path, state: Path) -> None:
    """Rotate, or go on rotating."""
    async with open_console(load(config), state, on_prompt=_nobody) as console:
        desk = console.desk
        await console.sign_in()
        left = unfinished(await desk.audit.rows_of({AuditEvent.REVIEW}))
        run = desk.group_run()
        if left:
            progress = left[-1]
        else:
            for name in desk.queue.source_names:
                await desk.queue.sync(name)
            debts = await desk.rotation.debts()
            incidents = list(desk.queue.book.all())
            assert incidents, desk.queue.health
            plan = plan_for(GroupAction.ROTATE, GroupKey(CauseCode.SECUREBOOT_CHANGED), incidents, debts=debts)
            progress = await run.begin(plan)
        ended = await run.run(progress, _say)
        print("ended", ended.ended, ended.count("done"), ended.count("failed"), flush=True)


def _say(progress: Progress) -> None:
    print("done", progress.count("done"), flush=True)


async def _nobody(_: object) -> None:
    raise AssertionError("nobody is here to sign in")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
