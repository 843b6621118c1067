"""Starts the demo tenant as a process of its own and stops it surely."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tui.errors import Problem, ProblemKind

START_SECONDS = 60.0
_STOP_SECONDS = 3.0
_LINE_LIMIT = 1 << 20


class Announcement(msgspec.Struct):
    """The first line of the tenant's standard output: where everything is."""

    config: str
    graph: str
    tickets: str
    control: str
    tokens: dict[str, str]


@dataclass(frozen=True, slots=True)
class DemoHandle:
    """A running demo tenant: its config file, the servers' URLs, the control token and a token for each persona."""

    config: Path
    graph: str
    tickets: str
    control: str
    tokens: dict[str, str]
    process: asyncio.subprocess.Process


@asynccontextmanager
async def running_demo(
    *,
    seed: int = 7,
    size: int = 60,
    speed: float = 1.0,
    directory: Path | None = None,
    replay: Path | None = None,
    more_config: str = "",
) -> AsyncIterator[DemoHandle]:
    """Run the tenant while the block runs; its files go to `directory`, or to one that goes away with it.

    `replay` is a rehearsal to play instead of the seed's own morning, `more_config` TOML for the end of the config.

    Start it from a thread that lives as long as the demo is needed: on Linux the tenant dies with that thread.
    """
    own = Path(tempfile.mkdtemp(prefix="reseal-demo-")) if directory is None else None
    arguments = ["--seed", str(seed), "--size", str(size), "--speed", str(speed), "--follow-parent"]
    arguments += ["--dir", str(own or directory), "--more-config", more_config]
    arguments += ["--replay", str(replay)] if replay is not None else []
    if own is not None:
        # The tenant forgets it too, in case this process is killed.
        arguments.append("--forget-dir")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # Without -P a folder named `tui` in the working directory would be run instead.
        "-P",
        "-m",
        "tui.demo.serve",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
        start_new_session=True,
    )
    errors = asyncio.create_task(_read_all(process.stderr))
    try:
        told = await _first_line(process, errors)
        yield DemoHandle(Path(told.config), told.graph, told.tickets, told.control, told.tokens, process)
    finally:
        await asyncio.shield(_stop(process))
        await errors
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)


async def _first_line(process: asyncio.subprocess.Process, errors: "asyncio.Task[bytes]") -> Announcement:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    except TimeoutError:
        line = b""
    try:
        return msgspec.json.decode(line, type=Announcement)
    except msgspec.DecodeError:
        why = "It said nothing in time."
        if process.stdout.at_eof():
            why = (await errors).decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise Problem(
            ProblemKind.LOCAL, "The demo tenant did not start", why, "Run `reseal demo --serve` to see more"
        ) from None


async def _read_all(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
