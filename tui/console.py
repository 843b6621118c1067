"""The console's own start: no parser of verbs and no library of the network stands before its first frame."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import Problem, ProblemKind
from tui.paths import config_file, guard_directory, state_directory, tenant_directory

if TYPE_CHECKING:
    from tui.tenants import OnPrompt, Tenants

SMALLEST = (60, 20)
"""Columns and rows below which the console does not start."""

TURN_SECONDS = 0.0005
"""How long a thread that imports or decodes may hold up a key; Python's own is ten times that."""

FIRST_ROWS = 100
"""Incidents that the first frame has at hand."""

_TEXTUAL_DOORS = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_SHOW_RETURN")


def open_console(config_path: Path | None, tenant: str = "") -> int:
    """Run the console until the engineer leaves; answers the exit code. Raises `Problem` when it cannot be opened.

    `tenant` is the one that is shown first, by name or ID; without it the config's first one is.
    """
    require_terminal()
    return asyncio.run(run_console(config_file(config_path), state_directory(), tenant))


async def run_console(config_path: Path, state: Path, tenant: str = "") -> int:
    """Run the console on an event loop; answers the exit code."""
    from tui.config import choose, load_tenants

    configs = load_tenants(config_path)
    first = (choose(configs, tenant, config_path) if tenant else configs[0]).tenant
    guard_directory(state)
    _shut_textual_doors()
    sys.setswitchinterval(TURN_SECONDS)
    from tui.app import ResealApp
    from tui.store.first_rows import first_incidents

    async with AsyncExitStack() as stack:

        async def opened(show: "OnPrompt") -> "Tenants":
            module = await asyncio.to_thread(import_module, "tui.tenants")
            opening = module.open_tenants(configs, state, on_prompt=show, apart=True)
            tenants: Tenants = await stack.enter_async_context(opening)
            return tenants

        rows = first_incidents(tenant_directory(state, first.tenant_id), FIRST_ROWS)
        app = ResealApp(first.name, rows, opened)
        code = await app.run_async()
        if app.failure is not None:
            raise app.failure
    return code if code is not None else 1


def _shut_textual_doors() -> None:
    """Drop what would log key presses, take pictures or load a foreign driver; and let frames follow keys at once."""
    for name in list(os.environ):
        if name in _TEXTUAL_DOORS or name.startswith(("TEXTUAL_SCREENSHOT", "TEXTUAL_DEVTOOLS")):
            del os.environ[name]
    os.environ.setdefault("TEXTUAL_FPS", "1000")


def require_terminal() -> None:
    """Raise `Problem(CONFIG)` when there is no terminal, or one too small."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Problem(
            ProblemKind.CONFIG,
            "The console needs a terminal",
            "Input or output is not one",
            "Start it from a shell, over SSH with -t; or use a verb such as `reseal queue --json`",
        )
    size = os.get_terminal_size(sys.stdout.fileno())
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        raise Problem(
            ProblemKind.CONFIG,
            f"The terminal is too small: {size.columns} x {size.lines}",
            f"The console needs {SMALLEST[0]} x {SMALLEST[1]}; it is made for 80 x 24 and more",
            "Make the window larger",
        )
