"""The verbs. Data goes to stdout, messages to stderr; headless verbs never import textual."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import click

import tui
from tui.errors import Problem, ProblemKind, place_of
from tui.verbs import TENANT, VERBS, say

SMALLEST = (60, 20)
"""Columns and rows below which the console does not start."""

SHOW_TRACEBACK = "RESEAL_TRACEBACK"
"""Environment variable for whoever works on Reseal itself."""

_TEXTUAL_DOORS = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_SHOW_RETURN")


def main() -> NoReturn:
    """Run a verb; a problem becomes one line on stderr and the exit code of the outside contract."""
    try:
        code = cli.main(standalone_mode=False)
    except Problem as problem:
        say(str(problem))
        sys.exit(problem.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show(sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read us went away; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        say(f"stopped on {type(error).__name__}{place_of(error)}. With {SHOW_TRACEBACK}=1 it shows more.")
        sys.exit(3)
    sys.exit(code if isinstance(code, int) else 0)


@click.group(invoke_without_command=True)
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--tenant", default="", envvar="RESEAL_TENANT", help="A tenant of the configuration, by name or ID.")
@click.version_option(tui.__version__, prog_name="reseal")
@click.pass_context
def cli(context: click.Context, config_path: Path | None, tenant: str) -> int:
    """The on-call engineer's console for BitLocker recovery. Without a verb it opens the console."""
    context.obj = config_path
    context.meta[TENANT] = tenant
    if context.invoked_subcommand is None:
        return _console(config_path, tenant)
    return 0


@cli.command()
@click.option("--speed", type=click.FloatRange(min=0.01), default=1.0, show_default=True, help="How fast tickets come.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed plays the same morning.")
@click.option("--size", type=click.IntRange(1, 100_000), default=60, show_default=True, help="Tickets in all.")
@click.option(
    "--replay", type=click.Path(path_type=Path), help="Play a recorded shift instead; see audit export --replay."
)
@click.option("--serve", is_flag=True, help="Only the servers; the first line of stdout says where they are.")
def demo(speed: float, seed: int, size: int, replay: Path | None, serve: bool) -> int:
    """A Patch Tuesday on a demo tenant, on this machine alone."""
    if serve:
        from tui.approving import enrol_for_demo
        from tui.demo.serve import serve as play

        with tempfile.TemporaryDirectory(prefix="reseal-demo-") as name:
            more = enrol_for_demo(Path(name))
            asyncio.run(play(seed, size, speed, Path(name), replay=replay, more_config=more))
        return 0
    _require_terminal()
    return asyncio.run(_demo(seed, size, speed, replay))


async def _demo(seed: int, size: int, speed: float, replay: Path | None) -> int:
    from tui.approving import enrol_for_demo
    from tui.demo.launch import running_demo

    with tempfile.TemporaryDirectory(prefix="reseal-demo-") as name:
        more = enrol_for_demo(Path(name))
        async with running_demo(seed=seed, size=size, speed=speed, replay=replay, more_config=more) as tenant:
            return await _run_console(tenant.config, Path(name) / "state")


@cli.command()
@click.pass_obj
def init(config_path: Path | None) -> int:
    """Write a commented configuration file; never overwrites one."""
    from tui.config import write_template
    from tui.paths import config_file

    path = config_file(config_path)
    write_template(path)
    say(f"Wrote {path}. Fill in tenant_id, client_id and a ticket source, then run `reseal doctor`.")
    return 0


@cli.command()
def keys() -> int:
    """Show what each key press arrives as in this terminal; q twice leaves."""
    _require_terminal()
    from tui.key_probe import KeyProbe

    KeyProbe().run()
    return 0


def _console(config_path: Path | None, tenant: str) -> int:
    _require_terminal()
    from tui.paths import config_file, state_directory

    return asyncio.run(_run_console(config_file(config_path), state_directory(), tenant))


async def _run_console(config_path: Path, state: Path, tenant: str = "") -> int:
    from tui.config import choose, load_tenants
    from tui.ports import SignInPrompt
    from tui.tenants import open_tenants

    configs = load_tenants(config_path)
    first = choose(configs, tenant, config_path) if tenant else configs[0]
    _shut_textual_doors()
    holder: list[Any] = []

    async def show(tenant: str, prompt: SignInPrompt) -> None:
        await holder[0].show_prompt(tenant, prompt)

    async with open_tenants(configs, state, on_prompt=show) as tenants:
        console = await tenants.open(first.tenant.name)
        from tui.app import ResealApp

        app = ResealApp(tenants, console)
        holder.append(app)
        code = await app.run_async()
    return code if code is not None else 1


def _shut_textual_doors() -> None:
    """Drop what would log key presses, take pictures or load a foreign driver; and let frames follow keys at once."""
    for name in list(os.environ):
        if name in _TEXTUAL_DOORS or name.startswith(("TEXTUAL_SCREENSHOT", "TEXTUAL_DEVTOOLS")):
            del os.environ[name]
    os.environ.setdefault("TEXTUAL_FPS", "240")


def _require_terminal() -> None:
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


for verb in VERBS:
    cli.add_command(verb)
