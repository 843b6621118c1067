"""How a headless verb runs: for which tenant, on which console, and where messages go."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click

TENANT = "reseal.tenant"
"""Where click's context holds the tenant that was named."""


def chosen_tenant() -> str:
    """What `--tenant` said, before the verb or after it; empty when it said nothing."""
    return str(click.get_current_context().meta.get(TENANT, ""))


def _choose_tenant(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        context.meta[TENANT] = value


def tenant_option() -> click.Option:
    """`--tenant` of one verb; click's context keeps what it says."""
    return click.Option(
        ["--tenant"],
        expose_value=False,
        callback=_choose_tenant,
        help="A tenant of the configuration, by name or ID; needed where there are several.",
    )


def say(text: str) -> None:
    """A message for people, on stderr."""
    click.echo(f"reseal: {text}", err=True)


def run_headless(config_path: Path | None, verb: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    """Run a verb on the console of the chosen tenant; raises `Problem`."""
    return asyncio.run(_with_console(config_path, verb))


async def _with_console(config_path: Path | None, verb: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    from tui.config import load
    from tui.paths import config_file, state_directory
    from tui.ports import SignInPrompt
    from tui.wiring import open_console

    async def show(prompt: SignInPrompt) -> None:
        say(prompt.line)

    config = load(config_file(config_path), chosen_tenant())
    async with open_console(config, state_directory(), on_prompt=show, mode="headless") as console:
        return await verb(console)
